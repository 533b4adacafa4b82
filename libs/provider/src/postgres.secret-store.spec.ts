import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PostgresDatabase } from '@app/event-store/nest';
import type { PostgresForTests } from '../../../test/support/postgres.js';
import { postgresForTests } from '../../../test/support/postgres.js';
import { SecretKeyError } from './crypto.secret-box.js';
import { PostgresSecretStore } from './postgres.secret-store.js';
import { secretStoreContract } from './secret-store.contract.js';

let server: PostgresForTests;
const databases: PostgresDatabase[] = [];
const directories: string[] = [];
const log = { error: () => undefined };
const [key, other] = [7, 8].map((byte) => Buffer.alloc(32, byte).toString('base64')) as [string, string];

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), 'secrets-'));
  directories.push(path);
  return path;
}

async function connect(schema = server.schema()): Promise<PostgresDatabase> {
  const database = await PostgresDatabase.open({ url: server.url, applicationName: 'tests', schema, log });
  databases.push(database);
  return database;
}

beforeAll(async () => {
  server = await postgresForTests();
}, 120_000);
afterEach(() => Promise.all(databases.splice(0).map((database) => database.close())));
afterAll(() => directories.forEach((path) => rmSync(path, { recursive: true, force: true })));

secretStoreContract('the PostgreSQL store with a given key', async () =>
  PostgresSecretStore.open({ database: await connect(), directory: directory(), key }),
);
secretStoreContract('the PostgreSQL store with a key file', async () =>
  PostgresSecretStore.open({ database: await connect(), directory: directory() }),
);

describe('the PostgreSQL secret store', () => {
  it('shares secrets between servers with the same key, and a deletion too', async () => {
    const database = await connect();
    const [one, two] = [
      await PostgresSecretStore.open({ database, directory: directory(), key }),
      await PostgresSecretStore.open({ database: await connect(database.schema), directory: directory(), key }),
    ];
    const [kept, gone] = [await one.put('k-9f2a77c1'), await one.put('gone')];
    await one.delete([gone]);
    expect(await two.get(kept)).toBe('k-9f2a77c1');
    expect(await two.get(gone)).toBeUndefined();
  });

  it('makes a key file of mode 0600 at its first start, which opens the secrets at the next', async () => {
    const [database, path] = [await connect(), directory()];
    const id = await (await PostgresSecretStore.open({ database, directory: path })).put('kept');
    expect(statSync(join(path, 'secrets.key')).mode & 0o777).toBe(0o600);
    expect(await (await PostgresSecretStore.open({ database, directory: path })).get(id)).toBe('kept');
  });

  it('refuses another key, a server without the key file, and a key of the wrong length', async () => {
    const database = await connect();
    await PostgresSecretStore.open({ database, directory: directory(), key });
    const open = (given: object): Promise<unknown> =>
      PostgresSecretStore.open({ database, directory: directory(), ...given });
    await expect(open({ key: other })).rejects.toThrow(/does not open the secrets.*same SECRETS_KEY/);
    await expect(open({ key: 'c2hvcnQ=' })).rejects.toThrow('32 bytes');
    const path = directory();
    await expect(open({ directory: path })).rejects.toThrow(/missing.*share one key/);
    expect(existsSync(join(path, 'secrets.key'))).toBe(false);
  });

  it('lets one of several servers that start at once for the first time make the key, and turns the others away', async () => {
    const schema = server.schema();
    const starts = await Promise.allSettled(
      Array.from({ length: 4 }, async () =>
        PostgresSecretStore.open({ database: await connect(schema), directory: directory() }),
      ),
    );
    const refused = starts.flatMap((start) => (start.status === 'rejected' ? [start.reason as unknown] : []));
    expect(refused).toHaveLength(3);
    expect(refused.every((reason) => reason instanceof SecretKeyError)).toBe(true);
  });

  it('sends neither a secret nor the key to the database in clear', async () => {
    const database = await connect();
    const store = await PostgresSecretStore.open({ database, directory: directory(), key });
    await store.put('a-very-visible-secret');
    const rows = await database.query<{ sealed: Buffer; nonce: Buffer }>('SELECT * FROM secrets');
    expect(rows).toHaveLength(2);
    for (const row of rows) {
      const bytes = Buffer.concat([Buffer.from(JSON.stringify(row)), row.sealed, row.nonce]);
      expect(bytes.includes('a-very-visible-secret') || bytes.includes(Buffer.alloc(32, 7))).toBe(false);
    }
  });

  it('notices when a sealed text was moved to another id, or changed', async () => {
    const database = await connect();
    const open = (): Promise<PostgresSecretStore> =>
      PostgresSecretStore.open({ database, directory: directory(), key });
    const store = await open();
    const [one, two] = [await store.put('one'), await store.put('two')];
    await database.execute(
      'UPDATE secrets SET nonce = source.nonce, sealed = source.sealed FROM secrets source WHERE secrets.id = $1 AND source.id = $2',
      [one, two],
    );
    const again = await open();
    await expect(again.get(one)).rejects.toThrow();
    expect(await again.get(two)).toBe('two');
  });
});
