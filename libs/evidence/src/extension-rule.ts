// The one rule of whoever signs trees, a log or a witness: only ever sign what continues all that was signed before.
import { sameBytes } from './byte-text.js';
import type { TreeHead } from './checkpoint.js';
import { isConsistent } from './proof-check.js';
import type { TreeHasher } from './tree-hasher.js';

export type ExtensionRefusal = 'other_log' | 'smaller' | 'forked' | 'unproven' | 'not_empty';

/**
 * Undefined when `next` may be signed after `last`, the last tree that this signer ever signed (undefined: none yet).
 * @param proof of consistency from `last` to `next`; without elements when there is nothing to prove.
 *
 * `other_log`: another origin. `smaller`: fewer leaves than were signed already. `forked`: as many leaves, another root.
 * `unproven`: the proof does not show that `next` continues `last`. `not_empty`: no leaves, but not the empty tree's root.
 */
export function mayExtend(
  hasher: TreeHasher,
  last: TreeHead | undefined,
  next: TreeHead,
  proof: readonly Uint8Array[],
): ExtensionRefusal | undefined {
  if (last && last.origin !== next.origin) return 'other_log';
  if (last && next.size < last.size) return 'smaller';
  if (next.size === 0 && !sameBytes(next.root, hasher.emptyRoot)) return 'not_empty';
  if (last && next.size === last.size) return sameBytes(last.root, next.root) ? emptyProof(proof) : 'forked';
  if (!last || last.size === 0) return emptyProof(proof);
  const claim = { size1: last.size, root1: last.root, size2: next.size, root2: next.root, proof };
  return isConsistent(hasher, claim) ? undefined : 'unproven';
}

/** A proof where nothing is to be proved shows that whoever made it meant other trees. */
function emptyProof(proof: readonly Uint8Array[]): ExtensionRefusal | undefined {
  return proof.length === 0 ? undefined : 'unproven';
}
