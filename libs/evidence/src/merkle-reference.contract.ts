// The slow definition of RFC 6962, section 2.1, word for word: what the fast code is compared with.
import { sha256 } from '@app/kernel';
import { joinedBytes } from './byte-text.js';
import { treeHasher } from './tree-hasher.js';

export const hasher = treeHasher(sha256);

const split = (count: number): number => {
  let left = 1;
  while (left * 2 < count) left *= 2;
  return left;
};

/** MTH, over leaf hashes. */
export function referenceRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return sha256(new Uint8Array(0));
  if (leaves.length === 1) return leaves[0]!;
  const left = split(leaves.length);
  return sha256(
    joinedBytes([Uint8Array.of(1), referenceRoot(leaves.slice(0, left)), referenceRoot(leaves.slice(left))]),
  );
}

/** PATH(m, D[n]). */
export function referenceInclusion(index: number, leaves: readonly Uint8Array[]): Uint8Array[] {
  if (leaves.length <= 1) return [];
  const left = split(leaves.length);
  return index < left
    ? [...referenceInclusion(index, leaves.slice(0, left)), referenceRoot(leaves.slice(left))]
    : [...referenceInclusion(index - left, leaves.slice(left)), referenceRoot(leaves.slice(0, left))];
}

/** PROOF(m, D[n]), 0 < m <= n. */
export function referenceConsistency(size1: number, leaves: readonly Uint8Array[], isWhole = true): Uint8Array[] {
  if (size1 === leaves.length) return isWhole ? [] : [referenceRoot(leaves)];
  const left = split(leaves.length);
  return size1 <= left
    ? [...referenceConsistency(size1, leaves.slice(0, left), isWhole), referenceRoot(leaves.slice(left))]
    : [...referenceConsistency(size1 - left, leaves.slice(left), false), referenceRoot(leaves.slice(0, left))];
}

/** Leaf hashes of as many different entries. */
export function sampleLeaves(count: number, kind = 'leaf'): Uint8Array[] {
  return Array.from({ length: count }, (_, index) => hasher.leaf(new TextEncoder().encode(`${kind} ${index}`)));
}
