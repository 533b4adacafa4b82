import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockDataDirectory, MemoryEventStore, PostgresDatabase } from '@app/event-store/nest';
import { InProcessPostgresViews } from '@app/read-model/nest';
import { postgresForTests } from '../../../test/support/postgres.js';
import { projections } from './projections.js';
import { runOperator } from './operator.command.js';

let directory: string;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'runledger-rebuild-'))));
afterEach(() => rmSync(directory, { recursive: true }));

interface Outcome {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

const rebuild = (...args: string[]): Promise<Outcome> => rebuildWith({}, ...args);

async function rebuildWith(env: Record<string, string>, ...args: string[]): Promise<Outcome> {
  let [out, err] = ['', ''];
  const world = {
    out: (text: string) => void (out += text),
    err: (text: string) => void (err += text),
    env: { DATA_DIR: directory, ...env },
    nowMs: () => 0,
    signal: new AbortController().signal,
  };
  return { exit: await runOperator(['rebuild', ...args], world), out, err };
}

function fill(): void {
  for (const name of ['log.db', 'views.db', 'views.db-wal', 'views.db-shm']) writeFileSync(join(directory, name), 'x');
}

describe('runledger rebuild', () => {
  it('deletes the views, and nothing else', async () => {
    fill();
    const { exit, out, err } = await rebuild();
    expect([exit, err]).toEqual([0, '']);
    expect(out).toMatch(/^deleted the views in .*anew from the log\n$/);
    expect(
      ['log.db', 'views.db', 'views.db-wal', 'views.db-shm'].map((name) => existsSync(join(directory, name))),
    ).toEqual([true, false, false, false]);
    const again = await rebuild('--json');
    expect(JSON.parse(again.out)).toEqual({ place: directory, deleted: [] });
  });

  it('waits for no server, and takes nothing away from one', async () => {
    fill();
    const lock = await lockDataDirectory(directory);
    const { exit, out } = await rebuild();
    await lock.release();
    expect([exit, out, existsSync(join(directory, 'views.db'))]).toEqual([2, '', true]);
    expect((await rebuild()).exit).toBe(0);
  });

  it('touches no directory that is none of a server', async () => {
    const { exit, err } = await rebuild('--from', join(directory, 'other'));
    expect([exit, err]).toEqual([3, expect.stringMatching(/is no data directory/)]);
    expect(existsSync(join(directory, 'other'))).toBe(false);
  });

  it('--help shows an example', async () => {
    const { exit, out } = await rebuild('--help');
    expect([exit, out]).toEqual([0, expect.stringMatching(/Examples:\n {2}runledger rebuild/)]);
  });
});

describe('runledger rebuild, of views in PostgreSQL', () => {
  async function place() {
    const { url, schema } = await postgresForTests();
    const name = schema();
    const log = { error: (): void => undefined };
    const database = await PostgresDatabase.open({ url, schema: name, applicationName: name, log });
    const events = new MemoryEventStore();
    const open = (): Promise<InProcessPostgresViews> => InProcessPostgresViews.open({ database, events, projections });
    return { database, open, env: { VIEWS_URL: url, VIEWS_SCHEMA: name } };
  }
  const tables = async (database: PostgresDatabase): Promise<number> => {
    const [row] = await database.rows<[number]>(
      "SELECT count(*)::integer FROM pg_tables WHERE schemaname = current_schema() AND tablename ~ '[0-9]$'",
    );
    return row?.[0] ?? -1;
  };

  it('deletes them, and the next one to open them makes them anew', async () => {
    const { database, open, env } = await place();
    await (await open()).close();
    expect(await tables(database)).toBeGreaterThan(0);
    const { exit, out, err } = await rebuildWith(env);
    expect([exit, err]).toEqual([0, '']);
    expect(out).toMatch(/^deleted the views in schema test_\w+ of PostgreSQL at .*anew from the log\n$/);
    expect(out).not.toContain(env.VIEWS_URL);
    expect([await tables(database), await database.rows('SELECT 1 FROM view_generations')]).toEqual([0, []]);
    const again = JSON.parse((await rebuildWith(env, '--json')).out) as { deleted: unknown };
    expect(again.deleted).toEqual([]);
    await (await open()).close();
    const made = JSON.parse(
      (await rebuildWith({}, '--views', env.VIEWS_URL, '--schema', env.VIEWS_SCHEMA, '--json')).out,
    ) as {
      deleted: string[];
    };
    expect([...made.deleted].sort()).toEqual(projections.map(({ name }) => name).sort());
    await database.close();
  });

  it('waits for no server, and takes nothing away from one', async () => {
    const { database, open, env } = await place();
    const views = await open();
    const before = await tables(database);
    const { exit, out, err } = await rebuildWith(env);
    expect([exit, out, err]).toEqual([
      2,
      '',
      expect.stringMatching(/a server works with the views .*stop all servers/),
    ]);
    expect(await tables(database)).toBe(before);
    await views.close();
    await database.close();
  });

  it('leaves them alone when a data directory is named, and says so', async () => {
    fill();
    const { exit, err } = await rebuildWith(
      { VIEWS_URL: 'postgres://nobody:secret@127.0.0.1:9/x' },
      '--from',
      directory,
    );
    expect([exit, err]).toEqual([0, expect.stringMatching(/were not touched/)]);
    expect(err).not.toContain('secret');
  });

  it.each<[string, Record<string, string>, string[], number, RegExp]>([
    ['two places', {}, ['--from', 'x', '--views', 'postgres://x/y'], 3, /either --from or --views/],
    ['what is no address', {}, ['--views', 'http://me:secret@x'], 3, /postgres/i],
    ['nobody there', {}, ['--views', 'postgres://me:secret@127.0.0.1:9/x'], 2, /PostgreSQL at 127.0.0.1:9/],
    ['no schema', {}, ['--views', 'postgres://me:secret@127.0.0.1:9/x', '--schema', 'A b'], 3, /lower-case/],
    [
      'no schema in the environment',
      { VIEWS_URL: 'postgres://me:secret@127.0.0.1:9/x', VIEWS_SCHEMA: 'A b' },
      [],
      3,
      /VIEWS_SCHEMA is the name/,
    ],
  ])('says what is wrong with %s, and no password', async (_name, env, args, expected, message) => {
    const { exit, out, err } = await rebuildWith(env, ...args);
    expect([exit, out, err]).toEqual([expected, '', expect.stringMatching(message)]);
    expect(err).not.toContain('secret');
    expect(err.trim().split('\n').length).toBeLessThanOrEqual(2);
  });
});
