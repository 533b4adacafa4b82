// Secrets as they lie in PostgreSQL.
import type { PostgresDatabase } from '@app/event-store/nest';
import { secretsSteps } from './postgres.secret-store.js';
import type { SealedRow } from './sealed-secrets.js';
import { SealedSecrets } from './sealed-secrets.js';

const columns = 'id, key_id AS "keyId", nonce, sealed';

export class PostgresSealedSecrets extends SealedSecrets {
  private constructor(private readonly database: PostgresDatabase) {
    super();
  }

  /** The table is made when missing. The database stays the caller's to close. */
  static async open(database: PostgresDatabase): Promise<PostgresSealedSecrets> {
    await database.migrate('secrets', secretsSteps);
    return new PostgresSealedSecrets(database);
  }

  async *all(): AsyncGenerator<SealedRow, void, undefined> {
    yield* await this.database.query<SealedRow>(`SELECT ${columns} FROM secrets ORDER BY id`);
  }

  async get(id: string): Promise<SealedRow | undefined> {
    const [row] = await this.database.query<SealedRow>(`SELECT ${columns} FROM secrets WHERE id = $1`, [id]);
    return row;
  }

  async put({ id, keyId, nonce, sealed }: SealedRow): Promise<void> {
    const sql = 'INSERT INTO secrets (id, key_id, nonce, sealed) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING';
    await this.database.execute(sql, [id, keyId, nonce, sealed]);
  }

  async close(): Promise<void> {}
}
