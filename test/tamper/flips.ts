// What becomes of a data directory in which one bit is another: who notices, and what can still be read of it.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isStoreError } from '@app/event-store';
import { SqliteLogReader } from '@app/event-store/nest';
import type { EvidenceStatus } from '@app/evidence';
import {
  EvidenceError,
  EvidenceExport,
  EvidenceKeeper,
  EvidenceReader,
  hexOf,
  openKnown,
  parseVerifierKey,
  treeHasher,
} from '@app/evidence';
import { evidenceWatching, openEvidenceIn, verifyEd25519 } from '@app/evidence/nest';
import type { RecordedEvent } from '@app/kernel';
import { sha256 } from '@app/kernel';
import { bytesOf } from '../support/sample-log.js';
import { flippedAt } from './bit-flips.js';

const { EvidenceKeeping, settleIdentity } = await evidenceWatching();
const NOTICE_LIMIT_MS = 20_000;

export const ANCHOR = 'anchor.txt';

/** A directory with one bit flipped in one of its files; whoever calls removes it. */
export function flipped(original: string, file: string, bit: number): string {
  const directory = mkdtempSync(join(tmpdir(), 'runledger-flip-'));
  cpSync(original, directory, { recursive: true });
  const path = join(directory, file);
  const bytes = readFileSync(path);
  const changed = flippedAt(bytes, bit);
  writeFileSync(path, changed);
  if (readFileSync(path).equals(bytes)) throw new Error(`${file} is what it was`);
  return directory;
}

/** All that anybody can read of it: the bundle, the log that all views are folded from, each stream, each proof, each note. */
export interface Content {
  readonly bundle: Uint8Array;
  readonly log: string;
  readonly streams: string;
  readonly proofs: string;
  readonly keys: string;
  readonly notes: readonly string[];
}

/** Throws StoreError, EvidenceError where something cannot be read. */
export async function contentOf(directory: string, status: EvidenceStatus, ids: readonly string[]): Promise<Content> {
  const events = await SqliteLogReader.open({ directory });
  const store = await openEvidenceIn(directory).catch(async (error: unknown) => {
    await events.close();
    throw error;
  });
  try {
    const parts = { store, events, keeper: new Stated(status), hasher: treeHasher(sha256) };
    const reader = new EvidenceReader({ ...parts, isSigned: () => Promise.resolve(true) });
    const keys = status.keys.map(({ vkey }) => parseVerifierKey(vkey, sha256));
    const bundle = await new EvidenceExport(reader, { keys: () => keys }).stretch();
    const log: RecordedEvent[] = [];
    for await (const event of events.readAll()) log.push(event);
    if (!('chunks' in bundle)) throw new EvidenceError('malformed_note', `there is no bundle: ${bundle.message}`);
    return {
      bundle: await bytesOf(bundle.chunks),
      log: JSON.stringify(log),
      streams: JSON.stringify(await streamsOf(events, log)),
      proofs: JSON.stringify(await Promise.all(ids.map((id) => reader.eventProof(id)))),
      keys: JSON.stringify([await store.mark('origin'), await store.mark('keys')]),
      notes: (await store.checkpointsAfter(-1, 1_000)).map(({ note }) => note),
    };
  } finally {
    await Promise.all([events.close(), store.close()]);
  }
}

async function streamsOf(events: SqliteLogReader, log: readonly RecordedEvent[]): Promise<RecordedEvent[][]> {
  const all: RecordedEvent[][] = [];
  for (const stream of new Set(log.map((event) => event.stream))) {
    const one: RecordedEvent[] = [];
    for await (const event of events.readStream(stream)) one.push(event);
    all.push(one);
  }
  return all;
}

class Stated extends EvidenceKeeper {
  constructor(private readonly told: EvidenceStatus) {
    super();
  }

  status(): EvidenceStatus {
    return this.told;
  }

  waitUntil(isSo: () => Promise<boolean>): Promise<boolean> {
    return isSo();
  }

  suspect(): void {
    throw new Error('nobody asks for a verification here');
  }
}

/** What a server that starts makes of it, with one pass of the scrub: its status, or why there is none. */
export async function watched(directory: string): Promise<EvidenceStatus | string> {
  const startedMs = Date.now();
  const start = {
    log: { kind: 'sqlite', directory },
    place: { kind: 'sqlite', directory },
    key: { file: join(directory, 'evidence.key'), memoryFile: join(directory, 'evidence.key.signed') },
    anchorFile: join(directory, ANCHOR),
    witnesses: [],
    scrubRate: 1_000_000,
  } as const;
  const closers: { close(): Promise<void> }[] = [];
  try {
    const store = await openEvidenceIn(directory);
    closers.push(store);
    const events = await SqliteLogReader.open({ directory });
    closers.push(events);
    const stop = new AbortController();
    return await new Promise<EvidenceStatus>((resolve, reject) => {
      let seen: EvidenceStatus | undefined;
      const hear = (message: { readonly kind: string; readonly status?: EvidenceStatus }): void => {
        seen = message.status ?? seen;
        const isDone = seen && (seen.state !== 'working' || (seen.scrub.lastPass?.endedAtMs ?? 0) >= startedMs);
        if (isDone) stop.abort();
      };
      const limit = AbortSignal.timeout(NOTICE_LIMIT_MS);
      const keep = async (): Promise<void> => {
        const keeping = new EvidenceKeeping(start, store, events, await settleIdentity(store, start), hear);
        await keeping.run(AbortSignal.any([stop.signal, limit]));
        if (seen && !limit.aborted) resolve(seen);
        else reject(new Error(`nothing was heard: ${JSON.stringify(seen)}`));
      };
      keep().catch(reject);
    });
  } catch (error) {
    return plainly(error);
  } finally {
    for (const closer of closers) await closer.close();
  }
}

/** What is said of it in words that were meant for somebody; anything else is a bug, and passed on. */
export function plainly(error: unknown): string {
  if (isStoreError(error) || error instanceof EvidenceError) return error.message;
  if (error instanceof Error && error.name === 'IdentityError') return error.message;
  throw error;
}

/** What an auditor has who keeps the anchor's file. Throws EvidenceError for a note that does not open. */
export async function anchoredNotes(directory: string, vkey: string): Promise<string[]> {
  const key = parseVerifierKey(vkey, sha256);
  // A note has one empty line in its midst, and one behind it.
  const parts = readFileSync(join(directory, ANCHOR), 'utf8').split('\n\n');
  const notes = Array.from({ length: Math.ceil((parts.length - 1) / 2) }, (_, at) =>
    [parts[2 * at], parts[2 * at + 1]].join('\n\n'),
  );
  if (parts.at(-1) !== '') throw new EvidenceError('malformed_note', 'the last note of the anchor is not whole');
  return Promise.all(
    notes.map(async (text) => {
      const { checkpoint } = await openKnown('an anchored checkpoint', `${text}\n`, key, verifyEd25519);
      return `${checkpoint.size} ${hexOf(checkpoint.root)}`;
    }),
  );
}

export function removed(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
}
