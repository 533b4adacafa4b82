// Secrets in a small SQLite file of their own: AES-256-GCM, a fresh nonce each, bound to their id.
import { createCipheriv, createDecipheriv, createHash, randomBytes, randomUUID } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { RecentMap, StoreError } from '@app/event-store';
import type { SqliteDatabase, SqliteStatement } from '@app/event-store/nest';
import { openDatabase } from '@app/event-store/nest';
import { SecretStore } from './secret-store.js';

const DATABASE_FILE = 'secrets.db';
const KEY_FILE = 'secrets.key';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** The row that proves at start-up that the key is the right one. */
const PROBE_ID = 'key-probe';

/** Start-up cannot go on: the key is missing, readable by others, or another one. The message says what to do. */
export class SecretKeyError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SecretKeyError';
  }
}

export interface SqliteSecretStoreOptions {
  /** The data directory; created when missing. */
  readonly directory: string;
  /** 32 bytes in base64, instead of the key file. */
  readonly key?: string;
}

export class SqliteSecretStore extends SecretStore {
  private readonly recent = new RecentMap<string, string>(1_000);
  private readonly insert: SqliteStatement;
  private readonly select: SqliteStatement;
  private readonly remove: SqliteStatement;

  private constructor(
    private readonly database: SqliteDatabase,
    private readonly key: Buffer,
    private readonly keyId: string,
  ) {
    super();
    this.insert = database.prepare('INSERT INTO secrets (id, key_id, nonce, sealed) VALUES (?, ?, ?, ?)');
    this.select = database.prepare('SELECT key_id, nonce, sealed FROM secrets WHERE id = ?');
    this.remove = database.prepare('DELETE FROM secrets WHERE id = ?');
  }

  /** Throws SecretKeyError when the key cannot be used for what the file holds. */
  static open({ directory, key: given }: SqliteSecretStoreOptions): SqliteSecretStore {
    mkdirSync(directory, { recursive: true });
    const database = openDatabase(join(directory, DATABASE_FILE));
    try {
      database.exec(`
        PRAGMA secure_delete = ON;
        CREATE TABLE IF NOT EXISTS secrets (
          id TEXT PRIMARY KEY NOT NULL,
          key_id TEXT NOT NULL,
          nonce BLOB NOT NULL,
          sealed BLOB NOT NULL
        ) STRICT, WITHOUT ROWID;`);
      const isFresh = database.prepare('SELECT 1 FROM secrets LIMIT 1').get() === undefined;
      const key = given === undefined ? keyFromFile(join(directory, KEY_FILE), isFresh) : keyFromText(given);
      const keyId = createHash('sha256').update('secret key id').update(key).digest('hex').slice(0, 16);
      const store = new SqliteSecretStore(database, key, keyId);
      store.prove(isFresh);
      return store;
    } catch (error) {
      database.close();
      throw error;
    }
  }

  async put(text: string): Promise<string> {
    const id = randomUUID();
    unlessFull('kept', () => this.write(id, text));
    this.recent.set(id, text);
    return id;
  }

  async get(id: string): Promise<string | undefined> {
    if (id === PROBE_ID) return undefined;
    const known = this.recent.get(id);
    if (known !== undefined) return known;
    const text = this.read(id);
    if (text !== undefined) this.recent.set(id, text);
    return text;
  }

  async delete(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      if (id === PROBE_ID) continue;
      this.recent.delete(id);
      unlessFull('forgotten', () => this.remove.run(id));
    }
  }

  async close(): Promise<void> {
    if (!this.database.isOpen) return;
    this.database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    this.database.close();
  }

  private write(id: string, text: string): void {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.key, nonce);
    cipher.setAAD(Buffer.from(id));
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    this.insert.run(id, this.keyId, nonce, sealed);
  }

  private read(id: string): string | undefined {
    const row = this.select.get(id) as { key_id: string; nonce: Uint8Array; sealed: Uint8Array } | undefined;
    if (!row) return undefined;
    if (row.key_id !== this.keyId) throw new SecretKeyError('a secret was sealed with another key');
    const sealed = Buffer.from(row.sealed);
    const decipher = createDecipheriv('aes-256-gcm', this.key, Buffer.from(row.nonce));
    decipher.setAAD(Buffer.from(id));
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
    const text = decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES), undefined, 'utf8');
    return text + decipher.final('utf8');
  }

  private prove(isFresh: boolean): void {
    if (isFresh) return this.write(PROBE_ID, PROBE_ID);
    try {
      if (this.read(PROBE_ID) === PROBE_ID) return;
    } catch {
      // Told apart below: whatever went wrong, this key does not open this file.
    }
    throw new SecretKeyError(
      `the key does not open ${DATABASE_FILE}: give the key the secrets were sealed with, or restore ${KEY_FILE}`,
    );
  }
}

/** Nothing but the disk can fail here: what is to be written was made by us. */
function unlessFull(done: string, write: () => unknown): void {
  try {
    write();
  } catch (cause) {
    throw new StoreError('StoreUnavailable', `a secret could not be ${done}: ${(cause as Error).message}`, { cause });
  }
}

function keyFromText(text: string): Buffer {
  const key = Buffer.from(text.trim(), 'base64');
  if (key.length !== KEY_BYTES) throw new SecretKeyError(`the secret key must be ${KEY_BYTES} bytes in base64`);
  return key;
}

function keyFromFile(path: string, mayCreate: boolean): Buffer {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode;
  if (mode === undefined) {
    if (!mayCreate) throw new SecretKeyError(`${path} is missing: without it the secrets cannot be read; restore it`);
    return createdKey(path);
  }
  if ((mode & 0o077) !== 0) {
    throw new SecretKeyError(`${path} is readable by others: replace the key or set the file's mode to 0600`);
  }
  const key = readFileSync(path);
  if (key.length !== KEY_BYTES) throw new SecretKeyError(`${path} is damaged: it must hold ${KEY_BYTES} bytes`);
  return key;
}

/** Written aside and moved into place, so that a crash leaves either no key file or a whole one. */
function createdKey(path: string): Buffer {
  const key = randomBytes(KEY_BYTES);
  const aside = `${path}.new`;
  rmSync(aside, { force: true });
  const file = openSync(aside, 'wx', 0o600);
  try {
    writeSync(file, key);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(aside, path);
  return key;
}
