// Whether inclusion and consistency proofs hold: RFC 9162, sections 2.1.3.2 and 2.1.4.2, to the letter.
import { sameBytes } from './byte-text.js';
import type { TreeHasher } from './tree-hasher.js';
import { HASH_BYTES } from './tree-hasher.js';

export interface InclusionClaim {
  readonly index: number;
  readonly size: number;
  readonly leafHash: Uint8Array;
  /** Of the tree of `size` leaves. */
  readonly root: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

export interface ConsistencyClaim {
  readonly size1: number;
  readonly root1: Uint8Array;
  readonly size2: number;
  readonly root2: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/** Whether the proof shows that the leaf stands at `index` of the tree; false for any claim that makes no sense. */
export function isIncluded(hasher: TreeHasher, claim: InclusionClaim): boolean {
  const { index, size, leafHash, root, proof } = claim;
  if (!isSize(index) || !isSize(size) || index >= size) return false;
  if (![leafHash, root, ...proof].every(isHash)) return false;
  let [at, last, hash] = [index, size - 1, leafHash];
  for (const sibling of proof) {
    if (last === 0) return false;
    if (isOdd(at) || at === last) {
      hash = hasher.node(sibling, hash);
      while (!isOdd(at) && at !== 0) [at, last] = [half(at), half(last)];
    } else {
      hash = hasher.node(hash, sibling);
    }
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && sameBytes(hash, root);
}

/**
 * Whether the proof shows that the second tree continues the first; false for any claim that makes no sense, and for
 * `size1` 0: every tree continues the empty one, so that to ask for a proof of it is a mistake.
 */
export function isConsistent(hasher: TreeHasher, claim: ConsistencyClaim): boolean {
  const { size1, root1, size2, root2, proof } = claim;
  if (!isSize(size1) || !isSize(size2) || size1 === 0 || size1 > size2) return false;
  if (size1 === size2) return proof.length === 0 && sameBytes(root1, root2);
  if (proof.length === 0 || ![root1, root2, ...proof].every(isHash)) return false;
  const ends = endsOf(hasher, size1, size2, isPowerOfTwo(size1) ? [root1, ...proof] : proof);
  return ends !== undefined && sameBytes(ends.hash1, root1) && sameBytes(ends.hash2, root2);
}

/**
 * The root of the first `size1` leaves of the second tree, which a sound proof holds whatever the first tree is said to be:
 * another `root1` is then another tree, and not a fault of the proof. Undefined when the proof does not lead to `root2`, and
 * for powers of two, whose proofs leave that root out.
 */
export function beginningShownBy(hasher: TreeHasher, claim: Omit<ConsistencyClaim, 'root1'>): Uint8Array | undefined {
  const { size1, size2, root2, proof } = claim;
  if (!isSize(size1) || !isSize(size2) || size1 === 0 || size1 >= size2 || isPowerOfTwo(size1)) return undefined;
  if (proof.length === 0 || ![root2, ...proof].every(isHash)) return undefined;
  const ends = endsOf(hasher, size1, size2, proof);
  return ends && sameBytes(ends.hash2, root2) ? ends.hash1 : undefined;
}

/** The roots to which the path leads; undefined when it is too long or too short. */
function endsOf(
  hasher: TreeHasher,
  size1: number,
  size2: number,
  path: readonly Uint8Array[],
): { readonly hash1: Uint8Array; readonly hash2: Uint8Array } | undefined {
  let [at, last] = [size1 - 1, size2 - 1];
  while (isOdd(at)) [at, last] = [half(at), half(last)];
  let [hash1, hash2] = [path[0] as Uint8Array, path[0] as Uint8Array];
  for (const sibling of path.slice(1)) {
    if (last === 0) return undefined;
    if (isOdd(at) || at === last) {
      hash1 = hasher.node(sibling, hash1);
      hash2 = hasher.node(sibling, hash2);
      while (!isOdd(at) && at !== 0) [at, last] = [half(at), half(last)];
    } else {
      hash2 = hasher.node(hash2, sibling);
    }
    [at, last] = [half(at), half(last)];
  }
  return last === 0 ? { hash1, hash2 } : undefined;
}

const isSize = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
const isHash = (bytes: Uint8Array): boolean => bytes.length === HASH_BYTES;
// Not bitwise: sizes may exceed 32 bits.
const isOdd = (value: number): boolean => value % 2 === 1;
const half = (value: number): number => Math.floor(value / 2);

function isPowerOfTwo(value: number): boolean {
  let power = 1;
  while (power < value) power *= 2;
  return power === value;
}
