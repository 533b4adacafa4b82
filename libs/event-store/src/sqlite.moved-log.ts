// The note in a data directory that its log was carried over elsewhere: two servers that go on with one log would fork it.
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { logError } from './sqlite.log-file.js';

const NOTE_FILE = 'log.moved.json';

export interface MovedLog {
  /** Without credentials. */
  readonly to: string;
  /** RFC 3339. */
  readonly at: string;
  readonly events: number;
  /** Of the log, as it was proved there. */
  readonly digest: string;
}

/** Durable when it returns. Throws StoreError. */
export function noteMovedLog(directory: string, moved: MovedLog): void {
  const path = join(directory, NOTE_FILE);
  try {
    const aside = `${path}.new`;
    rmSync(aside, { force: true });
    const file = openSync(aside, 'wx', 0o600);
    try {
      writeSync(file, `${JSON.stringify(moved)}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(aside, path);
  } catch (error) {
    throw logError(error, path);
  }
}

/** Undefined when the log is still here. A note that cannot be read counts as one. Throws StoreError. */
export function movedLogIn(directory: string): MovedLog | undefined {
  const path = join(directory, NOTE_FILE);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw logError(error, path);
  }
  try {
    const { to, at, events, digest } = JSON.parse(text) as Partial<MovedLog>;
    return { to: to ?? 'another store', at: at ?? 'an unknown time', events: events ?? 0, digest: digest ?? '' };
  } catch {
    return { to: 'another store', at: 'an unknown time', events: 0, digest: '' };
  }
}

/** The log is here again. Throws StoreError. */
export function forgetMovedLog(directory: string): void {
  const path = join(directory, NOTE_FILE);
  try {
    rmSync(path, { force: true });
  } catch (error) {
    throw logError(error, path);
  }
}
