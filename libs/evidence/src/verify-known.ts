// Whether the trees that others hold, or that the bundle shows besides, are the beginning of the one that was measured.
import { consistencyPath, RANGE_PROOF_PATH } from './bundle-layout.js';
import { sameBytes } from './byte-text.js';
import { beginningShownBy, isConsistent } from './proof-check.js';
import type { ConsistencyText } from './proof-text.js';
import type { ProofParts } from './verify-proofs.js';
import { rootWith } from './verify-proofs.js';
import type { KnownCheckpoint } from './verify-signatures.js';
import { isAbout } from './verify-small-files.js';

/**
 * `inconsistent`: it is another tree, as the leaves or a sound proof show. `proof_fails`: the proof that came along does not
 * hold and nothing else decides, so that it may be the proof's fault or the tree's.
 */
export type Comparison = 'consistent' | 'inconsistent' | 'proof_fails' | 'not_compared';

export interface KnownOutcome {
  readonly known: KnownCheckpoint;
  readonly comparison: Comparison;
}

export interface KnownParts extends ProofParts {
  /** Whether the leaves were shown to be those of the signed tree: leaves of anybody's decide nothing. */
  readonly isRooted: boolean;
  /** Whether the log's key signed the tree that was measured. */
  readonly isSigned: boolean;
}

/** Earlier checkpoints, the bundle's own and those that the caller holds, against the one that was measured. */
export function compareAll(parts: KnownParts, known: readonly KnownCheckpoint[]): KnownOutcome[] {
  checkConsistencies(parts);
  for (const { file, checkpoint } of parts.small.checkpoints.values()) {
    if (checkpoint.size >= parts.top.checkpoint.size) continue;
    const comparison = compare(parts, checkpoint);
    if (comparison === 'consistent') continue;
    const beginning = `that the tree of size ${checkpoint.size} is the beginning of the one of size ${parts.top.checkpoint.size}`;
    if (comparison === 'inconsistent') {
      parts.defects.tampered('inconsistent_checkpoint', `it is not true ${beginning}`, { file });
    } else if (comparison === 'proof_fails') {
      const told = `the proof ${beginning} does not hold: it is broken, or it is not true`;
      parts.defects.tampered('proof_fails', told, { file: consistencyPath(checkpoint.size) });
    } else {
      parts.defects.incomplete('proof_missing', `nothing shows ${beginning}`, { file });
    }
  }
  return known.map((one) => ({ known: one, comparison: compareKnown(parts, one) }));
}

/** Proofs that came along: what they are about, and whether they hold where the leaves know it better. */
function checkConsistencies(parts: KnownParts): void {
  const { defects, hasher, small, top } = parts;
  const { size: size2, root: root2 } = top.checkpoint;
  for (const { size1, proof, checkpoint } of small.consistencies.values()) {
    const file = consistencyPath(size1);
    if (size1 >= size2 || !isAbout(top, checkpoint)) {
      const told = `the proof from size ${size1} is about another checkpoint than the one of size ${size2}`;
      defects.tampered('proof_of_something_else', told, { file });
      continue;
    }
    const root1 = rootOfLeaves(parts, size1);
    // That a tree continues the empty one needs no proof.
    const holds = root1 && size1 > 0 ? isConsistent(hasher, { size1, root1, size2, root2, proof }) : true;
    if (holds && (size1 > 0 || proof.length === 0)) continue;
    const told = `the proof from size ${size1} to ${size2} does not hold: the leaves show that the larger tree continues the smaller, and the proof is not theirs`;
    defects.tampered('proof_fails', told, { file });
  }
}

function compareKnown(parts: KnownParts, { name, checkpoint }: KnownCheckpoint): Comparison {
  const { defects, top } = parts;
  const { size, origin } = top.checkpoint;
  if (checkpoint.origin !== origin) {
    const told = `${name} is of the log "${checkpoint.origin}", the bundle of "${origin}": they cannot be compared`;
    defects.incomplete('known_not_compared', told);
    return 'not_compared';
  }
  if (checkpoint.size > size) {
    const told = `${name} has size ${checkpoint.size}, the bundle only ${size}: it shows an older state than you hold already`;
    defects.incomplete('older_than_known', told);
    return 'not_compared';
  }
  const comparison = compare(parts, checkpoint);
  const held = `the tree that you hold (${name}, size ${checkpoint.size})`;
  if (comparison === 'inconsistent') {
    const meaning = parts.isSigned ? 'the log showed two histories' : 'one of the two is not of this log';
    const told = `${held} is not the beginning of this one of size ${size}: ${meaning}`;
    defects.tampered('inconsistent_with_known', told);
  } else if (comparison === 'proof_fails') {
    const told = `the proof that ${held} is the beginning of this one of size ${size} does not hold: either the proof is broken, or there are two histories; a bundle with the leaves from before size ${checkpoint.size} on decides it`;
    defects.tampered('proof_fails', told, { file: consistencyPath(checkpoint.size) });
  } else if (comparison === 'not_compared') {
    defects.incomplete(
      'known_not_compared',
      `the bundle holds no proof from size ${checkpoint.size} (${name}) to ${size}`,
    );
  }
  return comparison;
}

function compare(parts: KnownParts, { size, root }: { size: number; root: Uint8Array }): Comparison {
  const last = parts.top.checkpoint;
  if (size === last.size) return said(sameBytes(root, last.root));
  if (size === 0) return said(sameBytes(root, parts.hasher.emptyRoot));
  const own = rootOfLeaves(parts, size);
  if (own) return said(sameBytes(own, root));
  const proof = parts.small.consistencies.get(size);
  return proof && isAbout(parts.top, proof.checkpoint) ? provedBy(parts, size, root, proof) : 'not_compared';
}

function provedBy(
  { hasher, top }: KnownParts,
  size1: number,
  root1: Uint8Array,
  { proof }: ConsistencyText,
): Comparison {
  const { size: size2, root: root2 } = top.checkpoint;
  if (isConsistent(hasher, { size1, root1, size2, root2, proof })) return 'consistent';
  return beginningShownBy(hasher, { size1, size2, root2, proof }) ? 'inconsistent' : 'proof_fails';
}

/** The root that the signed tree had at `size`, computed from its leaves; undefined when they are not all shown. */
function rootOfLeaves({ isRooted, manifest, small, tree, defects }: KnownParts, size: number): Uint8Array | undefined {
  if (!isRooted || manifest.kind === 'streams') return undefined;
  const left = manifest.kind === 'range' ? (small.range?.left ?? []) : [];
  return rootWith(tree, size, left, defects, RANGE_PROOF_PATH);
}

function said(isSame: boolean): Comparison {
  return isSame ? 'consistent' : 'inconsistent';
}
