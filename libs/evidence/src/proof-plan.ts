// How inclusion and consistency proofs are made: which nodes they need, and how these become the proof (RFC 9162, 2.1.3 and 2.1.4).
import type { NodePlace } from './compact-range.js';
import { foldedRight, rangeNodes } from './compact-range.js';
import { EvidenceError } from './evidence-error.js';
import type { TreeHasher } from './tree-hasher.js';

export interface ProofPlan {
  /** The hashes to fetch, in the order in which `proofOf` wants them. All are nodes of perfect subtrees. */
  readonly nodes: readonly NodePlace[];
  /** How many of them, one after the other, make up each element of the proof. */
  readonly counts: readonly number[];
}

/** That the leaf `index` is in the tree of `size` leaves. Throws out_of_range unless 0 <= index < size. */
export function inclusionPlan(index: number, size: number): ProofPlan {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) {
    throw new EvidenceError('out_of_range', `there is no leaf ${index} in a tree of ${size}`);
  }
  const siblings: Span[] = [];
  let [begin, end] = [0, size];
  while (end - begin > 1) {
    const middle = begin + leftLeaves(end - begin);
    if (index < middle) {
      siblings.push([middle, end]);
      end = middle;
    } else {
      siblings.push([begin, middle]);
      begin = middle;
    }
  }
  return planOf(siblings.reverse());
}

/**
 * That the first `size1` leaves of the tree of `size2` are the tree of `size1`; without elements when the sizes are equal
 * or `size1` is 0. Throws out_of_range unless 0 <= size1 <= size2.
 */
export function consistencyPlan(size1: number, size2: number): ProofPlan {
  if (!Number.isSafeInteger(size1) || !Number.isSafeInteger(size2) || size1 < 0 || size1 > size2) {
    throw new EvidenceError('out_of_range', `a tree of ${size1} cannot have grown to one of ${size2}`);
  }
  const parts: Span[] = [];
  if (size1 === 0) return planOf(parts);
  let [begin, end] = [0, size2];
  while (size1 < end) {
    const middle = begin + leftLeaves(end - begin);
    if (size1 <= middle) {
      parts.push([middle, end]);
      end = middle;
    } else {
      parts.push([begin, middle]);
      begin = middle;
    }
  }
  // Only the whole older tree is known to whoever asks; any other subtree that ends where it ends is named.
  if (begin !== 0) parts.push([begin, end]);
  return planOf(parts.reverse());
}

/** @param hashes of `plan.nodes`, in their order. */
export function proofOf(hasher: TreeHasher, plan: ProofPlan, hashes: readonly Uint8Array[]): Uint8Array[] {
  if (hashes.length !== plan.nodes.length) {
    throw new EvidenceError('out_of_range', `the proof needs ${plan.nodes.length} hashes, not ${hashes.length}`);
  }
  let at = 0;
  return plan.counts.map((count) => {
    at += count;
    return foldedRight(hasher, hashes.slice(at - count, at)) as Uint8Array;
  });
}

type Span = readonly [begin: number, end: number];

function planOf(spans: readonly Span[]): ProofPlan {
  const parts = spans.map(([begin, end]) => rangeNodes(begin, end));
  return { nodes: parts.flat(), counts: parts.map((part) => part.length) };
}

/** The largest power of two below `leaves` (>= 2): how a tree divides. */
function leftLeaves(leaves: number): number {
  let left = 1;
  while (2 * left < leaves) left *= 2;
  return left;
}
