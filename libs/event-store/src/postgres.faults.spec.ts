// What becomes of a server whose PostgreSQL stops, dies, hangs or is full: a private cluster that these tests may break.
import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { inspect } from 'node:util';
import { announce } from '../../../test/support/announce.js';
import type { PostgresCluster } from '../../../test/support/postgres.js';
import { startPostgres } from '../../../test/support/postgres.js';
import { smallDisk } from '../../../test/support/small-disk.js';
import { PostgresBlobStore } from './postgres.blob-store.js';
import { PostgresDatabase } from './postgres.database.js';
import type { PostgresOptions } from './postgres.database.js';
import { isStoreError, StoreError } from './store-error.js';
import { codeOf } from './subject.contract.js';

let cluster: PostgresCluster;
const opened: PostgresDatabase[] = [];
const lines: (readonly [string, object])[] = [];

async function open(options: Partial<PostgresOptions> = {}): Promise<PostgresDatabase> {
  const database = await PostgresDatabase.open({
    url: cluster.url,
    applicationName: 'tests',
    log: { error: (message, details) => lines.push([message, details]) },
    ...options,
  });
  opened.push(database);
  return database;
}

async function admin(statement: string): Promise<void> {
  const database = await PostgresDatabase.open({
    url: cluster.adminUrl,
    applicationName: 'admin',
    schema: 'public',
    log: { error: () => undefined },
  });
  await database.execute(statement).finally(() => database.close());
}

/** The error that the promise ends with. */
async function failureOf(work: Promise<unknown>): Promise<Error> {
  return work.then(
    () => new Error('it did not fail'),
    (error: unknown) => error as Error,
  );
}

/** Tries until it works again, as every loop of the product does. */
async function recovered<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isStoreError(error) || !error.retryable) throw error;
      await pause(20);
    }
  }
}

beforeAll(async () => {
  cluster = await startPostgres();
}, 120_000);
afterEach(async () => {
  await Promise.all(opened.splice(0).map((database) => database.close()));
  lines.length = 0;
});
afterAll(() => cluster.remove());

describe('a PostgreSQL that goes away and comes back', () => {
  it.each([
    ['restarted', () => cluster.restart()],
    ['killed', () => cluster.kill9().then(() => cluster.start())],
  ])('%s under load loses nothing that was acknowledged, and everything goes on by itself', async (_, interrupt) => {
    const database = await open();
    const blobs = await PostgresBlobStore.open(database);
    const kept: string[] = [];
    const faults: unknown[] = [];
    let over = false;
    const write = async (writer: number): Promise<void> => {
      for (let index = 0; !over; index += 1) {
        const content = new TextEncoder().encode(`${writer} ${index}`);
        try {
          kept.push((await blobs.put(content)).sha256);
        } catch (error) {
          faults.push(error);
          await pause(10);
        }
      }
    };
    const writers = [1, 2, 3, 4].map(write);
    await pause(200);
    await interrupt();
    const before = kept.length;
    await recovered(() => database.query('SELECT 1'));
    while (kept.length < before + 100) await pause(10);
    over = true;
    await Promise.all(writers);
    expect(faults.length).toBeGreaterThan(0);
    expect(faults.filter((error) => !isStoreError(error, 'StoreUnavailable'))).toEqual([]);
    for (const sha256 of kept) expect(await blobs.get(sha256)).toBeDefined();
  });

  it('says so while it is stopped, once in the log and without the password, and serves again afterwards', async () => {
    const database = await open();
    await Promise.all([1, 2, 3, 4, 5].map(() => database.query('SELECT pg_sleep(0.02)')));
    await cluster.stop();
    await pause(1_000);
    const failure = await failureOf(database.query('SELECT 1'));
    expect(failure).toMatchObject({ code: 'StoreUnavailable', retryable: true });
    expect(failure.message).toMatch(/^PostgreSQL at 127\.0\.0\.1:\d+\/runledger cannot be reached: .*ECONNREFUSED/);
    expect(await database.health()).toMatchObject({ reachable: false, reason: failure.message, connections: 0 });
    expect(await codeOf(database.transaction(async () => undefined))).toBe('StoreUnavailable');
    expect(await codeOf(database.tryLock('a'))).toBe('StoreUnavailable');
    expect(await codeOf(open())).toBe('StoreUnavailable');
    await pause(1_000);
    await cluster.start();
    expect(await database.rows('SELECT 1')).toEqual([[1]]);
    expect(await database.health()).toMatchObject({ reachable: true });
    expect(lines.map(([message]) => message)).toEqual(['a connection to PostgreSQL was lost']);
    expect(inspect(lines, { depth: Infinity })).not.toContain(new URL(cluster.url).password);
  });

  it('rolls back the transaction that it interrupts', async () => {
    const database = await open();
    await database.execute('CREATE TABLE interrupted (id int)');
    const failure = await failureOf(
      database.transaction(async (session) => {
        await session.execute('INSERT INTO interrupted VALUES (1)');
        await cluster.restart();
        await session.execute('INSERT INTO interrupted VALUES (2)');
      }),
    );
    expect(failure).toMatchObject({ code: 'StoreUnavailable' });
    expect(await recovered(() => database.rows('SELECT * FROM interrupted'))).toEqual([]);
  });

  it('takes the locks from their holders, who are told, and gives them out again', async () => {
    const database = await open();
    const held = (await database.tryLock('leader'))!;
    const reason = new Promise<unknown>((resolve) => {
      held.lost.addEventListener('abort', () => resolve(held.lost.reason));
    });
    await cluster.kill9();
    expect(await reason).toMatchObject({ code: 'StoreUnavailable' });
    expect(held.isHeld).toBe(false);
    await cluster.start();
    const again = await recovered(() => database.tryLock('leader'));
    expect(again?.isHeld).toBe(true);
  });
});

describe('a PostgreSQL that is slow or silent', () => {
  it('ends a statement that takes too long, and keeps the connection', async () => {
    const database = await open({ statementTimeoutMs: 100, poolMax: 1 });
    const failure = await failureOf(database.query('SELECT pg_sleep(30)'));
    expect(failure).toMatchObject({ code: 'StoreUnavailable', message: expect.stringContaining('statement timeout') });
    const inside = database.transaction((session) => session.query('SELECT pg_sleep(30)'));
    expect((await failureOf(inside)).message).toContain('statement timeout');
    expect(await database.rows('SELECT 1')).toEqual([[1]]);
  });

  it('is given up when it does not answer at all, and the connection with it', async () => {
    const database = await open({ statementTimeoutMs: 100, poolMax: 1 });
    const [row] = await database.rows<[number]>('SELECT pg_backend_pid()');
    process.kill(row![0], 'SIGSTOP');
    try {
      const failure = await failureOf(database.transaction((session) => session.query('SELECT 1')));
      expect(failure).toMatchObject({
        code: 'StoreUnavailable',
        message: expect.stringContaining('a statement was not answered in time'),
      });
      const [other] = await database.rows<[number]>('SELECT pg_backend_pid()');
      expect(other![0]).not.toBe(row![0]);
    } finally {
      process.kill(row![0], 'SIGCONT');
    }
  });

  it('is given up when it takes a connection and says nothing', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    const { port } = silent.address() as AddressInfo;
    const failure = await failureOf(open({ url: `postgres://u:hush@127.0.0.1:${port}/d`, connectTimeoutMs: 200 }));
    silent.close();
    expect(failure).toMatchObject({
      code: 'StoreUnavailable',
      message: `PostgreSQL at 127.0.0.1:${port}/d: it did not answer in time`,
    });
  });

  it('is too busy when all connections are taken, and serves when one is given back', async () => {
    const database = await open({ poolMax: 2, connectTimeoutMs: 200 });
    let letGo: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const holders = [1, 2].map(() => database.transaction(() => gate));
    const failure = await failureOf(database.query('SELECT 1'));
    expect(failure).toMatchObject({
      code: 'StoreUnavailable',
      message: expect.stringContaining('all connections of the pool are busy'),
    });
    letGo();
    await Promise.all(holders);
    expect(await database.rows('SELECT 1')).toEqual([[1]]);
  });

  it('says when the server itself has no connection left', async () => {
    const database = await open();
    await admin('ALTER ROLE runledger CONNECTION LIMIT 1');
    try {
      const failure = await failureOf(database.tryLock('a'));
      expect(failure).toMatchObject({ code: 'StoreUnavailable', message: expect.stringContaining('53300') });
    } finally {
      await admin('ALTER ROLE runledger CONNECTION LIMIT -1');
    }
    expect(await database.tryLock('a')).toBeDefined();
  });

  it('is unavailable while it takes no writes, as a standby', async () => {
    await admin('ALTER ROLE runledger SET default_transaction_read_only = on');
    try {
      const database = await open();
      expect(await codeOf(database.execute('CREATE TABLE t (id int)'))).toBe('StoreUnavailable');
    } finally {
      await admin('ALTER ROLE runledger RESET default_transaction_read_only');
    }
  });
});

describe('a PostgreSQL whose disk is full', () => {
  it('refuses what it cannot keep, goes on reading, and takes writes again once there is room', async () => {
    const disk = await smallDisk(cluster, 24);
    const database = await open({ schema: 'full' });
    const blobs = await PostgresBlobStore.open(database);
    const kept = [await blobs.put(new TextEncoder().encode('before'))];
    const ballast = disk && join(disk.path, 'ballast');
    if (disk && ballast) {
      writeFileSync(ballast, Buffer.alloc(8 << 20));
      await admin(`CREATE TABLESPACE small LOCATION '${disk.path}'`);
      await admin('ALTER TABLE "full".blobs SET TABLESPACE small');
    } else {
      announce('no small disk could be mounted here: the full disk is played by a trigger');
      await admin(`CREATE FUNCTION "full".refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$`);
      await admin('CREATE TRIGGER refuse BEFORE INSERT ON "full".blobs EXECUTE FUNCTION "full".refuse()');
    }
    let failure: unknown;
    for (let index = 0; index < 32 && failure === undefined; index += 1) {
      try {
        kept.push(await blobs.put(randomBytes(1 << 20)));
      } catch (error) {
        failure = error;
      }
    }
    expect(failure).toMatchObject({
      code: 'StoreUnavailable',
      retryable: true,
      message: expect.stringMatching(/No space left on device \(53100\)/),
    });
    expect(await codeOf(blobs.put(randomBytes(1 << 20)))).toBe('StoreUnavailable');
    for (const { sha256 } of kept) expect(await blobs.get(sha256)).toBeDefined();
    if (ballast) rmSync(ballast);
    else await admin('DROP TRIGGER refuse ON "full".blobs');
    kept.push(await blobs.put(randomBytes(1 << 20)));
    for (const { sha256 } of kept) expect(await blobs.get(sha256)).toBeDefined();
    if (!disk) return;
    await admin('ALTER TABLE "full".blobs SET TABLESPACE pg_default');
    await admin('DROP TABLESPACE small');
    await disk.remove();
  });
});

describe('a connection string', () => {
  const refused = async (url: string): Promise<Error> => {
    const failure = await failureOf(open({ url }));
    expect(failure).toBeInstanceOf(StoreError);
    expect(inspect(failure, { depth: Infinity })).not.toMatch(/hush/);
    return failure;
  };
  const at = (path: string): string => `127.0.0.1:${cluster.port}/${path}`;

  it('with a wrong password is refused, without showing it', async () => {
    expect(await refused(`postgres://runledger:hush@${at('runledger')}`)).toMatchObject({
      code: 'AccessDenied',
      message: expect.stringMatching(/password authentication failed for user "runledger"/),
    });
  });

  it('without a password where one is needed is refused', async () => {
    expect(await refused(`postgres://runledger@${at('runledger')}`)).toMatchObject({ code: 'AccessDenied' });
  });

  it('with a database that is not there is refused until it is there', async () => {
    const url = cluster.url.replace(/runledger$/, 'later');
    expect(await failureOf(open({ url }))).toMatchObject({
      code: 'StoreUnavailable',
      message: expect.stringContaining('database "later" does not exist'),
    });
    await admin('CREATE DATABASE later OWNER runledger');
    expect(await (await open({ url })).rows('SELECT current_database()')).toEqual([['later']]);
  });

  it('to a server without TLS is refused when it asks for TLS', async () => {
    const url = `${cluster.url}?sslmode=verify-full`;
    expect(await failureOf(open({ url }))).toMatchObject({
      code: 'AccessDenied',
      message: expect.stringContaining('does not support SSL'),
    });
  });

  it.each([
    ['mysql://u:hush@h/d', /must begin with postgres/],
    ['hush', /must begin with postgres/],
    ['postgres://u:hush@127.0.0.1:5432', /names no database/],
    ['postgres://u:hu#sh hush@127.0.0.1:99999/d', /cannot be read: special characters/],
    ['postgres://u:hush@h1:1,h2:2/d', /cannot be read/],
    ['postgres://u:hush@h/d?statement_timeout=0', /a parameter that is not possible here: statement_timeout/],
    ['postgres://u:hush@h/d?sslrootcert=/nowhere/ca.pem', /a file that cannot be read \(ENOENT\): \/nowhere\/ca\.pem/],
  ])('is refused when it is %j', async (url, message) => {
    const failure = await refused(url);
    expect(failure).toMatchObject({ code: 'InvalidArgument', message: expect.stringMatching(message) });
  });

  it('may hold any password, percent-encoded', async () => {
    const password = `p@ss/w:o?r#d %'"&ü`;
    await admin(`CREATE ROLE odd LOGIN PASSWORD '${password.replaceAll("'", "''")}'`);
    await admin('GRANT CREATE ON DATABASE runledger TO odd');
    const url = `postgresql://odd:${encodeURIComponent(password)}@${at('runledger')}`;
    const database = await open({ url, schema: 'odd' });
    expect(await database.rows('SELECT current_user')).toEqual([['odd']]);
    expect(inspect(database, { depth: 12 }).includes(password)).toBe(false);
  });

  it('of a role that may not make the schema is refused, unless the schema is there', async () => {
    await admin("CREATE ROLE guest LOGIN PASSWORD 'guest'");
    const url = `postgres://guest:guest@${at('runledger')}`;
    expect(await failureOf(open({ url, schema: 'guests' }))).toMatchObject({ code: 'AccessDenied' });
    await admin('CREATE SCHEMA guests AUTHORIZATION guest');
    const database = await open({ url, schema: 'guests' });
    await expect(database.migrate('a', [{ name: 'one', sql: 'CREATE TABLE t (id int)' }])).resolves.toBeUndefined();
  });

  it('needs a name of a schema that is one', async () => {
    for (const schema of ['', 'Public', 'a-b', 'a"; DROP SCHEMA public; --', 'x'.repeat(64)]) {
      expect(await codeOf(open({ schema }))).toBe('InvalidArgument');
    }
  });
});
