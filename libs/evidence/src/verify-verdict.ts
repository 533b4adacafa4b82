// From everything that was found to what may be said: the verdict, the level, what was shown and what was not.
import { timestamp } from '@app/kernel';
import { base64Of } from './byte-text.js';
import { isAtLeast, levelOf, levelReports } from './verify-levels.js';
import type { VerifyOptions } from './verify-options.js';
import { FRESH_MS_DEFAULT } from './verify-options.js';
import type { KnownOutcome } from './verify-known.js';
import { compareAll } from './verify-known.js';
import type { ProofParts } from './verify-proofs.js';
import { checkRoot } from './verify-proofs.js';
import type { BundleReading } from './verify-reading.js';
import type { DefectLog, Observation, VerifiedCheckpoint, VerifyCounts, VerifyReport } from './verify-report.js';
import { cannotPromise, exitCodes, printable } from './verify-report.js';
import type { SignatureFacts } from './verify-signatures.js';
import { checkSignatures } from './verify-signatures.js';

export async function reportOf(
  reading: BundleReading,
  options: VerifyOptions,
  defects: DefectLog,
  bytes: number,
): Promise<VerifyReport> {
  const { small } = reading;
  const witnesses = options.witnesses ?? [];
  const trusted = { witnesses, verify: options.verify, ...(options.key ? { key: options.key } : {}) };
  // What comes first is about this bundle alone: whether it was recomputed does not depend on who signed it, or who holds what.
  const root = checkTree(reading, defects);
  const signatures = await checkSignatures(small, trusted, defects);
  const known = compared(root, options, signatures.isSigned);
  checkAskedFor(reading, options, signatures, defects);
  const levels = levelReports({
    isRecomputed: root.isRecomputed,
    leaves: reading.leaves,
    size: small.top?.checkpoint.size,
    keyName: options.key?.name,
    isSigned: signatures.isSigned,
    known,
    witnesses: witnesses.map(({ name }) => name),
    cosignatures: signatures.cosignatures,
    nowMs: options.nowMs,
    freshMs: options.freshMs ?? FRESH_MS_DEFAULT,
  });
  const level = levelOf(levels);
  if (options.levelMin && !isAtLeast(level, options.levelMin)) {
    defects.incomplete('level_not_reached', `level ${options.levelMin} was asked for; ${level} was reached`);
  }
  const { verdict } = defects;
  const { manifest } = small;
  const checkpoint = checkpointOf(reading, options, signatures);
  return {
    verdict,
    exitCode: exitCodes[verdict],
    level,
    levels,
    ...(manifest ? { bundle: { kind: manifest.kind, from: Number(manifest.from), to: Number(manifest.to) } } : {}),
    ...(checkpoint ? { checkpoint } : {}),
    counts: countsOf(reading, bytes),
    defects: defects.first,
    defectCount: defects.count,
    observations: observationsOf(reading, signatures),
    shown: levels.filter(({ reached }) => reached).map(({ sentence }) => sentence),
    notShown: [...notShownOf(reading), ...contentsOf(reading), ...cannotPromise],
  };
}

interface RootFacts {
  /** Undefined when there is no tree to speak of. */
  readonly parts: ProofParts | undefined;
  /** The leaves that are there are those of the signed tree. */
  readonly isRooted: boolean;
  /** And every one of them was recomputed, without any defect. */
  readonly isRecomputed: boolean;
}

function checkTree(reading: BundleReading, defects: DefectLog): RootFacts {
  const { small, bulk, hasher, lastLeaves } = reading;
  const { manifest, top } = small;
  if (!manifest || !top || !bulk) return { parts: undefined, isRooted: false, isRecomputed: false };
  const parts = { hasher, defects, small, manifest, top, tree: bulk.tree, lastLeaves };
  const isRooted = checkRoot(parts);
  return {
    parts,
    isRooted,
    isRecomputed: isRooted && defects.count === 0 && reading.leaves === recomputedOf(reading),
  };
}

function compared({ parts, isRooted }: RootFacts, { known = [] }: VerifyOptions, isSigned: boolean): KnownOutcome[] {
  if (parts) return compareAll({ ...parts, isRooted, isSigned }, known);
  return known.map((one) => ({ known: one, comparison: 'not_compared' }));
}

/** What the caller asked for by naming it is incomplete when it is not there. */
function checkAskedFor(
  { small }: BundleReading,
  { key, witnesses = [] }: VerifyOptions,
  { cosignatures }: SignatureFacts,
  defects: DefectLog,
): void {
  if (!small.top) return;
  if (!key) defects.incomplete('no_key', 'without the key of the log nobody vouches for anything in this bundle');
  for (const { name } of witnesses) {
    if (cosignatures.some((one) => one.name === name)) continue;
    defects.incomplete('not_witnessed', `no checkpoint in this bundle is signed by the witness ${name}`);
  }
}

function recomputedOf({ bulk }: BundleReading): number {
  return bulk?.shard.recomputed ?? 0;
}

function checkpointOf(
  { small: { top } }: BundleReading,
  { key }: VerifyOptions,
  { isSigned, cosignatures }: SignatureFacts,
): VerifiedCheckpoint | undefined {
  if (!top) return undefined;
  const { origin, size, root } = top.checkpoint;
  return {
    log: printable(origin),
    size,
    root: base64Of(root),
    signedBy: isSigned && key ? [key.name] : [],
    cosignedBy: cosignatures
      .filter((one) => one.size === size)
      .map(({ name, atMs }) => ({ name, at: timestamp(atMs) })),
  };
}

function countsOf(reading: BundleReading, bytes: number): VerifyCounts {
  const { small, bulk } = reading;
  return {
    bytes,
    files: reading.files,
    leaves: recomputedOf(reading),
    streams: bulk?.ledger.size ?? 0,
    replayed: bulk?.ledger.replayed ?? 0,
    contentsNamed: bulk?.ledger.contentsNamed ?? 0,
    checkpoints: small.checkpoints.size,
    proofs: small.proofs,
    definitions: small.definitions,
  };
}

function observationsOf({ bulk }: BundleReading, { cosignatures, observations }: SignatureFacts): Observation[] {
  const found = [...observations, ...(bulk?.times.observations(cosignatures) ?? [])];
  return found.map(({ code, sentence }) => ({ code, sentence: printable(sentence) }));
}

/** Contents are bound by the hash in the event, but are not part of it. */
function contentsOf({ bulk }: BundleReading): string[] {
  const count = bulk?.ledger.contentsNamed ?? 0;
  if (count === 0) return [];
  const events = count === 1 ? '1 event names' : `${count} events name`;
  return [
    `the large contents that ${events} by SHA-256: they are not in the bundle; who brings one can be checked by it`,
  ];
}

/** What this kind of bundle leaves open. */
function notShownOf({ small: { manifest }, bulk }: BundleReading): string[] {
  if (!manifest) return ['anything: the bundle could not be read'];
  const { kind, from, to, size } = manifest;
  const later = `that the log did not go on after its first ${size} leaves`;
  if (kind === 'log') return [later];
  if (kind === 'streams') {
    return [
      'that these streams hold no event after the last one in this bundle',
      'anything about the other streams of the log',
      later,
    ];
  }
  const earlier = bulk?.ledger.begunEarlier ?? 0;
  const chains = `the ${earlier} streams that begin before leaf ${from}: what went before in them, and their state machines`;
  const rest = `what the leaves before ${from} and from ${to} on are; only that they are part of the same tree`;
  return [rest, ...(earlier > 0 ? [chains] : []), later];
}
