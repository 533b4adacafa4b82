// A backup of a data directory while its server runs: another directory that a server can be started with.
import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { timestamp } from '@app/kernel';
import { StoreError } from '@app/event-store';
import { FileBlobStore, openDatabase, pragma, SqliteEventStore } from '@app/event-store/nest';

export interface BackupOptions {
  /** The data directory. */
  readonly from: string;
  /** Is made; must be empty when it is there already. */
  readonly to: string;
  /** Whoever has the keys can read the secrets and sign for the log: they may be kept elsewhere. */
  readonly withKeys: boolean;
  readonly nowMs: number;
}

export interface Backup {
  readonly at: string;
  /** In the order in which they were copied. */
  readonly files: readonly string[];
  /** Events in the copy of the log; undefined where the log is elsewhere. */
  readonly events: number | undefined;
  readonly contents: number;
}

/**
 * In this order: what is copied later may know more than what is copied earlier, never less. Evidence older than its log goes on
 * where it was; a log older than its evidence could not. Secrets and contents are there before the event that names them.
 */
const databases = ['evidence.db', 'log.db', 'secrets.db'];
const keys = ['secrets.key', 'api-keys.key', 'evidence.key'];
const NOTE = 'backup.json';

/** Throws StoreError: InvalidArgument, Corrupt (of what was to be copied), AccessDenied, StoreUnavailable. */
export async function backUp({ from, to, withKeys, nowMs }: BackupOptions): Promise<Backup> {
  const at = timestamp(nowMs);
  prepare(from, to);
  const files: string[] = [];
  for (const name of databases) if (copyDatabase(from, to, name)) files.push(name);
  const contents = await copyContents(from, to);
  for (const name of withKeys ? keys : []) if (copyKey(from, to, name)) files.push(name);
  if (files.length === 0)
    throw new StoreError('InvalidArgument', `${from} is no data directory: there is nothing to back up`);
  const events = files.includes('log.db') ? await eventsIn(to) : undefined;
  const backup = { at, files, events, contents };
  // Last: a directory without it is half a backup.
  writeFileSync(join(to, NOTE), `${JSON.stringify(backup)}\n`, { mode: 0o600 });
  syncPath(join(to, NOTE));
  syncPath(to);
  return backup;
}

function prepare(from: string, to: string): void {
  try {
    if (from === '' || to === '') throw new StoreError('InvalidArgument', 'the name of a directory must not be empty');
    if (!isDirectory(from)) throw new StoreError('InvalidArgument', `there is no directory ${from}`);
    if (existsSync(to) && !isDirectory(to)) throw new StoreError('InvalidArgument', `${to} is not a directory`);
    mkdirSync(to, { recursive: true, mode: 0o700 });
    if (readdirSync(to).length > 0) throw new StoreError('InvalidArgument', `${to} is not empty`);
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw new StoreError('AccessDenied', `${to} cannot be made: ${(error as Error).message}`, { cause: error });
  }
}

function isDirectory(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

/** One snapshot, whatever is written meanwhile. False: there is no such file. */
function copyDatabase(from: string, to: string, name: string): boolean {
  const [source, target] = [join(from, name), join(to, name)];
  if (!existsSync(source)) return false;
  try {
    const database = openDatabase(source, { readOnly: true });
    try {
      database.prepare('VACUUM INTO ?').run(target);
    } finally {
      database.close();
    }
    syncPath(target);
    const copy = openDatabase(target, { readOnly: true });
    try {
      const finding = String(pragma(copy, 'integrity_check(1)'));
      if (finding !== 'ok') throw new StoreError('Corrupt', `the copy of ${source} is damaged: ${finding}`);
    } finally {
      copy.close();
    }
    return true;
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw new StoreError('StoreUnavailable', `${source} could not be copied: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

async function copyContents(from: string, to: string): Promise<number> {
  const [source, target] = [new FileBlobStore(from), new FileBlobStore(to)];
  let count = 0;
  for await (const name of source.names()) {
    const content = await source.get(name);
    if (content) await target.put(content);
    count += content ? 1 : 0;
  }
  return count;
}

function copyKey(from: string, to: string, name: string): boolean {
  const [source, target] = [join(from, name), join(to, name)];
  if (!existsSync(source)) return false;
  try {
    copyFileSync(source, target, constants.COPYFILE_EXCL);
    syncPath(target);
    return true;
  } catch (error) {
    throw new StoreError('AccessDenied', `${source} could not be copied: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

async function eventsIn(directory: string): Promise<number> {
  const log = await SqliteEventStore.openReader({ directory });
  try {
    const head = await log.head();
    return head === undefined ? 0 : Number(head.slice(head.indexOf(':') + 1));
  } finally {
    await log.close();
  }
}

function syncPath(path: string): void {
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
