// Secrets in a table of PostgreSQL, sealed before they leave this process: the key never gets there.
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { RecentMap } from '@app/event-store';
import type { Migration, PostgresDatabase, PostgresSession } from '@app/event-store/nest';
import type { SealedSecret } from './crypto.secret-box.js';
import { PROBE_ID, SecretBox, SecretKeyError } from './crypto.secret-box.js';
import type { SecretKeySource } from './file.secret-key.js';
import { KEY_FILE, secretKey } from './file.secret-key.js';
import { SecretStore } from './secret-store.js';

export interface PostgresSecretStoreOptions extends SecretKeySource {
  /** Stays the caller's to close. */
  readonly database: PostgresDatabase;
}

export const secretsSteps: readonly Migration[] = [
  {
    name: 'secrets',
    sql: `CREATE TABLE secrets (
      id text COLLATE "C" PRIMARY KEY,
      key_id text NOT NULL,
      nonce bytea NOT NULL,
      sealed bytea NOT NULL
    )`,
  },
];
const INSERT = { name: 'secrets_put', text: 'INSERT INTO secrets (id, key_id, nonce, sealed) VALUES ($1, $2, $3, $4)' };
const SELECT = {
  name: 'secrets_get',
  text: 'SELECT key_id AS "keyId", nonce, sealed FROM secrets WHERE id = $1',
};

export class PostgresSecretStore extends SecretStore {
  /** Ids are never used again, so that what is known here cannot be out of date, only deleted elsewhere. */
  private readonly recent = new RecentMap<string, string>(1_000);

  private constructor(
    private readonly database: PostgresDatabase,
    private readonly box: SecretBox,
  ) {
    super();
  }

  /** Throws SecretKeyError when the key is missing or not the one that the secrets there were sealed with; StoreError. */
  static async open({ database, ...source }: PostgresSecretStoreOptions): Promise<PostgresSecretStore> {
    await database.migrate('secrets', secretsSteps);
    // Of servers that start for the first time at once, one makes the key and the others see that it is not theirs.
    return database.withLock('secret key', async () => {
      const [first] = await database.query('SELECT 1 FROM secrets LIMIT 1');
      mkdirSync(source.directory, { recursive: true });
      const box = new SecretBox(ownKey(source, first === undefined));
      if (first === undefined) await insert(database, PROBE_ID, box.sealProbe());
      else if (!box.opensProbe(await select(database, PROBE_ID))) throw wrongKey(database.place);
      return new PostgresSecretStore(database, box);
    });
  }

  async put(text: string): Promise<string> {
    const id = randomUUID();
    await insert(this.database, id, this.box.seal(id, text));
    this.recent.set(id, text);
    return id;
  }

  async get(id: string): Promise<string | undefined> {
    if (id === PROBE_ID) return undefined;
    const known = this.recent.get(id);
    if (known !== undefined) return known;
    const row = await select(this.database, id);
    if (!row) return undefined;
    const text = this.box.unseal(id, row);
    this.recent.set(id, text);
    return text;
  }

  async delete(ids: readonly string[]): Promise<void> {
    const own = ids.filter((id) => id !== PROBE_ID);
    for (const id of own) this.recent.delete(id);
    await this.database.execute('DELETE FROM secrets WHERE id = ANY ($1)', [own]);
  }

  async close(): Promise<void> {}
}

async function insert(session: PostgresSession, id: string, { keyId, nonce, sealed }: SealedSecret): Promise<void> {
  await session.execute(INSERT, [id, keyId, nonce, sealed]);
}

async function select(session: PostgresSession, id: string): Promise<SealedSecret | undefined> {
  const [row] = await session.query<SealedSecret>(SELECT, [id]);
  return row;
}

function ownKey(source: SecretKeySource, isFresh: boolean): Buffer {
  try {
    return secretKey(source, isFresh);
  } catch (error) {
    if (!(error instanceof SecretKeyError) || source.key !== undefined) throw error;
    throw new SecretKeyError(`${error.message}; servers that share a database share one key`);
  }
}

function wrongKey(place: string): SecretKeyError {
  return new SecretKeyError(
    `the key does not open the secrets in ${place}: all servers that share it need the same SECRETS_KEY, or the same ` +
      `${KEY_FILE} in their data directories`,
  );
}
