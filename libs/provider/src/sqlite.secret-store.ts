// Secrets in a small SQLite file of their own.
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { RecentMap, StoreError } from '@app/event-store';
import type { SqliteDatabase, SqliteStatement } from '@app/event-store/nest';
import { openDatabase } from '@app/event-store/nest';
import type { SealedSecret } from './crypto.secret-box.js';
import { PROBE_ID, SecretBox, SecretKeyError } from './crypto.secret-box.js';
import type { SecretKeySource } from './file.secret-key.js';
import { KEY_FILE, secretKey } from './file.secret-key.js';
import { SecretStore } from './secret-store.js';

const DATABASE_FILE = 'secrets.db';

/** The data directory is created when missing. */
export type SqliteSecretStoreOptions = SecretKeySource;

export class SqliteSecretStore extends SecretStore {
  private readonly recent = new RecentMap<string, string>(1_000);
  private readonly insert: SqliteStatement;
  private readonly select: SqliteStatement;
  private readonly remove: SqliteStatement;

  private constructor(
    private readonly database: SqliteDatabase,
    private readonly box: SecretBox,
  ) {
    super();
    this.insert = database.prepare('INSERT INTO secrets (id, key_id, nonce, sealed) VALUES (?, ?, ?, ?)');
    this.select = database.prepare('SELECT key_id, nonce, sealed FROM secrets WHERE id = ?');
    this.remove = database.prepare('DELETE FROM secrets WHERE id = ?');
  }

  /** Throws SecretKeyError when the key cannot be used for what the file holds. */
  static open(options: SqliteSecretStoreOptions): SqliteSecretStore {
    const database = openSecretsFile(options.directory);
    try {
      const isFresh = database.prepare('SELECT 1 FROM secrets LIMIT 1').get() === undefined;
      const store = new SqliteSecretStore(database, new SecretBox(secretKey(options, isFresh)));
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
    const { keyId, nonce, sealed } = this.box.seal(id, text);
    this.insert.run(id, keyId, nonce, sealed);
  }

  private read(id: string): string | undefined {
    const row = this.row(id);
    return row && this.box.unseal(id, row);
  }

  private row(id: string): SealedSecret | undefined {
    const row = this.select.get(id) as { key_id: string; nonce: Uint8Array; sealed: Uint8Array } | undefined;
    return row && { keyId: row.key_id, nonce: row.nonce, sealed: row.sealed };
  }

  private prove(isFresh: boolean): void {
    if (isFresh) return this.write(PROBE_ID, PROBE_ID);
    if (this.box.opensProbe(this.row(PROBE_ID))) return;
    throw new SecretKeyError(
      `the key does not open ${DATABASE_FILE}: give the key the secrets were sealed with, or restore ${KEY_FILE}`,
    );
  }
}

/** Made when missing, and its directory too. */
export function openSecretsFile(directory: string): SqliteDatabase {
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
    return database;
  } catch (error) {
    database.close();
    throw error;
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
