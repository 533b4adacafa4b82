// Contents in a table of PostgreSQL, named by their hash: for several servers that share them.
import { sha256Hex } from '@app/kernel';
import type { StoredBlob } from './blob-store.js';
import { BlobStore } from './blob-store.js';
import type { PostgresDatabase } from './postgres.database.js';
import type { Migration } from './postgres.migrations.js';
import { StoreError } from './store-error.js';

const sha256Pattern = /^[0-9a-f]{64}$/;

const STEPS: readonly Migration[] = [
  {
    name: 'blobs',
    sql: 'CREATE TABLE blobs (sha256 text COLLATE "C" PRIMARY KEY, content bytea NOT NULL)',
  },
];

/** A damaged copy does not count: the next `put` of the same content repairs it. */
const PUT = {
  name: 'blobs_put',
  text: `INSERT INTO blobs (sha256, content) VALUES ($1, $2)
    ON CONFLICT (sha256) DO UPDATE SET content = excluded.content WHERE blobs.content <> excluded.content`,
};
const GET = { name: 'blobs_get', text: 'SELECT content FROM blobs WHERE sha256 = $1' };
const NAMES = { name: 'blobs_names', text: 'SELECT sha256 FROM blobs WHERE sha256 > $1 ORDER BY sha256 LIMIT $2' };
const PAGE_NAMES = 1_000;

export class PostgresBlobStore extends BlobStore {
  private constructor(private readonly database: PostgresDatabase) {
    super();
  }

  /** Makes its table when that is missing. The database stays the caller's to close. */
  static async open(database: PostgresDatabase): Promise<PostgresBlobStore> {
    await database.migrate('blobs', STEPS);
    return new PostgresBlobStore(database);
  }

  async put(content: Uint8Array): Promise<StoredBlob> {
    const sha256 = sha256Hex(content);
    await this.database.execute(PUT, [sha256, content]);
    return { sha256, bytes: content.length };
  }

  async get(sha256: string): Promise<Uint8Array | undefined> {
    if (!sha256Pattern.test(sha256)) throw new StoreError('InvalidArgument', 'a content is named by 64 hex digits');
    const [row] = await this.database.query<{ content: Uint8Array }>(GET, [sha256]);
    if (row && sha256Hex(row.content) !== sha256) {
      throw new StoreError('Corrupt', `the content ${sha256} is damaged; restore it from a backup`);
    }
    return row?.content;
  }

  async *names(): AsyncGenerator<string, void, undefined> {
    let after = '';
    for (;;) {
      const page = await this.database.rows<[string]>(NAMES, [after, PAGE_NAMES]);
      for (const [name] of page) yield name;
      after = page.at(-1)?.[0] ?? '';
      if (page.length < PAGE_NAMES) return;
    }
  }
}
