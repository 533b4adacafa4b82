// Appends of 500-byte events to many streams, beside what the disk and SQLite can do at most.
//   npm run bench:append -- [--seconds n] [--log esdb://...]
import { randomUUID } from 'node:crypto';
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { EventMetadata, NewEvent } from '@app/kernel';
import { anonymousActor } from '@app/kernel';
import type { EventStore } from '@app/event-store';
import { EsdbEventStore, openDatabase, SqliteEventStore } from '@app/event-store/nest';

const EVENT_BYTES = 500;
/** A stream takes as many appends as a run of five steps, then the writer begins another. */
const APPENDS_PER_STREAM = 6;
const WRITERS = [1, 10, 64, 100, 1_000];
const ROUNDS = 3;

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '2' }, log: { type: 'string' } } });
const { log: connectionString } = values;
const DURABILITY =
  connectionString === undefined
    ? 'SQLite, WAL, synchronous=FULL: one fsync per commit, answered after it'
    : 'EventStoreDB: as the node is configured, answered after it is on its disk';
const stretchMs = Number(values.seconds) * 1_000;
if (!(stretchMs > 0)) throw new Error('--seconds is a number > 0');

interface Stretch {
  readonly count: number;
  readonly elapsedMs: number;
  readonly latenciesMs: readonly number[];
}

interface Result {
  readonly name: string;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const metadata: EventMetadata = {
  actor: anonymousActor,
  channel: 'rest',
  correlationId: randomUUID(),
  occurredAt: new Date().toISOString(),
  schemaVersion: 1,
};
const type = 'StepCompleted';
const text = 'x'.repeat(EVENT_BYTES - JSON.stringify({ text: '', metadata }).length - type.length - 23);

function newEvent(): NewEvent {
  return { id: randomUUID(), type, data: { text }, metadata };
}

async function writers(store: EventStore, count: number): Promise<Stretch> {
  const latenciesMs: number[] = [];
  const started = performance.now();
  const end = started + stretchMs;
  const write = async (): Promise<void> => {
    let stream = '';
    for (let index = 0; performance.now() < end; index += 1) {
      const revision = (index % APPENDS_PER_STREAM) - 1;
      if (revision === -1) stream = `execution-${randomUUID()}`;
      const from = performance.now();
      await store.append(stream, [newEvent()], { expectedRevision: revision === -1 ? 'no_stream' : revision });
      latenciesMs.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: count }, write));
  return { count: latenciesMs.length, elapsedMs: performance.now() - started, latenciesMs };
}

/** What one writer without anything around could have at most: it writes over blocks that the file has already. */
function rawSync(directory: string): Stretch {
  const file = openSync(join(directory, 'raw'), 'w');
  const content = Buffer.alloc(EVENT_BYTES, 'x');
  const blocks = 4_096;
  writeSync(file, Buffer.alloc(blocks * 4_096));
  fdatasyncSync(file);
  const latenciesMs: number[] = [];
  const started = performance.now();
  while (performance.now() - started < stretchMs) {
    const from = performance.now();
    writeSync(file, content, 0, content.length, (latenciesMs.length % blocks) * 4_096);
    fdatasyncSync(file);
    latenciesMs.push(performance.now() - from);
  }
  closeSync(file);
  return { count: latenciesMs.length, elapsedMs: performance.now() - started, latenciesMs };
}

/** What SQLite takes when nobody waits for an answer: the same rows, one transaction, one fsync. */
function oneTransaction(directory: string, round: number): Stretch {
  const database = openDatabase(join(directory, `transaction-${round}.db`));
  database.exec(`CREATE TABLE events (position INTEGER PRIMARY KEY, stream INTEGER NOT NULL, revision INTEGER NOT NULL,
    id TEXT NOT NULL, type TEXT NOT NULL, recorded_at INTEGER NOT NULL, data TEXT NOT NULL, metadata TEXT NOT NULL,
    UNIQUE (stream, revision)) STRICT`);
  const insert = database.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
  const [data, about] = [JSON.stringify({ text }), JSON.stringify(metadata)];
  const started = performance.now();
  let count = 0;
  database.exec('BEGIN');
  while (performance.now() - started < stretchMs) {
    const stream = Math.floor(count / APPENDS_PER_STREAM);
    count += 1;
    insert.run(count, stream, count % APPENDS_PER_STREAM, randomUUID(), type, Date.now(), data, about);
  }
  database.exec('COMMIT');
  const elapsedMs = performance.now() - started;
  const found = database.prepare('SELECT count(*) AS rows FROM events').get() as { rows: number };
  database.close();
  if (found.rows !== count) throw new Error(`one transaction: ${count} rows written, ${found.rows} found`);
  return { count, elapsedMs, latenciesMs: [elapsedMs] };
}

function summed(name: string, stretches: readonly Stretch[]): Result {
  const latencies = stretches.flatMap((stretch) => stretch.latenciesMs).sort((a, b) => a - b);
  const at = (share: number): number =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
  const count = stretches.reduce((sum, stretch) => sum + stretch.count, 0);
  const elapsedMs = stretches.reduce((sum, stretch) => sum + stretch.elapsedMs, 0);
  return { name, perSecond: Math.round((count / elapsedMs) * 1_000), p50Ms: at(0.5), p99Ms: at(0.99) };
}

/** Every acknowledged event must be found again, in streams without a gap. */
async function verify(reader: EventStore, begin: string | undefined, acknowledged: number): Promise<void> {
  const next = new Map<string, number>();
  let found = 0;
  for await (const event of reader.readAll(begin === undefined ? {} : { after: begin })) {
    const revision = next.get(event.stream) ?? 0;
    if (event.revision !== revision)
      throw new Error(`${event.stream}: ${event.revision} stands where ${revision} should`);
    next.set(event.stream, revision + 1);
    found += 1;
  }
  if (found !== acknowledged) throw new Error(`${acknowledged} events were acknowledged, ${found} are in the log`);
}

const directory = mkdtempSync(join(tmpdir(), 'bench-append-'));
try {
  const stretches = new Map<string, Stretch[]>();
  const keep = (name: string, stretch: Stretch): void => {
    stretches.set(name, [...(stretches.get(name) ?? []), stretch]);
  };
  let acknowledged = 0;
  const store: EventStore =
    connectionString === undefined
      ? await SqliteEventStore.open({ directory })
      : await EsdbEventStore.open({ connectionString });
  const begin = await store.head();
  for (let round = 0; round < ROUNDS; round += 1) {
    keep('raw fdatasync', rawSync(directory));
    for (const count of WRITERS) {
      const stretch = await writers(store, count);
      acknowledged += stretch.count;
      keep(`${count} writers`, stretch);
    }
    keep('one transaction', oneTransaction(directory, round));
  }
  await verify(store, begin, acknowledged);
  await store.close();

  const results = [...stretches].map(([name, parts]) => summed(name, parts));
  const rate = (name: string): number => results.find((result) => result.name === name)?.perSecond ?? Number.NaN;
  console.log(`${EVENT_BYTES}-byte events, ${availableParallelism()} cores, ${ROUNDS} rounds; ${DURABILITY}`);
  console.table(
    Object.fromEntries(
      results.map(({ name, perSecond, p50Ms, p99Ms }) => [
        name,
        {
          'per second': perSecond,
          'p50 ms': Number(p50Ms.toFixed(3)),
          'p99 ms': Number(p99Ms.toFixed(3)),
          'of raw fdatasync': Number((perSecond / rate('raw fdatasync')).toFixed(2)),
          'of one transaction': Number((perSecond / rate('one transaction')).toFixed(2)),
        },
      ]),
    ),
  );
  console.log(`verified: ${acknowledged} acknowledged events, all in the log, no gap in any stream`);
  console.log(
    JSON.stringify({ benchmark: 'append', durability: DURABILITY, eventBytes: EVENT_BYTES, acknowledged, results }),
  );
} finally {
  rmSync(directory, { recursive: true, force: true });
}
