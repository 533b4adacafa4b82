// Bundles that attacks begin with: of a whole log, a run and a part, with what an auditor and a witness kept of that log.
import type { BundleContents, BundledLeaf, LeafEntry } from '@app/evidence';
import { readTar, wholeFile, writeBundle, writeTar } from '@app/evidence';
import { sha256 } from '@app/kernel';
import type { Signers } from '../support/sample-log.js';
import { bytesOf, logSigner, SampleLog, sampleEvents, START_MS, uuid, witnessSigner } from '../support/sample-log.js';
import type { FirstLevel } from './judge.js';

export interface BundleAttack {
  readonly name: string;
  readonly level: FirstLevel;
  /** The bundle that the auditor is given. */
  readonly make: () => Promise<Uint8Array>;
  readonly remark?: string;
}

export const SIZE = 300;
export const KEPT_SIZE = 200;
const DAY_MS = 24 * 3_600_000;
export const WITNESSED_MS = START_MS + 10 * DAY_MS;
export const witnessedNow: Signers = { witness: witnessSigner, witnessedMs: WITNESSED_MS };
export const witnessedBefore: Signers = { witness: witnessSigner, witnessedMs: WITNESSED_MS - 7 * DAY_MS };
export const EARLY = 90;
export const LATE = 260;

export const log = new SampleLog(sampleEvents(SIZE));
export const run = `execution-${uuid(17)}`;

/** The whole log as it is; a week ago the witness saw the checkpoint that the auditor kept, now the last. */
export async function contents(of: SampleLog = log, signers: Signers = witnessedNow): Promise<BundleContents> {
  const whole = await of.contents([], signers);
  const earlier = await of.checkpoint(KEPT_SIZE, of === log ? witnessedBefore : {});
  return { ...whole, checkpoints: new Map([[KEPT_SIZE, earlier], ...whole.checkpoints]), keys: keysWith(whole) };
}

function keysWith({ keys }: BundleContents): BundleContents['keys'] {
  return keys.includes(witnessSigner.key) ? keys : [...keys, witnessSigner.key];
}

export function written(about: BundleContents, leaves: readonly BundledLeaf[]): Promise<Uint8Array> {
  return bytesOf(writeBundle(about, leaves, sha256));
}

export async function trueLogBundle(): Promise<Uint8Array> {
  return written(await contents(), log.leaves);
}

export async function trueRunBundle(): Promise<Uint8Array> {
  return written(await runContents(), log.leavesOf([run]));
}

export async function trueRangeBundle(): Promise<Uint8Array> {
  return written(await rangeContents(), log.leaves.slice(EARLY, LATE));
}

export async function runContents(): Promise<BundleContents> {
  const streams = await log.streamsContents([run], witnessedNow);
  return { ...streams, consistencies: [await keptProof()] };
}

export async function rangeContents(): Promise<BundleContents> {
  return { ...(await log.rangeContents(EARLY, LATE, witnessedNow)), consistencies: [await keptProof()] };
}

async function keptProof(): Promise<NonNullable<BundleContents['consistencies']>[number]> {
  return { size1: KEPT_SIZE, proof: log.consistency(KEPT_SIZE), checkpoint: await log.checkpoint(SIZE, witnessedNow) };
}

/** Files of a bundle, one by one. */
export async function filesOf(bytes: Uint8Array): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  let path = '';
  for await (const item of readTar([bytes], { comesAfter: () => true })) {
    if (item.kind === 'file') files.set((path = item.path), new Uint8Array(0));
    else if (item.kind === 'bytes') {
      files.set(path, new Uint8Array(Buffer.concat([files.get(path) ?? new Uint8Array(0), item.bytes])));
    }
  }
  return files;
}

export async function archived(files: Iterable<readonly [string, Uint8Array]>): Promise<Uint8Array> {
  async function* all() {
    for (const [path, bytes] of files) yield wholeFile(path, bytes);
  }
  return bytesOf(writeTar(all()));
}

/** The log as if that event had always had another output. */
export function rewritten({ id }: LeafEntry, size: number): SampleLog {
  return new SampleLog(
    [...sampleEvents(size)].map((event) =>
      event.id === id ? { ...event, data: { ...(event.data as object), x: 1 } } : event,
    ),
  );
}

export const keptNote = (): Promise<string> => log.checkpoint(KEPT_SIZE, { log: logSigner });
