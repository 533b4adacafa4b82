import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Subject } from './event-store.contract.js';
import { eventStoreContract } from './event-store.contract.js';
import { openDatabase } from './sqlite.database.js';
import { SqliteEventStore } from './sqlite.event-store.js';
import { codeOf, collect, idsOf, newEvent, newEvents } from './subject.contract.js';

const directories: string[] = [];

function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'event-log-'));
  directories.push(directory);
  return directory;
}

async function start(): Promise<Subject> {
  const store = await SqliteEventStore.open({ directory: newDirectory() });
  return {
    store,
    async appendLosingReply(stream, events, expectedRevision) {
      const giver = new AbortController();
      const appended = store.append(stream, events, { expectedRevision, signal: giver.signal });
      appended.catch(() => undefined);
      await new Promise((resolve) => setImmediate(resolve));
      giver.abort();
      return appended;
    },
    end: () => store.close(),
  };
}

afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

/** Runs module code in a process of its own, from the sources, and gives its lines. */
function child(
  code: string,
  ...parameters: string[]
): { lines: AsyncIterable<string>; process: ReturnType<typeof spawn> } {
  const loader = new URL('../../../test/support/typescript.mjs', import.meta.url).href;
  const started = spawn(
    process.execPath,
    ['--no-warnings', '--import', loader, '--input-type=module', '-e', code, ...parameters],
    { cwd: fileURLToPath(new URL('../../..', import.meta.url)), stdio: ['ignore', 'pipe', 'inherit'] },
  );
  return { lines: createInterface({ input: started.stdout }), process: started };
}

const writer = `
  import { SqliteEventStore } from '@app/event-store/nest';
  import { randomUUID } from 'node:crypto';
  const store = await SqliteEventStore.open({ directory: process.argv[1] });
  const metadata = { actor: { type: 'user', id: 'a', name: 'a', via: 'none' }, channel: 'rest', correlationId: 'c',
    occurredAt: '2026-01-02T03:04:05.678Z', schemaVersion: 1 };
  for (let writer = 0; writer < 16; writer += 1) void (async () => {
    const stream = 'thing-' + randomUUID();
    for (let revision = 0; ; revision += 1) {
      const events = [{ id: randomUUID(), type: 'T', data: { revision }, metadata }];
      await store.append(stream, events, { expectedRevision: revision === 0 ? 'no_stream' : revision - 1 });
      console.log(events[0].id);
    }
  })();
`;

describe('the event store in SQLite', () => {
  eventStoreContract(start);

  describe('on disk', () => {
    it('still has every acknowledged event after kill -9 under load, and can be written to at once', async () => {
      const directory = newDirectory();
      const acknowledged: string[] = [];
      for (let round = 0; round < 3; round += 1) {
        const running = child(writer, directory);
        let count = 0;
        for await (const line of running.lines) {
          acknowledged.push(line);
          count += 1;
          if (count === 300) running.process.kill('SIGKILL');
        }
        const store = await SqliteEventStore.open({ directory });
        const log = await collect(store.readAll());
        const ids = new Set(idsOf(log));
        expect(acknowledged.filter((id) => !ids.has(id))).toEqual([]);
        expect(ids.size).toBe(log.length);
        expect(await codeOf(store.append('other-1', [newEvent()], { expectedRevision: 'any' }))).toBe('none');
        await store.close();
      }
      expect(acknowledged.length).toBeGreaterThanOrEqual(900);
    });

    it('gives a follower that goes on after kill -9 every event exactly once', async () => {
      const directory = newDirectory();
      const seen: string[] = [];
      let after = 'start';
      for (let round = 0; round < 3; round += 1) {
        const running = child(writer, directory);
        await once(running.lines as unknown as NodeJS.EventEmitter, 'line');
        const reader = await SqliteEventStore.openReader({ directory });
        const stop = new AbortController();
        const goal = seen.length + 200;
        for await (const message of reader.subscribeToAll({ after, signal: stop.signal })) {
          if (message.kind !== 'event') continue;
          seen.push(message.event.id);
          after = message.event.position;
          if (seen.length === goal) stop.abort();
        }
        running.process.kill('SIGKILL');
        await once(running.process, 'exit');
        await reader.close();
      }
      const reader = await SqliteEventStore.openReader({ directory });
      expect(seen).toEqual(idsOf(await collect(reader.readAll({ limit: seen.length }))));
      await reader.close();
    });

    it('keeps the outcome of an append whose process was killed before it could know', async () => {
      const directory = newDirectory();
      const events = newEvents(2);
      const running = child(
        `import { SqliteEventStore } from '@app/event-store/nest';
         const store = await SqliteEventStore.open({ directory: process.argv[1] });
         const events = JSON.parse(process.argv[2]);
         await store.append('thing-1', events, { expectedRevision: 'no_stream' });
         process.kill(process.pid, 'SIGKILL');`,
        directory,
        JSON.stringify(events),
      );
      await once(running.process, 'exit');
      const store = await SqliteEventStore.open({ directory });
      expect(await store.append('thing-1', events, { expectedRevision: 'no_stream' })).toMatchObject({
        lastRevision: 1,
      });
      expect(idsOf(await collect(store.readAll()))).toEqual(idsOf(events));
      await store.close();
    });

    it('goes on where it stopped when it is opened again', async () => {
      const directory = newDirectory();
      const first = await SqliteEventStore.open({ directory });
      await first.append('thing-1', newEvents(3), { expectedRevision: 'no_stream' });
      const head = await first.head();
      await first.close();
      const second = await SqliteEventStore.open({ directory });
      expect(await second.head()).toBe(head);
      expect(second.lastAppended).toBeUndefined();
      expect(await second.append('thing-1', newEvents(1), { expectedRevision: 2 })).toMatchObject({ lastRevision: 3 });
      await second.close();
    });

    it('lets nobody update or delete', async () => {
      const directory = newDirectory();
      const store = await SqliteEventStore.open({ directory });
      await store.append('thing-1', newEvents(2), { expectedRevision: 'no_stream' });
      const intruder = openDatabase(join(directory, 'log.db'));
      for (const act of [
        `UPDATE events SET data = '{}'`,
        'DELETE FROM events',
        `UPDATE streams SET name = 'thing-2'`,
        'DELETE FROM streams',
      ]) {
        expect(() => intruder.exec(act)).toThrow('the log is append-only');
      }
      expect(() =>
        intruder.exec(`INSERT INTO events SELECT 9, stream, revision, id, type, 1, data, metadata FROM events`),
      ).toThrow('UNIQUE');
      intruder.close();
      expect(await collect(store.readAll())).toHaveLength(2);
      await store.close();
    });

    it.each([
      'data = NULL',
      `data = 'null'`,
      'metadata = NULL',
      `metadata = 'null'`,
      `metadata = '[]'`,
      `data = '{"a'`,
    ])('calls an event damaged, and does not ask to try again, where somebody has set %s', async (change) => {
      const directory = newDirectory();
      const store = await SqliteEventStore.open({ directory });
      await store.append('thing-1', newEvents(2), { expectedRevision: 'no_stream' });
      const intruder = openDatabase(join(directory, 'log.db'));
      intruder.exec('CREATE TABLE free AS SELECT * FROM events; DROP TABLE events; ALTER TABLE free RENAME TO events');
      intruder.exec(`UPDATE events SET ${change} WHERE revision = 1`);
      intruder.close();
      const error: unknown = await collect(store.readAll()).catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: 'Corrupt', retryable: false });
      await store.close();
    });

    it('stays right when another connection has written to the log in spite of the lock', async () => {
      const directory = newDirectory();
      const [one, two] = [await SqliteEventStore.open({ directory }), await SqliteEventStore.open({ directory })];
      await one.append('thing-1', newEvents(1), { expectedRevision: 'no_stream' });
      await two.append('thing-1', newEvents(1), { expectedRevision: 0 });
      expect(await codeOf(one.append('thing-1', newEvents(1), { expectedRevision: 0 }))).toBe('WrongExpectedRevision');
      await one.append('thing-1', newEvents(1), { expectedRevision: 1 });
      expect(await collect(two.readAll())).toHaveLength(3);
      await one.close();
      await two.close();
    });

    it('tells the time by the clock it was given, and never back, also after a restart', async () => {
      const directory = newDirectory();
      const times: string[] = [];
      for (const nowMs of [2_000, 1_000]) {
        const store = await SqliteEventStore.open({ directory, clock: { nowMs: () => nowMs } });
        await store.append('thing-1', [newEvent()], { expectedRevision: 'any' });
        times.push(...(await collect(store.readAll())).map((event) => event.recordedAt));
        await store.close();
      }
      expect(new Set(times)).toEqual(new Set(['1970-01-01T00:00:02.000Z']));
    });
  });

  describe('the reader', () => {
    it('reads and follows what another thread of the process writes, and cannot append', async () => {
      const directory = newDirectory();
      const store = await SqliteEventStore.open({ directory });
      const reader = await SqliteEventStore.openReader({ directory });
      const stop = new AbortController();
      const seen: string[] = [];
      const following = (async () => {
        for await (const message of reader.subscribeToAll({ after: 'start', signal: stop.signal })) {
          if (message.kind === 'event') seen.push(message.event.id);
          if (seen.length === 20) stop.abort();
        }
      })();
      const events = newEvents(20);
      for (const [index, event] of events.entries()) {
        await store.append('thing-1', [event], { expectedRevision: index === 0 ? 'no_stream' : index - 1 });
      }
      await following;
      expect(seen).toEqual(idsOf(events));
      expect(await reader.head()).toBe(await store.head());
      expect(await reader.health()).toMatchObject({ status: 'up' });
      expect(await codeOf(reader.append())).toBe('AccessDenied');
      await reader.close();
      await reader.close();
      expect(await reader.health()).toMatchObject({ status: 'down' });
      expect(await codeOf(reader.head())).toBe('Closed');
      await store.close();
    });

    it('needs a log that exists', async () => {
      expect(await codeOf(SqliteEventStore.openReader({ directory: newDirectory() }))).toBe('AccessDenied');
    });
  });

  it('lets the process end once it is closed, and also when it was left open and idle', async () => {
    for (const last of ['await store.close();', '']) {
      const { process: running } = child(
        `import { SqliteEventStore } from '@app/event-store/nest';
         const store = await SqliteEventStore.open({ directory: process.argv[1] });
         await store.append('thing-1', [{ id: crypto.randomUUID(), type: 'T', data: {}, metadata: {} }],
           { expectedRevision: 'any' });
         ${last}`,
        newDirectory(),
      );
      expect((await once(running, 'exit'))[0]).toBe(0);
    }
  });

  it('does not answer an append that ran out of time before or after it was sent with a success', async () => {
    const { store, end } = await start();
    const events = newEvents(400);
    const given = store.append('thing-1', events, { expectedRevision: 'no_stream', timeoutMs: 0 });
    expect(['StoreUnavailable', 'AppendOutcomeUnknown', 'none']).toContain(await codeOf(given));
    expect(await codeOf(store.append('thing-1', events, { expectedRevision: 'no_stream', timeoutMs: 20_000 }))).toBe(
      'none',
    );
    expect(await collect(store.readAll())).toHaveLength(400);
    await end();
  });
});
