// The one file that knows the SQLite driver. Whoever needs a SQLite file opens it here.
import { DatabaseSync } from '@photostructure/sqlite';

export type SqliteDatabase = InstanceType<typeof DatabaseSync>;
export type SqliteStatement = ReturnType<SqliteDatabase['prepare']>;

export interface OpenDatabaseOptions {
  /** Default false: read and write, created when missing. */
  readonly readOnly?: boolean;
  /** How long a statement waits for another connection's lock; default 5000. */
  readonly busyTimeoutMs?: number;
  /** Default `wal`, which lets readers go on while there is a writer; `rollback` locks the file as a whole. */
  readonly journal?: 'wal' | 'rollback';
  /** Of a file that is made anew: 512 to 65536, a power of two. One that is there keeps its own. Default 4096. */
  readonly pageBytes?: number;
  /** So large may the WAL grow before it is moved into the file. Default: 1000 pages. */
  readonly checkpointBytes?: number;
}

/** Older releases can corrupt a WAL file when two connections checkpoint at once. */
const OLDEST = [3, 51, 3] as const;

/**
 * Opens a database file. A writable one gets `synchronous=FULL`: a commit is on disk when it returns.
 * Throws the driver's errors (see `sqliteCode`).
 */
export function openDatabase(path: string, options: OpenDatabaseOptions = {}): SqliteDatabase {
  const { readOnly = false, busyTimeoutMs = 5_000, journal = 'wal', pageBytes, checkpointBytes } = options;
  const database = new DatabaseSync(path, { readOnly, timeout: busyTimeoutMs, defensive: true });
  try {
    refuseOldSqlite(database);
    if (!readOnly && pageBytes !== undefined) database.exec(`PRAGMA page_size = ${pageBytes}`);
    if (!readOnly && journal === 'wal') database.exec('PRAGMA journal_mode = WAL');
    if (!readOnly) database.exec('PRAGMA synchronous = FULL');
    if (!readOnly && checkpointBytes !== undefined) checkpointEvery(database, checkpointBytes);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** A statement whose rows come as arrays in column order: less than half the price of objects. */
export function prepareRows(database: SqliteDatabase, sql: string): SqliteStatement {
  const statement = database.prepare(sql);
  statement.setReturnArrays(true);
  return statement;
}

/** The value of a pragma that answers with one row of one column. */
export function pragma(database: SqliteDatabase, name: string): unknown {
  const row = prepareRows(database, `PRAGMA ${name}`).get() as readonly unknown[] | undefined;
  return row?.[0];
}

/** Primary result code of SQLite (13 is SQLITE_FULL), undefined for any other error. */
export function sqliteCode(error: unknown): number | undefined {
  const code = sqliteExtendedCode(error);
  return code === undefined ? undefined : code & 0xff;
}

export function sqliteExtendedCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown } | null | undefined)?.errcode;
  return typeof code === 'number' ? code : undefined;
}

export const SQLITE_BUSY = 5;
export const SQLITE_READONLY = 8;
export const SQLITE_IOERR = 10;
export const SQLITE_IOERR_FSYNC = 1034;
export const SQLITE_CORRUPT = 11;
export const SQLITE_FULL = 13;
export const SQLITE_CANTOPEN = 14;
export const SQLITE_NOTADB = 26;

function checkpointEvery(database: SqliteDatabase, bytes: number): void {
  const pages = Math.ceil(bytes / Number(pragma(database, 'page_size')));
  database.exec(`PRAGMA wal_autocheckpoint = ${pages}`);
}

function refuseOldSqlite(database: SqliteDatabase): void {
  const version = (database.prepare('SELECT sqlite_version() AS version').get() as { version: string }).version;
  const parts = version.split('.').map(Number);
  for (const [index, least] of OLDEST.entries()) {
    const part = parts[index] ?? 0;
    if (part > least) return;
    if (part < least) throw new Error(`SQLite ${version} is too old: ${OLDEST.join('.')} or newer is needed`);
  }
}
