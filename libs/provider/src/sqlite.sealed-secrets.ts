// Secrets as they lie in the data directory.
import type { SqliteDatabase } from '@app/event-store/nest';
import type { SealedRow } from './sealed-secrets.js';
import { SealedSecrets } from './sealed-secrets.js';
import { openSecretsFile } from './sqlite.secret-store.js';

const columns = 'id, key_id AS "keyId", nonce, sealed';

export class SqliteSealedSecrets extends SealedSecrets {
  private constructor(private readonly database: SqliteDatabase) {
    super();
  }

  /** The file is made when missing. */
  static open(directory: string): SqliteSealedSecrets {
    return new SqliteSealedSecrets(openSecretsFile(directory));
  }

  async *all(): AsyncGenerator<SealedRow, void, undefined> {
    yield* this.database.prepare(`SELECT ${columns} FROM secrets ORDER BY id`).all() as unknown as SealedRow[];
  }

  async get(id: string): Promise<SealedRow | undefined> {
    return this.database.prepare(`SELECT ${columns} FROM secrets WHERE id = ?`).get(id) as SealedRow | undefined;
  }

  async put({ id, keyId, nonce, sealed }: SealedRow): Promise<void> {
    this.database
      .prepare('INSERT INTO secrets VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING')
      .run(id, keyId, nonce, sealed);
  }

  async close(): Promise<void> {
    if (!this.database.isOpen) return;
    this.database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    this.database.close();
  }
}
