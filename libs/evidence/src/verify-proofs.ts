// Whether the leaves of a bundle are the signed tree, or a part of it.
import { RANGE_PROOF_PATH } from './bundle-layout.js';
import type { BundleManifest } from './bundle-manifest.js';
import { base64Of, sameBytes } from './byte-text.js';
import { EvidenceError } from './evidence-error.js';
import { isConsistent, isIncluded } from './proof-check.js';
import type { TreeHasher } from './tree-hasher.js';
import type { DefectLog } from './verify-report.js';
import type { BundledCheckpoint, SmallFiles } from './verify-small-files.js';
import { isAbout } from './verify-small-files.js';
import type { TreeOfBundle } from './verify-tree.js';

/** The last leaf of each stream, for bundles that hold whole streams and not whole stretches of the log. */
export type LastLeaves = ReadonlyMap<string, { readonly index: number; readonly leafHash: Uint8Array }>;

export interface ProofParts {
  readonly hasher: TreeHasher;
  readonly defects: DefectLog;
  readonly small: SmallFiles;
  readonly manifest: BundleManifest;
  readonly top: BundledCheckpoint;
  readonly tree: TreeOfBundle;
  readonly lastLeaves: LastLeaves;
}

/** Whether the leaves were shown to be what the root in the signed text stands for. */
export function checkRoot(parts: ProofParts): boolean {
  switch (parts.manifest.kind) {
    case 'log':
      return checkWhole(parts);
    case 'range':
      return checkRange(parts);
    case 'streams':
      return checkStreams(parts);
  }
}

function checkWhole({ defects, top, tree }: ProofParts): boolean {
  const { size, root } = top.checkpoint;
  const found = tree.rootAt(size, []);
  if (!found) return false;
  if (sameBytes(found, root)) return true;
  const told = `the leaves have the root ${base64Of(found)}; the checkpoint of size ${size} says ${base64Of(root)}`;
  defects.tampered('root_mismatch', told, { file: top.file });
  return false;
}

function checkRange({ hasher, defects, small, manifest, top, tree }: ProofParts): boolean {
  const file = RANGE_PROOF_PATH;
  const { range } = small;
  if (!range) {
    defects.incomplete('proof_missing', 'nothing shows that the leaves are a part of the signed tree', { file });
    return false;
  }
  const size1 = Number(manifest.to);
  if (range.begin !== Number(manifest.from) || range.end !== size1 || !isAbout(top, range.checkpoint)) {
    defects.tampered('proof_of_something_else', 'the proof is about other leaves or another checkpoint', { file });
    return false;
  }
  const root1 = rootWith(tree, size1, range.left, defects, file);
  if (!root1) return false;
  const { size: size2, root: root2 } = top.checkpoint;
  if (isConsistent(hasher, { size1, root1, size2, root2, proof: range.proof })) return true;
  const told = `the leaves ${manifest.from} to ${size1 - 1} are not those of the signed tree of size ${size2}`;
  defects.tampered('root_mismatch', told, { file });
  return false;
}

/** Root of the bundle's own leaves, with the hashes that came along for those before them. */
export function rootWith(
  tree: TreeOfBundle,
  size: number,
  left: readonly Uint8Array[],
  defects: DefectLog,
  file: string,
): Uint8Array | undefined {
  try {
    return tree.rootAt(size, left);
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    defects.tampered('malformed_proof', error.message, { file });
    return undefined;
  }
}

/** The last leaf of a stream stands for all of it: each leaf names the one before it. */
function checkStreams({ hasher, defects, small, top, lastLeaves }: ProofParts): boolean {
  const { size, root } = top.checkpoint;
  const unused = new Set(small.inclusions.keys());
  let isShown = true;
  for (const [stream, { index, leafHash }] of lastLeaves) {
    const proof = small.inclusions.get(index);
    unused.delete(index);
    if (!proof) {
      const told = `nothing shows that leaf ${index}, the last of ${stream}, is part of the signed tree`;
      defects.incomplete('proof_missing', told, { index, stream });
      isShown = false;
    } else if (!isAbout(top, proof.checkpoint)) {
      defects.tampered('proof_of_something_else', `the proof of leaf ${index} is about another checkpoint`, { index });
      isShown = false;
    } else if (!isIncluded(hasher, { index, size, leafHash, root, proof: proof.proof })) {
      const told = `leaf ${index}, the last of ${stream}, is not part of the signed tree of size ${size}`;
      defects.tampered('root_mismatch', told, { index, stream });
      isShown = false;
    }
  }
  for (const index of unused) {
    defects.tampered('proof_of_something_else', `there is a proof of leaf ${index}, which ends no stream here`, {
      index,
    });
  }
  return isShown;
}
