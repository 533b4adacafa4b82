import { postgresForTests } from '../../../test/support/postgres.js';
import { blobStoreContract } from './blob-store.contract.js';
import { PostgresBlobStore } from './postgres.blob-store.js';
import { PostgresDatabase } from './postgres.database.js';
import { codeOf } from './subject.contract.js';

let database: PostgresDatabase;
let blobs: PostgresBlobStore;
const log = { error: () => undefined };

beforeAll(async () => {
  const server = await postgresForTests();
  database = await PostgresDatabase.open({ url: server.url, applicationName: 'tests', schema: server.schema(), log });
}, 120_000);
afterAll(() => database.close());
beforeEach(async () => {
  blobs = await PostgresBlobStore.open(database);
});

const content = new TextEncoder().encode('content');
const text = "convert_from(content, 'UTF8')";

describe('the blob store in PostgreSQL', () => {
  blobStoreContract(() => blobs);

  it('keeps the content of a row that is there already', async () => {
    const { sha256 } = await blobs.put(content);
    const versionOf = (): Promise<object[]> => database.query('SELECT xmin FROM blobs WHERE sha256 = $1', [sha256]);
    const before = await versionOf();
    await blobs.put(content);
    expect(await versionOf()).toEqual(before);
  });

  it('finds a damaged content out when it is read, and repairs it when it is put again', async () => {
    const { sha256 } = await blobs.put(content);
    await database.execute("UPDATE blobs SET content = 'changed' WHERE sha256 = $1", [sha256]);
    expect(await codeOf(blobs.get(sha256))).toBe('Corrupt');
    await blobs.put(content);
    expect(await database.rows(`SELECT ${text} FROM blobs WHERE sha256 = $1`, [sha256])).toEqual([['content']]);
  });

  it('takes ten megabytes', async () => {
    const large = new Uint8Array(10_485_760).map((_, index) => index % 251);
    const { sha256 } = await blobs.put(large);
    expect(Buffer.from((await blobs.get(sha256)) ?? []).equals(large)).toBe(true);
  });
});
