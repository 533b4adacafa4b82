// The log that is attacked: workflows and runs of a real server, more runs beside them, leaves and checkpoints by the real
// sequencer, and what auditors and a witness kept of it before anybody touched it.
import { mkdtempSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventStore } from '@app/event-store';
import { EsdbEventStore, SqliteEventStore } from '@app/event-store/nest';
import { openKnown, parseNote, treeHasher } from '@app/evidence';
import type { KnownCheckpoint } from '@app/evidence';
import { evidenceWatching, verifyEd25519 } from '@app/evidence/nest';
import type { RecordedEvent } from '@app/kernel';
import { sha256 } from '@app/kernel';
import { SystemClock } from '@app/kernel/nest';
import { startServer } from '../../apps/server/src/server.worker.js';
import { parseSettings } from '../../apps/server/src/settings.js';
import { chain, conditional, setOutput, trigger, workflow } from '../acceptance/definitions.js';
import { V1Client } from '../acceptance/v1-client.js';
import { postgresForTests } from '../support/postgres.js';
import { logSigner, ORIGIN, sampleEvent, signed, uuid, witnessSigner } from '../support/sample-log.js';
import type { StoreConfiguration, TestStores } from '../support/store-configurations.js';
import type { Administrator } from './administrator.js';
import { ServerAdministrator } from './server.administrator.js';
import { SqliteAdministrator } from './sqlite.administrator.js';
import type { EventRow, Rows } from './rows.js';

const { CheckpointSigner, FileSignerMemory, Sequencer } = await evidenceWatching();

export const placing = { log: ORIGIN, hasher: treeHasher(sha256) };
export const clock = new SystemClock();

const REAL_RUNS = 6;
/** Leaves of the stages, more than the server looks back at when it starts. */
const STAGES = [400, 800, 1_360];
const EVENTS_PER_RUN = 5;

export interface Subject {
  readonly administrator: Administrator;
  /** Before anything was done to it. */
  readonly before: Rows;
  readonly size: number;
  /** Sizes of the checkpoints, smallest first. The last but one is what the auditor kept. */
  readonly sizes: readonly number[];
  readonly kept: KnownCheckpoint;
  /** What the witness signed, by the text that it signed. */
  readonly witnessed: ReadonlyMap<string, string>;
  readonly witnessedAtMs: number;
  readonly memoryPath: string;
  /** What the signer remembers. */
  readonly memory: string;
  /** What the log's reader makes of rows. */
  recorded(rows: readonly EventRow[]): Promise<RecordedEvent[]>;
  close(): Promise<void>;
}

export async function openSubject(configuration: StoreConfiguration): Promise<Subject> {
  const stores = await configuration.open();
  const directory = mkdtempSync(join(tmpdir(), 'runledger-tamper-'));
  const memoryPath = join(directory, 'signed');
  await runWorkflows(stores);
  const administrator = await administratorOf(stores);
  for (const leaves of STAGES) {
    await addRuns(stores, administrator, leaves);
    await sequence(administrator, memoryPath);
  }
  const before = await administrator.read();
  const memory = readFileSync(memoryPath, 'utf8');
  const witnessedAtMs = clock.nowMs();
  const witnessed = await witnessedOf(before, witnessedAtMs);
  const keptNote = before.checkpoints.at(-2)?.note ?? '';
  const sizes = before.checkpoints.map(({ size }) => size);
  return {
    ...{ administrator, before, sizes, size: sizes.at(-1) ?? 0, witnessed, witnessedAtMs, memoryPath, memory },
    kept: await openKnown('kept', keptNote, logSigner.key, verifyEd25519),
    async recorded(events) {
      await administrator.write({ ...before, events });
      return allEvents(administrator);
    },
    async close() {
      await administrator.close();
      await stores.remove();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

const DAY_MS = 24 * 3_600_000;

/** By text, the last of them now, the one before it a week ago, and so on: a witness that is seldom asked. */
async function witnessedOf({ checkpoints }: Rows, lastMs: number): Promise<ReadonlyMap<string, string>> {
  const witnessed = new Map<string, string>();
  for (const [index, { note }] of checkpoints.entries()) {
    const { text } = parseNote(note);
    const witnessedMs = lastMs - (checkpoints.length - 1 - index) * 7 * DAY_MS;
    witnessed.set(text, await signed(text, { witness: witnessSigner, witnessedMs }));
  }
  return witnessed;
}

export async function administratorOf({ directory, node }: TestStores): Promise<Administrator> {
  if (!node) return new SqliteAdministrator(directory);
  if (!node.double) throw new Error('nobody can edit the rows of a real node');
  const postgres = await postgresForTests();
  return ServerAdministrator.open(node.double, postgres.url, postgres.schema());
}

/** A few of everything: workflows that are made, activated, changed and run, one way and the other. */
async function runWorkflows({ env }: TestStores): Promise<void> {
  const server = await startServer(parseSettings({ PORT: '0', LOG_LEVEL: 'silent', AUTH: 'off', ...env }));
  const client = new V1Client(server.url);
  try {
    const branches = workflow(
      'branches',
      [trigger, conditional('low', 'workflow.score < 50'), setOutput('approve', {}), setOutput('review', {})],
      ['in>low', 'low>approve:true', 'low>review:false'],
    );
    const ids = [await client.active(branches), await client.active(chain('plain', setOutput('out', { a: 1 })))];
    for (let run = 0; run < REAL_RUNS; run += 1) {
      await client.run(ids[run % ids.length] ?? '', { score: run * 20 }, `run-${run}`);
    }
  } finally {
    client.close();
    await server.close();
  }
}

/** More runs, eight side by side, with leases among them, until there are so many leaves. */
async function addRuns(stores: TestStores, administrator: Administrator, leaves: number): Promise<void> {
  const have = await administrator.openLog().then(async (log) => {
    const events: RecordedEvent[] = [];
    for await (const event of log.readAll()) events.push(event);
    await log.close();
    return events;
  });
  const log = await openForWriting(stores);
  const first = have.filter(({ stream }) => stream.startsWith('execution-00000000-0000-7000-')).length / EVENTS_PER_RUN;
  try {
    for (let runs = first, count = have.length; count < leaves; count += SIDE_BY_SIDE * EVENTS_PER_RUN) {
      const block = Array.from({ length: SIDE_BY_SIDE }, (_, index) => runs + index);
      await addLease(log, runs);
      // Half of each, then the other half: the streams are interleaved.
      for (const half of [0, 1] as const) await Promise.all(block.map((run) => addHalfRun(log, run, half)));
      runs += SIDE_BY_SIDE;
    }
  } finally {
    await log.close();
  }
}

const SIDE_BY_SIDE = 8;
const HALF_EVENTS = 2;

async function addHalfRun(log: EventStore, run: number, half: 0 | 1): Promise<void> {
  const first = Math.floor(run / SIDE_BY_SIDE) * SIDE_BY_SIDE * EVENTS_PER_RUN + (run % SIDE_BY_SIDE);
  const events = Array.from({ length: EVENTS_PER_RUN }, (_, revision) => sampleEvent(first + revision * SIDE_BY_SIDE));
  const added = events.map(({ id, type, data, metadata }) => ({ id, type, data: data as object, metadata }));
  const stream = `execution-${uuid(run)}`;
  if (half === 0) await log.append(stream, added.slice(0, HALF_EVENTS), { expectedRevision: 'no_stream' });
  else await log.append(stream, added.slice(HALF_EVENTS), { expectedRevision: HALF_EVENTS - 1 });
}

async function addLease(log: EventStore, run: number): Promise<void> {
  const { metadata } = sampleEvent(run);
  const event = { id: uuid(2_000_000_000 + run), type: 'LeaseTaken', data: {}, metadata };
  await log.append(`lease-${run}`, [event], { expectedRevision: 'no_stream' });
}

/** Whoever opens it closes it. */
export function openForWriting({ directory, node }: TestStores): Promise<EventStore> {
  return node ? EsdbEventStore.open({ connectionString: node.url }) : SqliteEventStore.open({ directory });
}

/** The real sequencer and the real signer, as far as the log goes. */
async function sequence(administrator: Administrator, memoryPath: string): Promise<void> {
  const [store, events] = [await administrator.openEvidence(), await administrator.openLog()];
  try {
    const signer = await CheckpointSigner.open(placing.hasher, logSigner, new FileSignerMemory(memoryPath));
    const sequencer = new Sequencer({
      ...{ store, events, signer, placing, clock, held: [], patienceMs: 0 },
      pause: () => Promise.resolve(),
      checkSignature: () => Promise.resolve(),
      progressed: () => undefined,
    });
    await sequencer.open(new AbortController().signal);
    await sequencer.finish(60_000);
  } finally {
    await Promise.all([store.close(), events.close()]);
  }
}

export async function allEvents(administrator: Administrator): Promise<RecordedEvent[]> {
  const log = await administrator.openLog();
  try {
    const events: RecordedEvent[] = [];
    for await (const event of log.readAll()) events.push(event);
    return events;
  } finally {
    await log.close();
  }
}
