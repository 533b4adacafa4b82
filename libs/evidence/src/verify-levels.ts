// How far a proof reaches. No level says more than its sentence, and no level counts without those below it.
import { timestamp } from '@app/kernel';
import type { Level, LevelReport } from './verify-report.js';
import { levelNames, levels, printable } from './verify-report.js';
import type { KnownOutcome } from './verify-known.js';
import type { Cosignature } from './verify-signatures.js';

export interface LevelFacts {
  /** Whether every leaf was recomputed, without a defect, and the leaves are what the checkpoint's root stands for. */
  readonly isRecomputed: boolean;
  readonly leaves: number;
  /** Of the tree that the leaves were measured against; undefined when there is none. */
  readonly size: number | undefined;
  /** Name of the key that the caller gave; undefined when he gave none. */
  readonly keyName: string | undefined;
  readonly isSigned: boolean;
  readonly known: readonly KnownOutcome[];
  readonly witnesses: readonly string[];
  readonly cosignatures: readonly Cosignature[];
  readonly nowMs: number;
  readonly freshMs: number;
}

type Finding = readonly [reached: boolean, sentence: string];

export function levelReports(facts: LevelFacts): LevelReport[] {
  const findings: Readonly<Record<Level, Finding>> = {
    L0: recomputed(facts),
    L1: signed(facts),
    L2: consistent(facts),
    L3: anchored(facts),
    L4: fresh(facts),
  };
  return levels.map((level) => {
    const [reached, sentence] = findings[level];
    return { level, name: levelNames[level], reached, sentence: printable(sentence) };
  });
}

/** The highest one that is reached with all below it. */
export function levelOf(reports: readonly LevelReport[]): Level | 'none' {
  let level: Level | 'none' = 'none';
  for (const report of reports) {
    if (!report.reached) break;
    level = report.level;
  }
  return level;
}

export function isAtLeast(level: Level | 'none', wanted: Level): boolean {
  return level !== 'none' && levels.indexOf(level) >= levels.indexOf(wanted);
}

function recomputed({ isRecomputed, leaves, size }: LevelFacts): Finding {
  if (!isRecomputed)
    return [false, 'what is in the bundle could not be recomputed, to the root of its checkpoint, without a defect'];
  const told = leaves === 1 ? '1 event was' : `${leaves} events were`;
  return [true, `${told} recomputed from the stored bytes, and belong to the tree of size ${size ?? 0}`];
}

function signed({ isSigned, keyName, size }: LevelFacts): Finding {
  if (keyName === undefined) return [false, 'you gave no key, so nobody vouches for the root'];
  if (!isSigned) return [false, `the checkpoint is not signed by the key ${keyName}`];
  return [true, `the holder of the key ${keyName} signed the tree of size ${size ?? 0}`];
}

function consistent({ known }: LevelFacts): Finding {
  if (known.length === 0) return [false, 'you gave no earlier checkpoint to compare with'];
  const failed = known.filter(({ comparison }) => comparison !== 'consistent').length;
  if (failed > 0)
    return [false, `${failed} of the ${known.length} checkpoints that you hold could not be shown to belong`];
  const sizes = known.map(({ known: { checkpoint } }) => checkpoint.size).join(', ');
  return [
    true,
    `it continues the trees that you hold, of size ${sizes}: nothing in them was changed, removed or reordered`,
  ];
}

function anchored({ cosignatures, witnesses }: LevelFacts): Finding {
  if (witnesses.length === 0) return [false, 'you named no witness'];
  const best = cosignatures.reduce<Cosignature | undefined>(
    (found, one) => (found === undefined || one.size > found.size ? one : found),
    undefined,
  );
  if (!best) return [false, `no witness that you named signed a checkpoint in this bundle`];
  return [true, `the first ${best.size} leaves of the log existed at ${timestamp(best.atMs)}, says ${best.name}`];
}

/** A witness's clock may be a little ahead. */
const AHEAD_MS = 5 * 60_000;

function fresh({ cosignatures, witnesses, size, nowMs, freshMs }: LevelFacts): Finding {
  if (witnesses.length === 0) return [false, 'you named no witness'];
  const whole = cosignatures.filter((one) => one.size === size);
  if (whole.length === 0) return [false, 'no witness that you named signed the last checkpoint of this bundle'];
  const latest = whole.reduce((found, one) => (one.atMs > found.atMs ? one : found));
  const at = timestamp(latest.atMs);
  if (latest.atMs > nowMs + AHEAD_MS) return [false, `${latest.name} signed at ${at}, which has not come yet`];
  if (latest.atMs < nowMs - freshMs) {
    return [false, `${latest.name} signed at ${at}, longer ago than ${Math.round(freshMs / 1000)} s`];
  }
  return [
    true,
    `${latest.name} cosigned the last checkpoint at ${at}, and by that says: "I cosigned no other history of this log until then"`,
  ];
}
