import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { projection } from '@app/kernel';
import { MemoryEventStore, PostgresDatabase, SqliteEventStore } from '@app/event-store/nest';
import { type PostgresCluster, postgresForTests, startPostgres } from '../../../test/support/postgres.js';
import { until } from '../../../test/support/until.js';
import { InProcessPostgresViews } from './in-process.postgres.view-store.js';
import { PostgresViewReader } from './postgres.view-reader.js';
import { PostgresViews } from './postgres.view-store.js';
import { PostgresViewWriter } from './postgres.view-writer.js';
import { generationsOf, prepareViewsSchema } from './postgres.views-schema.js';
import { entryTables } from './postgres.entry-table.js';
import { sample, snapshotOf } from './view-store.contract.js';
import { anySample, appendSamples, newEvent, sampleDocuments, sampleEntries } from './view-samples.contract.js';
import type { RebuiltView } from './view-store.js';
import { filled, viewWriterContract } from './view-writer.contract.js';

const TEST_MS = 120_000;
const both = [projection(sampleEntries), projection(sampleDocuments)];
const log = { error: (): void => undefined };
const projectorThread = new URL('./sample-projector.contract.ts', import.meta.url);

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.reverse().splice(0)) await close();
});
function later<T extends { close(): Promise<void> }>(opened: T): T {
  closers.push(() => opened.close());
  return opened;
}

/** With its schema's name as the name of the application. */
async function freshDatabase(): Promise<PostgresDatabase> {
  const { url, schema } = await postgresForTests();
  const name = schema();
  return later(await PostgresDatabase.open({ url, schema: name, applicationName: name, poolMax: 3, log }));
}

async function newLog(count: number): Promise<{ directory: string; events: SqliteEventStore }> {
  const directory = mkdtempSync(join(tmpdir(), 'views-'));
  closers.push(() => rmSync(directory, { recursive: true, force: true }));
  const events = later(await SqliteEventStore.open({ directory }));
  await appendSamples(events, fc.sample(anySample, { numRuns: count, seed: 9 }));
  return { directory, events };
}

async function expectAsFresh(views: Parameters<typeof snapshotOf>[0], events: SqliteEventStore): Promise<void> {
  const fresh = later(
    await InProcessPostgresViews.open({ database: await freshDatabase(), events, projections: both }),
  );
  await fresh.catchUp();
  expect(await snapshotOf(views)).toEqual(await snapshotOf(fresh));
}

describe('the writer of PostgreSQL views', () => {
  viewWriterContract(async () => {
    const database = await freshDatabase();
    await prepareViewsSchema(database);
    return {
      open: (events, projections, onRebuilt) =>
        InProcessPostgresViews.open({
          database,
          events,
          projections,
          batchMax: 50,
          ...(onRebuilt ? { onRebuilt } : {}),
        }),
      writer: () => new PostgresViewWriter(() => Promise.resolve(database)),
    };
  });

  it('is one at a time; the next one has the views when the first gives them up', async () => {
    const database = await freshDatabase();
    await prepareViewsSchema(database);
    const [first, second] = [0, 1].map(() => new PostgresViewWriter(() => Promise.resolve(database)));
    if (!first || !second) throw new Error('two writers were made');
    expect(await first.claim()).toBe(true);
    expect(await second.claim()).toBe(false);
    await expect(second.open(both)).rejects.toMatchObject({ code: 'StoreUnavailable' });
    await first.close();
    await until(() => second.claim());
    expect(first.isClaimed).toBe(false);
    await second.close();
  });

  it('cannot commit once another has taken over, even when it does not know', async () => {
    const database = await freshDatabase();
    await prepareViewsSchema(database);
    const writer = later(new PostgresViewWriter(() => Promise.resolve(database)));
    await writer.claim();
    await writer.open(both);
    await database.execute('UPDATE view_folding SET epoch = epoch + 1');
    const mark = { position: 'mem:00000000000000000001', eventId: 'e', previous: undefined };
    await expect(writer.commit([], mark.position, mark)).rejects.toThrow('another server has taken over');
    expect(writer.isClaimed).toBe(false);
    expect(await database.rows('SELECT position FROM view_folding')).toEqual([[null]]);
  });

  it('learns that its connection is gone', async () => {
    const database = await freshDatabase();
    await prepareViewsSchema(database);
    const writer = later(new PostgresViewWriter(() => Promise.resolve(database)));
    await writer.claim();
    await database.execute(
      `SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_stat_activity USING (pid)
        WHERE locktype = 'advisory' AND application_name = $1`,
      [database.schema],
    );
    await until(() => writer.lost?.aborted === true);
    expect(writer.isClaimed).toBe(false);
    await until(() => writer.claim());
  });
});

describe('texts that PostgreSQL cannot index as they are', () => {
  it(
    'are found all the same: with U+0000 in them, and longer than an index takes',
    async () => {
      const events = new MemoryEventStore();
      const long = (end: string): string => '\u{1F600}'.repeat(2_000) + end;
      const tags = ['a\u0000b', 'a\u0001', long('x'), long('y'), long('')];
      for (const [at, tag] of tags.entries()) {
        await events.append(`workflow-${at}`, [newEvent('Changed', { ...sample(`key ${at}`), tag })], {
          expectedRevision: 'no_stream',
        });
      }
      // So that they are looked up in a closed block and in the tail.
      await appendSamples(events, fc.sample(anySample, { numRuns: 4_500, seed: 4 }));
      await appendSamples(
        events,
        tags.map((tag, at) => ({ ...sample(`late ${at}`), tag })),
      );
      const views = later(
        await InProcessPostgresViews.open({
          database: await freshDatabase(),
          events,
          // No index of a document view holds the tag.
          projections: [projection(sampleEntries), projection({ ...sampleDocuments, indexes: [['serial']] })],
        }),
      );
      await views.catchUp();
      for (const [at, tag] of tags.entries()) {
        const filters = [{ field: 'tag', equals: tag }];
        const found = await views.entries<{ key: string; tag: string }>(sampleEntries.name, {
          filters,
          descending: false,
          limit: 10_000,
        });
        expect(found.every(({ doc }) => doc.tag === tag)).toBe(true);
        expect(found.map(({ doc }) => doc.key)).toEqual(expect.arrayContaining([`key ${at}`, `late ${at}`]));
        expect(await views.count(sampleDocuments.name, filters)).toBeGreaterThanOrEqual(2);
        expect((await views.get<{ tag: string }>(sampleDocuments.name, `key ${at}`))?.tag).toBe(tag);
      }
    },
    TEST_MS,
  );
});

describe('a reader that knows more than a database that crashed', () => {
  it('forgets what was lost, and takes in what is folded again', async () => {
    const database = await freshDatabase();
    const events = await filled(300);
    const views = later(await InProcessPostgresViews.open({ database, events, projections: both, batchMax: 100 }));
    await views.catchUp();
    const reader = new PostgresViewReader(database);
    const ask = { method: 'count', view: sampleEntries.name, filters: [] } as const;
    expect(await reader.answer(ask)).toBe(300);
    const [generation] = await generationsOf(database, sampleEntries.name);
    const { rows, tail } = entryTables(generation?.generation ?? 0);
    const saved = await database.rows<[number, number, string]>(`SELECT * FROM ${tail} WHERE first > 200`);
    await database.execute(`DELETE FROM ${tail} WHERE first > 200`);
    await database.execute(`CREATE TABLE kept AS SELECT * FROM ${rows} WHERE sequence > 200`);
    await database.execute(`DELETE FROM ${rows} WHERE sequence > 200`);
    expect(await reader.answer(ask)).toBe(200);
    await database.execute(`INSERT INTO ${rows} SELECT * FROM kept`);
    for (const chunk of saved) await database.execute(`INSERT INTO ${tail} VALUES ($1, $2, $3)`, chunk);
    expect(await reader.answer(ask)).toBe(300);
  });
});

describe('a process killed while it folds', () => {
  it(
    'leaves views that, folded on, equal those of a fresh start',
    async () => {
      const { directory, events } = await newLog(6_000);
      const { url } = await postgresForTests();
      const database = await freshDatabase();
      const file = fileURLToPath(new URL('./sample-crash.contract.ts', import.meta.url));
      const loader = new URL('../../../test/support/typescript.mjs', import.meta.url).href;
      for (let kill = 0; kill < 3; kill += 1) {
        const words = ['--no-warnings', '--import', loader, file, directory, url, database.schema];
        const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
        const ended = once(child, 'exit');
        await once(child.stdout, 'data');
        await pause(30 + kill * 40);
        child.kill('SIGKILL');
        await ended;
      }
      const views = later(await opened(database, events));
      await views.catchUp();
      await expectAsFresh(views, events);
    },
    TEST_MS,
  );

  /** The server needs a moment to notice that the other process is gone. */
  async function opened(database: PostgresDatabase, events: SqliteEventStore): Promise<InProcessPostgresViews> {
    for (;;) {
      try {
        return await InProcessPostgresViews.open({ database, events, projections: both });
      } catch (error) {
        if ((error as { code?: string }).code !== 'StoreUnavailable') throw error;
        await pause(50);
      }
    }
  }
});

describe('several servers on one database', () => {
  async function server(directory: string, url: string, schema: string): Promise<[PostgresViews, RebuiltView[]]> {
    const rebuilt: RebuiltView[] = [];
    const views = await PostgresViews.open({
      url,
      schema,
      logPlace: { kind: 'sqlite', directory },
      projectorThread,
      onRebuilt: (some) => rebuilt.push(...some),
      log,
    });
    return [later(views), rebuilt];
  }

  it(
    'make a changed view anew once, answer alike, and each shows a caller what he wrote',
    async () => {
      const { directory, events } = await newLog(2_500);
      const { url } = await postgresForTests();
      const database = await freshDatabase();
      const old = projection({ ...sampleDocuments, version: 0 });
      const before = await InProcessPostgresViews.open({
        database,
        events,
        projections: [projection(sampleEntries), old],
      });
      await before.catchUp();
      await before.close();
      const servers = await Promise.all([0, 1].map(() => server(directory, url, database.schema)));
      for (const [views] of servers) {
        expect(await views.waitFor(events.lastAppended, 60_000)).toBe(true);
        await until(() => views.status().rebuilding.length === 0);
      }
      expect(servers.flatMap(([, rebuilt]) => rebuilt)).toEqual([
        { view: sampleDocuments.name, version: 1, reason: 'changed' },
      ]);
      for (const [views] of servers) await expectAsFresh(views, events);
      for (let number = 0; number < 20; number += 1) {
        const doc = sample(`written ${number}`);
        const { position } = await events.append(`workflow-own-${number}`, [newEvent('Changed', doc)], {
          expectedRevision: 'no_stream',
        });
        for (const [views] of servers) {
          expect(await views.waitFor(position, 20_000)).toBe(true);
          expect(await views.get(sampleDocuments.name, doc.key)).toEqual(doc);
        }
      }
    },
    TEST_MS,
  );

  it(
    'go on when the one that folds ends',
    async () => {
      const { directory, events } = await newLog(300);
      const { url, schema } = await postgresForTests();
      const name = schema();
      const [first] = await server(directory, url, name);
      const [second] = await server(directory, url, name);
      expect(await second.waitFor(events.lastAppended, 60_000)).toBe(true);
      await first.close();
      await expect(first.get(sampleDocuments.name, 'x')).rejects.toMatchObject({ code: 'Closed' });
      const doc = sample('after the first');
      const { position } = await events.append('workflow-after', [newEvent('Changed', doc)], {
        expectedRevision: 'no_stream',
      });
      expect(await second.waitFor(position, 60_000)).toBe(true);
      expect(await second.get(sampleDocuments.name, doc.key)).toEqual(doc);
      await expectAsFresh(second, events);
    },
    TEST_MS,
  );
});

describe('PostgreSQL that is away', () => {
  let cluster: PostgresCluster;
  beforeAll(async () => {
    cluster = await startPostgres();
  }, TEST_MS);
  afterAll(() => cluster.remove());

  async function open(directory: string, schema: string, failures: unknown[] = []): Promise<PostgresViews> {
    return later(
      await PostgresViews.open({
        url: cluster.url,
        schema,
        logPlace: { kind: 'sqlite', directory },
        projectorThread,
        onStatus: ({ failed }) => failures.push(failed),
        log,
      }),
    );
  }

  it.each(['stop', 'kill9'] as const)(
    'is said so, and folding goes on by itself when it is back, with nothing lost: %s',
    async (how) => {
      const { directory, events } = await newLog(1_500);
      const failures: unknown[] = [];
      const views = await open(directory, `away_${how}`, failures);
      expect(await views.waitFor(events.lastAppended, 60_000)).toBe(true);
      expect(await views.count(sampleEntries.name, [])).toBe(1_500);
      await cluster[how]();
      await until(() => views.status().failed !== undefined);
      await expect(views.get(sampleDocuments.name, 'x')).rejects.toMatchObject({ code: 'StoreUnavailable' });
      await appendSamples(events, fc.sample(anySample, { numRuns: 700, seed: 11 }));
      expect(await views.waitFor(events.lastAppended, 50)).toBe(false);
      await cluster.start();
      expect(await views.waitFor(events.lastAppended, 60_000)).toBe(true);
      expect(await views.count(sampleEntries.name, [])).toBe(2_200);
      expect(views.status()).toEqual({ position: events.lastAppended, rebuilding: [] });
      await expectAsFresh(views, events);
      expect(failures.at(-1)).toBeUndefined();
      expect(String(failures[0])).toContain('views cannot be written');
      expect(failures.join()).not.toContain(new URL(cluster.url).password);
    },
    TEST_MS,
  );

  it(
    'is waited for at the start',
    async () => {
      const { directory, events } = await newLog(200);
      await cluster.stop();
      const views = await open(directory, 'away_at_start');
      expect(views.status().failed).toContain('views cannot be written');
      await expect(views.count(sampleEntries.name, [])).rejects.toMatchObject({ code: 'StoreUnavailable' });
      await cluster.start();
      expect(await views.waitFor(events.lastAppended, 60_000)).toBe(true);
      expect(await views.count(sampleEntries.name, [])).toBe(200);
    },
    TEST_MS,
  );

  it('refuses a wrong password in plain words, and shows none', async () => {
    const { directory } = await newLog(1);
    const url = new URL(cluster.url);
    url.password = 'opensesame';
    const opening = PostgresViews.open({
      url: url.href,
      schema: 'away_denied',
      logPlace: { kind: 'sqlite', directory },
      projectorThread,
      log,
    });
    const error = await opening.then(
      () => undefined,
      (reason: unknown) => String(reason),
    );
    expect(error).toContain('password authentication failed');
    expect(error).not.toContain('opensesame');
  });
});
