// Auditors, from the one who has nothing but the bundle to the one who has all that can be had; and how far a bundle gets.
import type { BundleContents, KnownCheckpoint, StreamRule, VerifyOptions, VerifyReport } from '@app/evidence';
import { verifyEd25519 } from '@app/evidence/nest';
import { runRule } from '@app/execution';
import { sha256 } from '@app/kernel';
import { logSigner, ORIGIN, witnessSigner } from '../support/sample-log.js';

/** The lowest level at which an auditor finds it; `none`: at none, and the table says why that cannot be otherwise. */
export type FirstLevel = 'L0' | 'L1' | 'L2' | 'L3' | 'L4' | 'none';

/** What was kept before anything was done. */
export interface Kept {
  readonly kept: KnownCheckpoint;
  readonly witnessedAtMs: number;
}

/** A bundle of the whole log up to that size. */
export function contentsOf(checkpoints: ReadonlyMap<number, string>, size: number, entries: number): BundleContents {
  const keys = [logSigner.key, witnessSigner.key];
  return { kind: 'log', log: ORIGIN, from: 0, to: size, entries, streams: [], checkpoints, keys };
}

export type Verify = (source: Iterable<Uint8Array>, options: VerifyOptions) => Promise<VerifyReport>;

export interface Judgement {
  readonly level: FirstLevel;
  /** Code of the first defect, or of what is missing. */
  readonly code: string;
}

const DAY_MS = 24 * 3_600_000;

/** What an auditor brings along, level by level: each has all that the one before has. */
export function auditorsOf({
  kept,
  witnessedAtMs,
}: Kept): readonly (readonly [Exclude<FirstLevel, 'none'>, VerifyOptions])[] {
  const rules: readonly StreamRule[] = [runRule()];
  const base = { sha256, verify: verifyEd25519, rules, nowMs: witnessedAtMs + DAY_MS / 2 };
  const { key } = logSigner;
  const known = [kept];
  const witnesses = [witnessSigner.key];
  return [
    ['L0', base],
    ['L1', { ...base, key }],
    ['L2', { ...base, key, known }],
    ['L3', { ...base, key, known, witnesses, freshMs: 10_000 * DAY_MS, levelMin: 'L3' }],
    ['L4', { ...base, key, known, witnesses, levelMin: 'L4' }],
  ];
}

/** The lowest level at which the bundle does not go through. */
export async function judge(
  bytes: Uint8Array,
  auditors: ReturnType<typeof auditorsOf>,
  verify: Verify,
): Promise<Judgement> {
  for (const [level, options] of auditors) {
    const { defects } = await verify([bytes], options);
    // Without a key nobody expects a signature.
    const found = defects.find(({ code }) => level !== 'L0' || code !== 'no_key');
    if (found) return { level, code: found.code };
  }
  return { level: 'none', code: '' };
}
