// The one file that knows the PostgreSQL driver. Whoever needs PostgreSQL gets it here.
import type pg from 'pg';
import type { ClientBase, ClientConfig } from 'pg';
import { postgresAddress } from './postgres.address.js';
import type { PostgresAddress } from './postgres.address.js';
import { faultOf } from './postgres.faults.js';
import { PostgresListener } from './postgres.listener.js';
import { lockNumber, PostgresLock, tryAdvisoryLock, waitForAdvisoryLock } from './postgres.lock.js';
import type { Migration } from './postgres.migrations.js';
import { applyMigrations } from './postgres.migrations.js';
import { DriverSession } from './postgres.session.js';
import type { PostgresSession, PostgresStatement, PostgresValue } from './postgres.session.js';
import { beginSession, checkServer, parseInt8, parseInt8List } from './postgres.settings.js';
import type { TransactionOptions } from './postgres.transaction.js';
import { runTransaction } from './postgres.transaction.js';
import { StoreError } from './store-error.js';

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database?sslmode=verify-full`; what is not there comes from PGUSER, PGPASSWORD, ... */
  readonly url: string;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName: string;
  /** Where all tables are; created when missing. Lower-case letters, digits, `_`. Default `runledger`. */
  readonly schema?: string;
  /** Connections of the pool, >= 1, default 10; held locks and listeners have one each besides. */
  readonly poolMax?: number;
  /** Of each statement, > 0, default 30 000. */
  readonly statementTimeoutMs?: number;
  /** For a connection, be it new or a free one of the pool; > 0, default 5 000. */
  readonly connectTimeoutMs?: number;
  readonly log: { error(message: string, details: object): void };
}

export interface PostgresHealth {
  readonly reachable: boolean;
  /** Why it is not; without the password, as all messages. */
  readonly reason?: string;
  readonly connections: number;
  readonly idle: number;
  /** Callers that wait for a connection. */
  readonly waiting: number;
  readonly poolMax: number;
}

export interface LockWait {
  /** Default: as long as it takes. */
  readonly waitMs?: number;
}

/** What the driver waits beyond the server's own limit, for the case that nothing answers any more. */
const ANSWER_GRACE_MS = 5_000;
const INT8 = 20;
const INT8_LIST = 1016;
const KEEP_ALIVE_MS = 10_000;
const IDLE_MS = 30_000;
/** A connection is renewed now and then, so that a server that moved is found. */
const LIFETIME_SECONDS = 1_800;

function exactNumbers({ types }: typeof pg): pg.CustomTypesConfig {
  const otherwise = types.getTypeParser as (oid: number, format?: string) => (text: string) => unknown;
  return {
    getTypeParser: (oid: number, format?: 'text' | 'binary') => {
      if (oid === INT8) return parseInt8;
      if (oid === INT8_LIST) return parseInt8List;
      return otherwise(oid, format);
    },
  };
}

/**
 * A pool of connections to one schema of one database. It comes back by itself after every fault of the server; a statement
 * that was under way then is rejected with StoreUnavailable, and a transaction may or may not have been committed.
 */
export class PostgresDatabase implements PostgresSession {
  /** Holds the password: shown by no inspection of this object. */
  readonly #address: PostgresAddress;
  private readonly pool: pg.Pool;
  private readonly session: DriverSession;
  /** Connections outside the pool. */
  private readonly held = new Set<PostgresLock | PostgresListener>();
  private closing: Promise<void> | undefined;
  /** One line for each loss, not one for each connection. */
  private lossTold = false;

  private constructor(
    private readonly driver: typeof pg,
    address: PostgresAddress,
    private readonly options: Required<Omit<PostgresOptions, 'url'>>,
  ) {
    this.#address = address;
    const { poolMax, connectTimeoutMs, statementTimeoutMs } = options;
    // The pool waits for the promise, whatever its types say.
    const onConnect = (client: ClientBase): unknown => this.begin(client);
    this.pool = new driver.Pool({
      ...this.clientConfig(),
      max: poolMax,
      connectionTimeoutMillis: connectTimeoutMs,
      idleTimeoutMillis: IDLE_MS,
      maxLifetimeSeconds: LIFETIME_SECONDS,
      onConnect,
    });
    this.pool.on('error', (error) => this.tellLoss(error));
    this.session = new DriverSession(
      (query) => this.pool.query(query),
      address.place,
      statementTimeoutMs + ANSWER_GRACE_MS,
    );
  }

  /**
   * Connects, refuses a server that cannot serve, and makes the schema. Throws StoreError: InvalidArgument for options or a
   * server that will never do, AccessDenied, StoreUnavailable when it may do later.
   */
  static async open({ url, ...options }: PostgresOptions): Promise<PostgresDatabase> {
    const whole = {
      schema: 'runledger',
      poolMax: 10,
      statementTimeoutMs: 30_000,
      connectTimeoutMs: 5_000,
      ...options,
    };
    if (!/^[a-z_][a-z0-9_]{0,62}$/.test(whole.schema)) {
      throw new StoreError('InvalidArgument', 'a schema is named by at most 63 lower-case letters, digits and _');
    }
    // Loaded only where it is used: it costs a fifth of a second.
    const { default: driver } = await import('pg');
    const database = new PostgresDatabase(driver, postgresAddress(url), whole);
    try {
      await checkServer(database, whole.schema, database.place, lockNumber('', 'schemas'));
      return database;
    } catch (error) {
      await database.close();
      throw error;
    }
  }

  /** As in `PostgreSQL at db.example:5432/views`. */
  get place(): string {
    return this.#address.place;
  }

  get schema(): string {
    return this.options.schema;
  }

  query<Row extends object>(statement: PostgresStatement, values?: readonly PostgresValue[]): Promise<Row[]> {
    return this.session.query<Row>(statement, values);
  }

  rows<Row extends readonly unknown[]>(
    statement: PostgresStatement,
    values?: readonly PostgresValue[],
  ): Promise<Row[]> {
    return this.session.rows<Row>(statement, values);
  }

  execute(statement: PostgresStatement, values?: readonly PostgresValue[]): Promise<number> {
    return this.session.execute(statement, values);
  }

  /**
   * Commits when `work` resolves, and rolls back when it rejects. A StoreUnavailable may come after the commit was done: look
   * before doing it again.
   */
  async transaction<T>(work: (session: PostgresSession) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    const client = await this.connection();
    const place = {
      name: this.place,
      statementTimeoutMs: this.options.statementTimeoutMs,
      graceMs: ANSWER_GRACE_MS,
    };
    return runTransaction(client, place, work, options);
  }

  /** Does the steps that are missing, in order and all in one transaction; servers that start at once take turns. */
  async migrate(component: string, steps: readonly Migration[]): Promise<void> {
    const lock = lockNumber(this.schema, 'migrations');
    await this.transaction((session) => applyMigrations(session, lock, component, steps), { statementTimeoutMs: 0 });
  }

  /** The lock of that name in this schema, or undefined when somebody else, here or elsewhere, holds it. */
  async tryLock(name: string): Promise<PostgresLock | undefined> {
    return this.lock(name, tryAdvisoryLock);
  }

  /** Runs `work` while it holds the lock. Throws StoreUnavailable when the lock was not to be had in time. */
  async withLock<T>(name: string, work: (lock: PostgresLock) => Promise<T>, { waitMs }: LockWait = {}): Promise<T> {
    const lock = await this.lock(name, async (client, number) => {
      await waitForAdvisoryLock(client, number, waitMs ?? Number.POSITIVE_INFINITY);
      return true;
    });
    if (!lock) throw new StoreError('StoreUnavailable', `${this.place}: the lock "${name}" was not to be had`);
    try {
      return await work(lock);
    } finally {
      await lock.release();
    }
  }

  /**
   * Calls back with the channel and the text of each announcement (`pg_notify`), over a connection of its own.
   * @param channels lower-case letters, digits, `_`
   */
  async listen(
    channels: readonly string[],
    onMessage: (channel: string, payload: string) => void,
  ): Promise<PostgresListener> {
    const client = this.ownClient();
    const listener = new PostgresListener(client, this.place, () => this.held.delete(listener));
    try {
      await client.connect();
      await beginSession(client, this.options.schema, 0);
      await listener.begin(channels, onMessage);
      this.held.add(listener);
      return listener;
    } catch (error) {
      await listener.release();
      throw faultOf(error, this.place);
    }
  }

  /** Asks the server; never rejects. */
  async health(): Promise<PostgresHealth> {
    const counts = (): Omit<PostgresHealth, 'reachable'> => ({
      connections: this.pool.totalCount,
      idle: this.pool.idleCount,
      waiting: this.pool.waitingCount,
      poolMax: this.options.poolMax,
    });
    try {
      await this.query('SELECT 1');
      return { reachable: true, ...counts() };
    } catch (error) {
      return { reachable: false, reason: (error as Error).message, ...counts() };
    }
  }

  /** Waits for what is under way, and gives up the locks. Idempotent. */
  async close(): Promise<void> {
    this.closing ??= this.end();
    await this.closing;
  }

  private async end(): Promise<void> {
    await Promise.all([...this.held].map((one) => one.release()));
    await this.pool.end();
  }

  private clientConfig(): ClientConfig {
    return {
      ...this.#address.config,
      application_name: this.options.applicationName,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
      types: exactNumbers(this.driver),
    };
  }

  private async begin(client: ClientBase): Promise<void> {
    await beginSession(client, this.options.schema, this.options.statementTimeoutMs);
    this.lossTold = false;
  }

  private async connection(): Promise<pg.PoolClient> {
    try {
      return await this.pool.connect();
    } catch (error) {
      throw faultOf(error, this.place);
    }
  }

  /** A lock has a connection of its own, so that its holders cannot starve the pool. */
  private async lock(
    name: string,
    take: (client: pg.Client, number: string) => Promise<boolean>,
  ): Promise<PostgresLock | undefined> {
    const { schema } = this.options;
    const client = this.ownClient();
    const lock = new PostgresLock(name, client, this.place, () => this.held.delete(lock));
    try {
      await client.connect();
      await beginSession(client, schema, 0);
      if (await take(client, lockNumber(schema, name))) {
        this.held.add(lock);
        return lock;
      }
    } catch (error) {
      await lock.release();
      throw faultOf(error, this.place);
    }
    await lock.release();
    return undefined;
  }

  private ownClient(): pg.Client {
    if (this.closing) throw new StoreError('Closed', `${this.place} has been closed`);
    const { connectTimeoutMs } = this.options;
    return new this.driver.Client({
      ...this.clientConfig(),
      connectionTimeoutMillis: connectTimeoutMs,
      query_timeout: connectTimeoutMs,
    });
  }

  private tellLoss(error: Error): void {
    if (this.lossTold) return;
    this.lossTold = true;
    this.options.log.error('a connection to PostgreSQL was lost', { error: faultOf(error, this.place) });
  }
}
