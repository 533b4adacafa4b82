// Several servers on one log and one PostgreSQL: one makes the evidence, the others watch it and take over.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { openDatabase, PostgresDatabase, SqliteEventStore } from '@app/event-store/nest';
import { postgresForTests } from '../../../test/support/postgres.js';
import type { PostgresForTests } from '../../../test/support/postgres.js';
import type { EvidenceThreadStart } from './evidence-messages.js';
import type { RunningKeeping } from './keeping-fixture.contract.js';
import { appendRun, KeptLog, runKeeping } from './keeping-fixture.contract.js';
import { formatSignerKey } from './note-key.js';
import { ed25519Signer } from './node.signature.js';

let server: PostgresForTests;
let schema: string;
let kept: KeptLog;
let running: RunningKeeping[];

beforeAll(async () => {
  server = await postgresForTests();
}, 120_000);
beforeEach(() => {
  schema = server.schema();
  kept = new KeptLog();
  running = [];
});
afterEach(async () => {
  for (const keeping of running) await keeping.stop();
  await kept.remove();
});

const seed = new Uint8Array(32).fill(7);
const keyText = (byte: number): string => {
  const own = new Uint8Array(32).fill(byte);
  const { name, keyId, algorithm } = ed25519Signer('example.com/shared', own).key;
  return formatSignerKey({ name, keyId, algorithm, seed: own });
};

/** A server with files of its own. */
function startOf(name: string, more: Partial<EvidenceThreadStart['key']> = {}): EvidenceThreadStart {
  const file = join(kept.directory, `${name}.key`);
  const key = { file, memoryFile: `${file}.signed`, text: keyText(seed[0] ?? 0), ...more };
  return kept.start({ place: { kind: 'postgres', url: server.url, schema }, key });
}

async function keep(start: EvidenceThreadStart): Promise<RunningKeeping> {
  const keeping = await runKeeping(start, await SqliteEventStore.openReader({ directory: kept.directory }));
  running.push(keeping);
  return keeping;
}

async function stop(keeping: RunningKeeping): Promise<void> {
  running = running.filter((one) => one !== keeping);
  await keeping.stop();
}

it('is made by one of them, and the other sees how it stands', async () => {
  const events = await kept.events();
  await appendRun(events, 5);
  const first = await keep(startOf('one'));
  await first.until(({ signed }) => signed?.size === 5);
  const second = await keep(startOf('two'));
  expect(await second.until(({ signed }) => signed?.size === 5)).toMatchObject({
    state: 'working',
    sequences: false,
    origin: 'example.com/shared',
    size: 5,
  });
  expect(first.status().sequences).toBe(true);
});

it('is taken over by the other, which goes on where the first stopped, and back', async () => {
  const events = await kept.events();
  const stream = await appendRun(events, 5);
  const first = await keep(startOf('one'));
  const second = await keep(startOf('two'));
  await first.until(({ signed }) => signed?.size === 5);
  await stop(first);
  await appendRun(events, 3);
  const { sequences } = await second.until(({ signed }) => signed?.size === 8);
  expect(sequences).toBe(true);
  expect((await second.store.leavesOfStream(stream, 0, 9)).length).toBe(5);
  // The first remembers having signed 5, and learns that 8 continues it.
  const again = await keep(startOf('one'));
  await stop(second);
  await appendRun(events, 2);
  await again.until(({ signed, sequences: mine }) => mine && signed?.size === 10);
});

it('fails for all of them when it fails for one', async () => {
  const events = await kept.events();
  await appendRun(events, 5);
  const first = await keep(startOf('one'));
  await first.until(({ signed }) => signed?.size === 5);
  const second = await keep(startOf('two'));
  const database = openDatabase(kept.logPath);
  database.exec("DROP TRIGGER events_refuse_update; UPDATE events SET data = '{}' WHERE position = 2");
  database.close();
  await first.suspect(1);
  await first.until(({ state }) => state === 'failed');
  expect((await second.until(({ state }) => state === 'failed')).reason).toMatch(/leaf 1 .*data changed/);
});

it('is not signed by a server with another key', async () => {
  const events = await kept.events();
  await appendRun(events, 2);
  const first = await keep(startOf('one'));
  await first.until(({ signed }) => signed?.size === 2);
  await expect(keep(startOf('two', { text: keyText(9) }))).rejects.toThrow(/all servers of one log need the same/);
});

/** Ends the connection that holds the right to make evidence. */
async function cutConnection(): Promise<void> {
  const admin = await PostgresDatabase.open({
    url: server.adminUrl,
    applicationName: 'tests',
    schema: server.schema(),
    log: { error: () => undefined },
  });
  try {
    // The lock of this schema: other suites have locks of their own on the same server.
    const number = createHash('sha256').update(`runledger lock ${schema} evidence sequencer`).digest();
    const cut = await admin.query(
      `SELECT pg_terminate_backend(pid) FROM pg_locks
       WHERE locktype = 'advisory' AND classid::bigint = $1 AND objid::bigint = $2`,
      [number.readUInt32BE(0), number.readUInt32BE(4)],
    );
    expect(cut).toHaveLength(1);
  } finally {
    await admin.close();
  }
}

it('goes on by itself when its connection was cut', async () => {
  const events = await kept.events();
  await appendRun(events, 2);
  const keeping = await keep(startOf('one'));
  await keeping.until(({ signed }) => signed?.size === 2);
  await cutConnection();
  await appendRun(events, 4);
  await keeping.until(({ signed, state }) => state === 'working' && signed?.size === 6);
});

it('goes on by itself when its connection was cut while it read the log', async () => {
  const events = await kept.events();
  await appendRun(events, 2);
  const before = await keep(startOf('one'));
  await before.until(({ signed }) => signed?.size === 2);
  await stop(before);
  const reader = await SqliteEventStore.openReader({ directory: kept.directory });
  const readAll = reader.readAll.bind(reader);
  let cuts = 0;
  reader.readAll = async function* (options) {
    cuts += 1;
    if (cuts === 1) {
      await cutConnection();
      const signal = options?.signal as AbortSignal;
      if (!signal.aborted) await once(signal, 'abort');
    }
    yield* readAll(options);
  };
  const keeping = await runKeeping(startOf('one'), reader);
  running.push(keeping);
  await appendRun(events, 4);
  await keeping.until(({ signed, state }) => state === 'working' && signed?.size === 6);
  expect(cuts).toBeGreaterThan(1);
});
