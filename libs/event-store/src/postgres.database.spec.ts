import { inspect } from 'node:util';
import type { PostgresForTests } from '../../../test/support/postgres.js';
import { postgresForTests } from '../../../test/support/postgres.js';
import { PostgresDatabase } from './postgres.database.js';
import type { PostgresOptions } from './postgres.database.js';
import { lockNumber } from './postgres.lock.js';
import type { PostgresSession } from './postgres.session.js';
import { StoreError } from './store-error.js';
import { codeOf } from './subject.contract.js';

let server: PostgresForTests;
const opened: PostgresDatabase[] = [];

async function open(options: Partial<PostgresOptions> = {}): Promise<PostgresDatabase> {
  const database = await PostgresDatabase.open({
    url: server.url,
    applicationName: 'tests',
    schema: server.schema(),
    log: { error: () => undefined },
    ...options,
  });
  opened.push(database);
  return database;
}

beforeAll(async () => {
  server = await postgresForTests();
}, 120_000);
afterEach(() => Promise.all(opened.splice(0).map((database) => database.close())));

describe('a statement', () => {
  it('gives rows as objects and as arrays, and tells how many it changed', async () => {
    const database = await open();
    await database.execute('CREATE TABLE t (id int PRIMARY KEY, name text)');
    expect(await database.execute("INSERT INTO t VALUES (1, 'a'), (2, $1)", ['b'])).toBe(2);
    const ordered = { name: 't_all', text: 'SELECT id, name FROM t ORDER BY id' };
    for (let round = 0; round < 3; round += 1) {
      expect(await database.query(ordered)).toEqual([
        { id: 1, name: 'a' },
        { id: 2, name: 'b' },
      ]);
    }
    expect(await database.rows('SELECT name, id FROM t ORDER BY id')).toEqual([
      ['a', 1],
      ['b', 2],
    ]);
  });

  it('takes several statements at once when there are no values', async () => {
    const database = await open();
    expect(await database.execute('CREATE TABLE t (id int); INSERT INTO t VALUES (1), (2), (3)')).toBe(3);
  });

  it('gives numbers of 64 bits as numbers, and never one that is not exact', async () => {
    const database = await open();
    const numbers =
      'SELECT count(*) AS n, 9007199254740991::int8 AS max, ARRAY[1, NULL]::int8[] AS list, ARRAY[]::int8[] AS none';
    expect(await database.query(numbers)).toEqual([{ n: 1, max: 9_007_199_254_740_991, list: [1, null], none: [] }]);
    await expect(database.query('SELECT 9007199254740992::int8')).rejects.toThrow(RangeError);
    expect(await database.rows('SELECT 9007199254740992::text')).toEqual([['9007199254740992']]);
  });

  it('says which constraint refused it, without the values of the row', async () => {
    const database = await open();
    await database.execute('CREATE TABLE t (name text CONSTRAINT t_name PRIMARY KEY)');
    await database.execute("INSERT INTO t VALUES ('private')");
    const refusal: unknown = await database
      .execute("INSERT INTO t VALUES ('private')")
      .catch((error: unknown) => error);
    expect(refusal).toMatchObject({ name: 'PostgresError', sqlState: '23505', constraint: 't_name' });
    expect(inspect(refusal, { depth: Infinity })).not.toContain('private');
    await expect(database.query('SELECT * FROM nothing')).rejects.toMatchObject({ sqlState: '42P01' });
  });

  it('sees its own schema only', async () => {
    const [one, other] = [await open(), await open()];
    await one.execute('CREATE TABLE t (id int)');
    await expect(other.query('SELECT * FROM t')).rejects.toMatchObject({ sqlState: '42P01' });
    const again = await open({ schema: one.schema });
    expect(await again.query('SELECT * FROM t')).toEqual([]);
  });

  it('waits for the disk even where the server was told not to', async () => {
    const database = await open();
    const setting = (): Promise<unknown[][]> => database.rows("SELECT current_setting('synchronous_commit')");
    expect(await setting()).toEqual([['on']]);
    await database.execute("ALTER ROLE runledger SET synchronous_commit = 'off'");
    try {
      const later = await open();
      expect(await later.rows("SELECT current_setting('synchronous_commit')")).toEqual([['on']]);
    } finally {
      await database.execute('ALTER ROLE runledger RESET synchronous_commit');
    }
  });
});

describe('a transaction', () => {
  it('is committed as a whole when the work is done, and not at all when it fails', async () => {
    const database = await open();
    await database.execute('CREATE TABLE t (id int)');
    const add = (session: PostgresSession, id: number): Promise<number> =>
      session.execute('INSERT INTO t VALUES ($1)', [id]);
    expect(
      await database.transaction(async (session) => {
        await add(session, 1);
        await add(session, 2);
        return 'done';
      }),
    ).toBe('done');
    const failed = database.transaction(async (session) => {
      await add(session, 3);
      throw new Error('changed my mind');
    });
    await expect(failed).rejects.toThrow('changed my mind');
    expect(await database.rows('SELECT id FROM t ORDER BY id')).toEqual([[1], [2]]);
  });

  it('is a failure when its work hides that a statement failed', async () => {
    const database = await open();
    await database.execute('CREATE TABLE t (id int PRIMARY KEY)');
    const hiding = database.transaction(async (session) => {
      await session.execute('INSERT INTO t VALUES (1)');
      await session.execute('INSERT INTO t VALUES (1)').catch(() => 0);
    });
    expect(await codeOf(hiding)).toBe('StoreUnavailable');
    expect(await database.rows('SELECT id FROM t')).toEqual([]);
  });

  it('gives its connection back in every case', async () => {
    const database = await open({ poolMax: 1 });
    for (let round = 0; round < 5; round += 1) {
      await database.transaction((session) => session.query('SELECT 1'));
      await expect(database.transaction((session) => session.query('SELECT 1 / 0'))).rejects.toMatchObject({
        sqlState: '22012',
      });
    }
    expect(await database.health()).toEqual({ reachable: true, connections: 1, idle: 1, waiting: 0, poolMax: 1 });
  });

  it('does not take statements after its end', async () => {
    const database = await open();
    const session = await database.transaction(async (inner) => inner);
    expect(await codeOf(session.query('SELECT 1'))).toBe('Closed');
  });

  it('can be read-only, stricter, and slower than others', async () => {
    const database = await open({ statementTimeoutMs: 100 });
    const writing = database.transaction((session) => session.execute('CREATE TABLE t (id int)'), { readOnly: true });
    expect(await codeOf(writing)).toBe('StoreUnavailable');
    const settings = database.transaction(
      async (session) => {
        await session.query('SELECT pg_sleep(0.3)');
        return session.rows("SELECT current_setting('transaction_isolation'), current_setting('statement_timeout')");
      },
      { isolation: 'serializable', statementTimeoutMs: 0 },
    );
    expect(await settings).toEqual([['serializable', '0']]);
    expect(await database.rows("SELECT current_setting('statement_timeout')")).toEqual([['100ms']]);
  });

  it('ends with a fault that may be retried when it meets another one', async () => {
    const database = await open();
    await database.execute('CREATE TABLE t (id int, n int); INSERT INTO t VALUES (1, 0)');
    const raise = (): Promise<void> =>
      database.transaction(
        async (session) => {
          const [row] = await session.rows<[number]>('SELECT n FROM t WHERE id = 1');
          await session.query('SELECT pg_sleep(0.05)');
          await session.execute('UPDATE t SET n = $1 WHERE id = 1', [(row?.[0] ?? 0) + 1]);
        },
        { isolation: 'repeatable read' },
      );
    const codes = await Promise.all([1, 2, 3, 4].map(() => codeOf(raise())));
    expect(new Set(codes)).toEqual(new Set(['none', 'StoreUnavailable']));
    const done = codes.filter((code) => code === 'none').length;
    expect(await database.rows('SELECT n FROM t')).toEqual([[done]]);
  });
});

describe('a lock', () => {
  it('is held by one at a time, by name and schema, and free again after its release', async () => {
    const [one, two] = [await open(), await open()];
    const other = await open({ schema: one.schema });
    const held = await one.tryLock('a');
    expect(held?.isHeld).toBe(true);
    expect(await other.tryLock('a')).toBeUndefined();
    expect(await one.tryLock('a')).toBeUndefined();
    expect(await two.tryLock('a')).toBeDefined();
    expect(await other.tryLock('b')).toBeDefined();
    await held?.release();
    await held?.release();
    expect(held?.isHeld).toBe(false);
    expect(held?.lost.aborted).toBe(false);
    expect(await other.tryLock('a')).toBeDefined();
  });

  it('keeps the works that need it apart', async () => {
    const database = await open();
    const others = [
      database,
      database,
      await open({ schema: database.schema }),
      await open({ schema: database.schema }),
    ];
    let inside = 0;
    let most = 0;
    await Promise.all(
      others.map((each) =>
        each.withLock('work', async () => {
          inside += 1;
          most = Math.max(most, inside);
          await each.query('SELECT pg_sleep(0.02)');
          inside -= 1;
        }),
      ),
    );
    expect([most, inside]).toEqual([1, 0]);
  });

  it('is given back when the work fails, and not waited for longer than asked', async () => {
    const database = await open();
    await expect(database.withLock('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    const held = await database.tryLock('a');
    expect(held).toBeDefined();
    for (const waitMs of [0, 50]) {
      expect(await codeOf(database.withLock('a', async () => undefined, { waitMs }))).toBe('StoreUnavailable');
    }
  });

  it('tells its holder when the connection is lost, and is free for others then', async () => {
    const database = await open();
    const held = (await database.tryLock('a'))!;
    const lost = new Promise<unknown>((resolve) => {
      held.lost.addEventListener('abort', () => resolve(held.lost.reason));
    });
    expect(await held.confirm()).toBe(true);
    await database.query("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = $1", [
      lowerHalf(lockNumber(database.schema, 'a')),
    ]);
    expect(await lost).toBeInstanceOf(StoreError);
    expect([held.isHeld, await held.confirm()]).toEqual([false, false]);
    await held.release();
    await database.withLock('a', async (again) => expect(again.isHeld).toBe(true), { waitMs: 10_000 });
  });

  it('does not take connections of the pool, and ends with the database', async () => {
    const database = await open({ poolMax: 1 });
    const held = await Promise.all(['a', 'b', 'c'].map((name) => database.tryLock(name)));
    expect(await database.withLock('d', () => database.rows('SELECT 1::int'))).toEqual([[1]]);
    await database.close();
    expect(held.map((lock) => lock?.isHeld)).toEqual([false, false, false]);
    expect(await codeOf(database.tryLock('a'))).toBe('Closed');
  });
});

describe('migrations', () => {
  const first = { name: 'one', sql: 'CREATE TABLE m (id int); INSERT INTO m VALUES (1)' };
  const second = { name: 'two', sql: 'INSERT INTO m VALUES (2)' };

  it('are done once and in order, whoever comes, and by component', async () => {
    const database = await open();
    await database.migrate('a', [first]);
    await database.migrate('a', [first, second]);
    await (await open({ schema: database.schema })).migrate('a', [first, second]);
    await database.migrate('b', [{ name: 'one', sql: 'CREATE TABLE n (id int)' }]);
    expect(await database.rows('SELECT id FROM m ORDER BY id')).toEqual([[1], [2]]);
  });

  it('are done once by servers that start at once, the schema too', async () => {
    const schema = server.schema();
    await Promise.all(
      [1, 2, 3, 4].map(async () => {
        const database = await open({ schema });
        await database.migrate('a', [{ name: 'slow', sql: 'SELECT pg_sleep(0.1)' }, first, second]);
      }),
    );
    expect(await (await open({ schema })).rows('SELECT id FROM m ORDER BY id')).toEqual([[1], [2]]);
  });

  it('leave nothing behind when one fails, and are done later', async () => {
    const database = await open();
    const broken = { name: 'two', sql: 'INSERT INTO nothing VALUES (1)' };
    await expect(database.migrate('a', [first, broken])).rejects.toMatchObject({ sqlState: '42P01' });
    await expect(database.query('SELECT * FROM m')).rejects.toMatchObject({ sqlState: '42P01' });
    await database.migrate('a', [first, second]);
    expect(await database.rows('SELECT id FROM m ORDER BY id')).toEqual([[1], [2]]);
  });

  it('refuse tables of a newer version, and steps that were changed', async () => {
    const database = await open();
    await database.migrate('a', [first, second]);
    await expect(database.migrate('a', [first])).rejects.toThrow(/made by a newer version.*"two"/);
    const changed = { ...second, sql: 'INSERT INTO m VALUES (3)' };
    await expect(database.migrate('a', [first, changed])).rejects.toThrow(/other steps.*"two"/);
    await expect(database.migrate('a', [second, first])).rejects.toThrow(/other steps.*"one"/);
  });

  it('may take longer than a statement may', async () => {
    const database = await open({ statementTimeoutMs: 50 });
    await expect(database.migrate('a', [{ name: 'slow', sql: 'SELECT pg_sleep(0.2)' }])).resolves.toBeUndefined();
  });
});

describe('the end', () => {
  it('waits for what is under way, may come twice, and refuses what comes later', async () => {
    const database = await open();
    const slow = database.rows("SELECT 'done' FROM pg_sleep(0.1)");
    await database.query('SELECT 1');
    await Promise.all([database.close(), database.close()]);
    expect(await slow).toEqual([['done']]);
    expect(await codeOf(database.query('SELECT 1'))).toBe('Closed');
    expect(await codeOf(database.transaction(async () => undefined))).toBe('Closed');
    expect((await database.health()).reachable).toBe(false);
  });
});

/** Of the number of a lock, as `pg_locks` shows it. */
function lowerHalf(number: string): number {
  return Number(BigInt.asUintN(32, BigInt(number)));
}
