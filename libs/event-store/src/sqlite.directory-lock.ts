// One server per data directory. The lock is the operating system's lock on a file and dies with its holder, however that
// ends; the note beside it only says who holds it. Nobody in this process may open the lock file by other means: closing
// any handle on it would let go of the lock (POSIX).
import { mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { timestamp } from '@app/kernel';
import type { SqliteDatabase } from './sqlite.database.js';
import { openDatabase, SQLITE_BUSY, SQLITE_NOTADB, sqliteCode } from './sqlite.database.js';
import { logError } from './sqlite.log-file.js';
import { StoreError } from './store-error.js';

const LOCK_FILE = 'server.lock';
const NOTE_FILE = 'server.lock.json';

export interface LockHolder {
  readonly pid: number;
  readonly host: string;
  /** RFC 3339. */
  readonly since: string;
}

export interface DataDirectoryLock {
  /** Idempotent. */
  release(): Promise<void>;
}

/** Another process holds the directory; `holder` is undefined in the moment before it has left its note. */
export class DataDirectoryLocked extends Error {
  constructor(
    readonly directory: string,
    readonly holder: LockHolder | undefined,
  ) {
    const who = holder
      ? `process ${holder.pid} on host ${holder.host} since ${holder.since}`
      : 'another process that has just started';
    super(`the data directory ${directory} is held by ${who}; stop it, or choose another directory`);
    this.name = 'DataDirectoryLocked';
  }
}

/** Creates the directory when missing. Throws DataDirectoryLocked; StoreError AccessDenied when it cannot be written to. */
export async function lockDataDirectory(directory: string): Promise<DataDirectoryLock> {
  const path = madeDirectory(directory);
  const note = join(path, NOTE_FILE);
  let database: SqliteDatabase | undefined;
  try {
    database = openDatabase(join(path, LOCK_FILE), { journal: 'rollback', busyTimeoutMs: 0 });
    database.exec('BEGIN EXCLUSIVE');
    const holder: LockHolder = { pid: process.pid, host: hostname(), since: timestamp(Date.now()) };
    writeFileSync(note, `${JSON.stringify(holder)}\n`);
  } catch (error) {
    database?.close();
    throw sqliteCode(error) === SQLITE_BUSY ? new DataDirectoryLocked(path, holderIn(note)) : unusable(error, path);
  }
  const held = database;
  return {
    async release() {
      if (!held.isOpen) return;
      rmSync(note, { force: true });
      // Closing alone would keep the lock until the driver's statements are collected.
      held.exec('ROLLBACK');
      held.close();
    },
  };
}

function madeDirectory(directory: string): string {
  try {
    mkdirSync(directory, { recursive: true });
    return realpathSync(directory);
  } catch (error) {
    throw unusable(error, directory);
  }
}

function unusable(error: unknown, directory: string): StoreError {
  if (sqliteCode(error) === SQLITE_NOTADB) {
    return new StoreError('AccessDenied', `${join(directory, LOCK_FILE)} is not the lock file of this server`);
  }
  const { code, message } = logError(error, join(directory, LOCK_FILE));
  return new StoreError(code, `the data directory ${directory} cannot be written to: ${message}`, { cause: error });
}

function holderIn(note: string): LockHolder | undefined {
  try {
    const { pid, host, since } = JSON.parse(readFileSync(note, 'utf8')) as Partial<LockHolder>;
    return typeof pid === 'number' && typeof host === 'string' && typeof since === 'string'
      ? { pid, host, since }
      : undefined;
  } catch {
    return undefined;
  }
}
