import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PostgresDatabase } from '@app/event-store/nest';
import { postgresForTests } from '../../../test/support/postgres.js';
import { PostgresSealedSecrets } from './postgres.sealed-secrets.js';
import { PostgresSecretStore } from './postgres.secret-store.js';
import { rowsOf, sealedSecretsContract } from './sealed-secrets.contract.js';
import { copySecrets, SecretsDiffer } from './sealed-secrets.js';
import { SqliteSealedSecrets } from './sqlite.sealed-secrets.js';
import { SqliteSecretStore } from './sqlite.secret-store.js';

const directories: string[] = [];
const databases: PostgresDatabase[] = [];

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), 'sealed-'));
  directories.push(path);
  return path;
}

async function database(): Promise<PostgresDatabase> {
  const server = await postgresForTests();
  const log = { error: () => undefined };
  const one = await PostgresDatabase.open({ url: server.url, applicationName: 'tests', schema: server.schema(), log });
  databases.push(one);
  return one;
}

beforeAll(postgresForTests, 120_000);
afterEach(() => Promise.all(databases.splice(0).map((one) => one.close())));
afterAll(() => directories.forEach((path) => rmSync(path, { recursive: true, force: true })));

sealedSecretsContract('the SQLite file', () => SqliteSealedSecrets.open(directory()));
sealedSecretsContract('the PostgreSQL table', async () => PostgresSealedSecrets.open(await database()));

describe('secrets that are carried over', () => {
  it('from a file to PostgreSQL and back are opened by the same key, and nobody needs it on the way', async () => {
    const [from, back, shared] = [directory(), directory(), await database()];
    const first = SqliteSecretStore.open({ directory: from });
    const ids = [await first.put('k-9f2a77c1'), await first.put('')];
    await first.close();
    const [source, there] = [SqliteSealedSecrets.open(from), await PostgresSealedSecrets.open(shared)];
    expect(await copySecrets(source, there)).toBe(2);
    expect(await copySecrets(source, there)).toBe(2);
    expect(await rowsOf(there)).toEqual(await rowsOf(source));
    const second = await PostgresSecretStore.open({ database: shared, directory: from });
    expect(await Promise.all(ids.map((id) => second.get(id)))).toEqual(['k-9f2a77c1', '']);

    const target = SqliteSealedSecrets.open(back);
    expect(await copySecrets(there, target)).toBe(2);
    await Promise.all([source.close(), target.close()]);
    copyFileSync(join(from, 'secrets.key'), join(back, 'secrets.key'));
    const third = SqliteSecretStore.open({ directory: back });
    expect(await third.get(ids[0]!)).toBe('k-9f2a77c1');
    await third.close();
  });

  it('may go where a server with the same key has been, not where one with another has', async () => {
    const [from, same, other] = [directory(), directory(), directory()];
    const store = SqliteSecretStore.open({ directory: from });
    await store.put('one');
    await store.close();
    copyFileSync(join(from, 'secrets.key'), join(same, 'secrets.key'));
    for (const path of [same, other]) await SqliteSecretStore.open({ directory: path }).close();
    const [source, target, wrong] = [from, same, other].map((path) => SqliteSealedSecrets.open(path));
    expect(await copySecrets(source!, target!)).toBe(1);
    await expect(copySecrets(source!, wrong!)).rejects.toThrow(/another key/);
    for (const one of [source, target, wrong]) await one?.close();
  });

  it('do not take the place of others', async () => {
    const [source, target] = [SqliteSealedSecrets.open(directory()), SqliteSealedSecrets.open(directory())];
    const row = { id: 'a', keyId: 'k', nonce: new Uint8Array(12), sealed: new Uint8Array(40) };
    await source.put(row);
    await target.put({ ...row, sealed: new Uint8Array(40).fill(1) });
    await expect(copySecrets(source, target)).rejects.toThrow(SecretsDiffer);
    expect((await rowsOf(target))[0]?.sealed[0]).toBe(1);
    await Promise.all([source.close(), target.close()]);
  });
});
