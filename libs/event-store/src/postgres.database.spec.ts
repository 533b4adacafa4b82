import { inspect } from 'node:util';
import type { PostgresForTests } from '../../../test/support/postgres.js';
import { postgresForTests } from '../../../test/support/postgres.js';
import { PostgresDatabase } from './postgres.database.js';
import type { PostgresOptions } from './postgres.database.js';

let server: PostgresForTests;
const opened: PostgresDatabase[] = [];
const lines: unknown[] = [];

async function open(options: Partial<PostgresOptions> = {}): Promise<PostgresDatabase> {
  const database = await PostgresDatabase.open({
    url: server.url,
    applicationName: 'tests',
    schema: server.schema(),
    log: { error: (message, details) => lines.push([message, details]) },
    ...options,
  });
  opened.push(database);
  return database;
}

beforeAll(async () => {
  server = await postgresForTests();
}, 120_000);
afterEach(async () => {
  await Promise.all(opened.splice(0).map((database) => database.close()));
  lines.length = 0;
});

describe('a statement', () => {
  it('gives rows as objects and as arrays, and tells how many it changed', async () => {
    const database = await open();
    await database.execute('CREATE TABLE t (id int PRIMARY KEY, name text)');
    expect(await database.execute("INSERT INTO t VALUES (1, 'a'), (2, $1)", ['b'])).toBe(2);
    expect(await database.query('SELECT * FROM t ORDER BY id')).toEqual([
      { id: 1, name: 'a' },
      { id: 2, name: 'b' },
    ]);
    expect(await database.rows('SELECT name, id FROM t ORDER BY id')).toEqual([
      ['a', 1],
      ['b', 2],
    ]);
    expect(inspect(database, { depth: Infinity }).includes(new URL(server.url).password)).toBe(false);
    await expect(database.query('SELECT * FROM nothing')).rejects.toMatchObject({
      name: 'PostgresError',
      sqlState: '42P01',
    });
  });
});
