// The log's file: its schema, its marks, and the checks before anything is written to it.
import { closeSync, existsSync, mkdirSync, openSync, readSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import {
  openDatabase,
  pragma,
  prepareRows,
  SQLITE_CANTOPEN,
  SQLITE_CORRUPT,
  SQLITE_FULL,
  SQLITE_IOERR,
  SQLITE_IOERR_FSYNC,
  SQLITE_NOTADB,
  SQLITE_READONLY,
  sqliteCode,
  sqliteExtendedCode,
} from './sqlite.database.js';
import type { SqliteDatabase } from './sqlite.database.js';
import { isStoreError, StoreError } from './store-error.js';

export const LOG_FILE = 'log.db';
export const LOG_TAG = 'sql';
/** "RLog" in ASCII: tells our log from any other SQLite file. */
const APPLICATION_ID = 0x524c_6f67;
const SCHEMA_VERSION = 1;
/** Files up to this size are checked page by page at start, with their indexes (about 0.1 s); larger ones at their end. */
const FULL_CHECK_BYTES_MAX = 64 * 1024 * 1024;
const TAIL_EVENTS = 1_000;
/** Pages of 4 KiB that gather in the write-ahead log before they are moved to the file: rarer, longer stalls. */
const CHECKPOINT_PAGES = 4_000;

const schema = `
  CREATE TABLE streams (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
  ) STRICT;
  CREATE TABLE events (
    position INTEGER PRIMARY KEY,
    stream INTEGER NOT NULL REFERENCES streams (id),
    revision INTEGER NOT NULL,
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    recorded_at INTEGER NOT NULL,
    data TEXT NOT NULL,
    metadata TEXT NOT NULL,
    UNIQUE (stream, revision)
  ) STRICT;
  ${['streams', 'events'].map((table) => immutable(table)).join('')}
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

function immutable(table: string): string {
  return ['UPDATE', 'DELETE']
    .map(
      (act) => `CREATE TRIGGER ${table}_refuse_${act.toLowerCase()} BEFORE ${act} ON ${table}
        BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;`,
    )
    .join('');
}

/** Opens the log for its one writer and creates it when missing. Throws StoreError: Corrupt, AccessDenied, StoreUnavailable. */
export function openLogForWriting(path: string): SqliteDatabase {
  return naming(path, () => {
    mkdirSync(dirname(path), { recursive: true });
    const fresh = !existsSync(path) || statSync(path).size === 0;
    if (!fresh) examine(path);
    const database = openDatabase(path);
    try {
      database.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}; PRAGMA cache_size = -16000;
        PRAGMA journal_size_limit = ${16 * CHECKPOINT_PAGES * 1024}; PRAGMA foreign_keys = OFF`);
      if (pragma(database, 'user_version') === 0) database.exec(`BEGIN IMMEDIATE; ${schema} COMMIT`);
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

/** Opens an existing log for reading. Throws StoreError: Corrupt, AccessDenied, StoreUnavailable. */
export function openLogForReading(path: string): SqliteDatabase {
  return naming(path, () => {
    const database = openDatabase(path, { readOnly: true });
    try {
      checkMarks(database, path);
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

/** The file whatever way it is reached: what its readers and its writer agree on. */
export function logPath(directory: string, file: string): string {
  mkdirIfMissing(directory);
  return join(realpathSync(directory), basename(file));
}

/** What a failed statement means to the caller. `committing`: the failure came while the commit was on its way to disk. */
export function logError(error: unknown, path: string, committing = false): StoreError {
  if (isStoreError(error)) return error;
  const text = (error as { message?: string } | null)?.message ?? String(error);
  const details = { cause: error };
  const file = (error as { code?: unknown } | null)?.code;
  if (committing && sqliteExtendedCode(error) === SQLITE_IOERR_FSYNC) {
    return new StoreError('AppendOutcomeUnknown', `the disk did not confirm a write to ${path}: ${text}`, details);
  }
  switch (sqliteCode(error)) {
    case SQLITE_CORRUPT:
      return new StoreError('Corrupt', `the log ${path} is damaged (${text}); restore it from a backup`, details);
    case SQLITE_NOTADB:
      return new StoreError('Corrupt', `${path} is not an event log of this server (${text})`, details);
    case SQLITE_FULL:
      return new StoreError('StoreUnavailable', `no room left on the disk for the log ${path}`, details);
    case SQLITE_IOERR:
      return new StoreError('StoreUnavailable', `the disk failed on the log ${path}: ${text}`, details);
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
      return new StoreError('AccessDenied', `the log ${path} cannot be opened for this: ${text}`, details);
    default:
  }
  if (file === 'EACCES' || file === 'EPERM' || file === 'EROFS' || file === 'ENOTDIR' || file === 'EEXIST') {
    return new StoreError('AccessDenied', `the log ${path} cannot be opened: ${text}`, details);
  }
  return new StoreError('StoreUnavailable', `the log ${path}: ${text}`, details);
}

function naming<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw logError(error, path);
  }
}

function mkdirIfMissing(directory: string): void {
  naming(directory, () => mkdirSync(directory, { recursive: true }));
}

/** Looks at a file without changing it. A file that a crash left behind before its first commit passes as empty. */
function examine(path: string): void {
  const header = Buffer.alloc(16);
  const handle = openSync(path, 'r');
  try {
    readSync(handle, header, 0, 16, 0);
  } finally {
    closeSync(handle);
  }
  if (header.toString('latin1') !== 'SQLite format 3\0') {
    throw new StoreError('Corrupt', `${path} is not an event log of this server; nothing was changed`);
  }
  const database = openDatabase(path, { readOnly: true });
  try {
    const objects = prepareRows(database, 'SELECT count(*) FROM sqlite_schema').get() as [number];
    if (objects[0] === 0 && pragma(database, 'application_id') === 0) return;
    checkMarks(database, path);
    checkContent(database, path);
  } finally {
    database.close();
  }
}

function checkMarks(database: SqliteDatabase, path: string): void {
  if (pragma(database, 'application_id') !== APPLICATION_ID) {
    throw new StoreError('Corrupt', `${path} is a database, but not an event log of this server; nothing was changed`);
  }
  const version = Number(pragma(database, 'user_version'));
  if (version !== SCHEMA_VERSION) {
    const advice = version > SCHEMA_VERSION ? 'it was written by a newer release: use that one' : 'it is damaged';
    throw new StoreError(
      'Corrupt',
      `the log ${path} has format ${version}, this release knows ${SCHEMA_VERSION}; ${advice}. Nothing was changed`,
    );
  }
}

function checkContent(database: SqliteDatabase, path: string): void {
  const bytes = Number(pragma(database, 'page_count')) * Number(pragma(database, 'page_size'));
  const finding = bytes <= FULL_CHECK_BYTES_MAX ? pragma(database, 'integrity_check(1)') : 'ok';
  const tail = `SELECT count(*), coalesce(max(position) - min(position) + 1, 0), coalesce(sum(json_valid(data)), 0)
    FROM (SELECT position, data FROM events ORDER BY position DESC LIMIT ${TAIL_EVENTS})`;
  const [count, span, valid] = prepareRows(database, tail).get() as [number, number, number];
  if (finding !== 'ok' || count !== span || count !== valid) {
    const reason = finding === 'ok' ? 'events are missing or unreadable at its end' : String(finding).split('\n')[0];
    throw new StoreError(
      'Corrupt',
      `the log ${path} is damaged (${reason}); restore it from a backup. Nothing was changed`,
    );
  }
}
