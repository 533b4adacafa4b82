// Carries everything over from one place to another, and proves that it arrived. docs/adr/0015-a-log-can-be-carried-over.md
import { sha256, timestamp } from '@app/kernel';
import type { BlobStore } from '@app/event-store';
import { StoreError } from '@app/event-store';
import type { CopyPhase } from '@app/event-store/nest';
import { copyLog, forgetMovedLog, LogsDiffer, noteMovedLog } from '@app/event-store/nest';
import type { CarriedEvidence } from '@app/evidence';
import {
  base64Of,
  copyEvidence,
  EvidenceDiffers,
  evidenceToCarry,
  LogRoot,
  sameBytes,
  treeHasher,
} from '@app/evidence';
import { copySecrets } from '@app/provider';
import type { Belongings, MigrationAddresses, Place } from './migration-places.worker.js';
import { openPlaces } from './migration-places.worker.js';

export type MigrationPhase = CopyPhase | 'contents';

export interface MigrationOptions extends MigrationAddresses {
  readonly onProgress?: (phase: MigrationPhase, done: number) => void;
  readonly signal?: AbortSignal;
  readonly nowMs: () => number;
  /** As of `copyLog`. */
  readonly failuresMax?: number;
}

export interface Migration {
  /** Without credentials. */
  readonly from: string;
  readonly to: string;
  readonly events: number;
  readonly appended: number;
  readonly secrets: number;
  readonly contents: number;
  /** Equal on both sides, as are the roots. */
  readonly digest: string;
  /** Undefined where nothing was ever sequenced. */
  readonly root:
    { readonly log: string; readonly size: number; readonly hash: string; readonly signed: number } | undefined;
}

/** May be repeated as often as it takes. Throws DataDirectoryLocked, LogsDiffer, SecretsDiffer, EvidenceDiffers, StoreError. */
export async function migrate(options: MigrationOptions): Promise<Migration> {
  const closers: (() => Promise<unknown>)[] = [];
  try {
    return await carryOver(await openPlaces(options, closers), options);
  } finally {
    for (const close of closers.reverse()) await close().catch(() => undefined);
  }
}

async function carryOver({ from, to }: { from: Place; to: Place }, options: MigrationOptions): Promise<Migration> {
  const { onProgress, signal, failuresMax, outwards, directory } = options;
  await refuseEarlierPositions(from, outwards);
  const evidence = await evidenceToCarry(from.belongings.evidence);
  const roots = rootsOf(evidence);
  const belongings = await carryBelongings(from.belongings, to.belongings, options);
  const copy = await copyLog({
    source: from.events,
    target: to.events,
    onSource: (event) => roots?.source.take(event),
    onTarget: (event) => roots?.target.take(event),
    ...(onProgress ? { onProgress } : {}),
    ...(signal ? { signal } : {}),
    ...(failuresMax === undefined ? {} : { failuresMax }),
  });
  const root = roots && provenRoot(roots, evidence);
  if (from.belongings.evidence !== to.belongings.evidence) {
    await copyEvidence(from.belongings.evidence, to.belongings.evidence);
  }
  await to.belongings.evidence.forgetLeaves();
  const { events, appended, digest } = copy;
  if (outwards) noteMovedLog(directory, { to: to.name, at: timestamp(options.nowMs()), events, digest });
  else forgetMovedLog(directory);
  return { from: from.name, to: to.name, events, appended, digest, ...belongings, root };
}

/** Positions of one kind of store rise along a log: what an EventStoreDB recorded first cannot go on in another one. */
async function refuseEarlierPositions({ events, name }: Place, outwards: boolean): Promise<void> {
  if (!outwards) return;
  for await (const { firstPosition } of events.readAll({ direction: 'backward', limit: 1 })) {
    if (!firstPosition?.startsWith('esdb:')) continue;
    const told = `the last events of ${name} came from an EventStoreDB, whose positions cannot go on in another one`;
    throw new StoreError(
      'InvalidArgument',
      `${told}: let a server append to it first, or restore a backup of that EventStoreDB`,
    );
  }
}

async function carryBelongings(
  from: Belongings,
  to: Belongings,
  { onProgress, signal }: MigrationOptions,
): Promise<Pick<Migration, 'secrets' | 'contents'>> {
  if (from.blobs === to.blobs) return { secrets: 0, contents: 0 };
  const secrets = await copySecrets(from.secrets, to.secrets);
  let contents = 0;
  for await (const name of from.blobs.names()) {
    if (signal?.aborted) throw new StoreError('Cancelled', 'the move was stopped');
    await copyContent(from.blobs, to.blobs, name);
    contents += 1;
    onProgress?.('contents', contents);
  }
  return { secrets, contents };
}

async function copyContent(from: BlobStore, to: BlobStore, name: string): Promise<void> {
  const content = await from.get(name);
  if (!content) throw new StoreError('Corrupt', `the content ${name} has gone meanwhile`);
  await to.put(content);
  const there = await to.get(name);
  if (!there || !sameBytes(there, content)) throw new LogsDiffer(`the content ${name} did not arrive as it was`);
}

interface Roots {
  readonly log: string;
  readonly source: LogRoot;
  readonly target: LogRoot;
}

function rootsOf({ origin, signed }: CarriedEvidence): Roots | undefined {
  if (origin === undefined) return undefined;
  const hasher = treeHasher(sha256);
  return { log: origin, source: new LogRoot(hasher, origin, signed), target: new LogRoot(hasher, origin, signed) };
}

function provenRoot({ log, source, target }: Roots, { signed }: CarriedEvidence): NonNullable<Migration['root']> {
  for (const side of [source, target]) {
    if (side.contradiction === undefined) continue;
    const told = `what was signed of ${log} at ${side.contradiction} leaves is not what its events say`;
    throw new EvidenceDiffers(`${told}: nothing of the evidence was carried over`);
  }
  if (source.size !== target.size || !sameBytes(source.root, target.root)) {
    throw new EvidenceDiffers('the roots of source and target differ: nothing of the evidence was carried over');
  }
  return { log, size: source.size, hash: base64Of(target.root), signed: signed.length };
}
