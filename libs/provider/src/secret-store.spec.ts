import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '@app/event-store/nest';
import { SecretKeyError } from './crypto.secret-box.js';
import { MemorySecretStore } from './memory.secret-store.js';
import { secretStoreContract } from './secret-store.contract.js';
import { SqliteSecretStore } from './sqlite.secret-store.js';

const directories: string[] = [];

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), 'secrets-'));
  directories.push(path);
  return path;
}

afterAll(() => {
  for (const path of directories) rmSync(path, { recursive: true, force: true });
});

secretStoreContract('the memory store', () => new MemorySecretStore());
secretStoreContract('the SQLite store', () => SqliteSecretStore.open({ directory: directory() }));
secretStoreContract('the SQLite store with a given key', () =>
  SqliteSecretStore.open({ directory: directory(), key: Buffer.alloc(32, 7).toString('base64') }),
);

describe('the SQLite secret store', () => {
  it('starts when a first start before it was killed while it made the key', async () => {
    const path = directory();
    writeFileSync(join(path, 'secrets.key.new'), 'half a k', { mode: 0o644 });
    const store = SqliteSecretStore.open({ directory: path });
    expect(statSync(join(path, 'secrets.key'))).toMatchObject({ size: 32 });
    expect(readdirSync(path)).not.toContain('secrets.key.new');
    expect(await store.get(await store.put('kept'))).toBe('kept');
    await store.close();
  });

  it('makes a key file of mode 0600 at its first start and finds the secrets again at the next', async () => {
    const path = directory();
    const first = SqliteSecretStore.open({ directory: path });
    const id = await first.put('k-9f2a77c1');
    await first.close();
    expect(statSync(join(path, 'secrets.key')).mode & 0o777).toBe(0o600);
    const second = SqliteSecretStore.open({ directory: path });
    expect(await second.get(id)).toBe('k-9f2a77c1');
    await second.close();
  });

  it('writes no secret in clear into any file', async () => {
    const path = directory();
    const store = SqliteSecretStore.open({ directory: path });
    await store.put('a-very-visible-secret');
    for (const file of readdirSync(path)) {
      expect(readFileSync(join(path, file)).includes('a-very-visible-secret')).toBe(false);
    }
    await store.close();
  });

  it('refuses a key file that others can read', async () => {
    const path = directory();
    await SqliteSecretStore.open({ directory: path }).close();
    chmodSync(join(path, 'secrets.key'), 0o644);
    expect(() => SqliteSecretStore.open({ directory: path })).toThrow('readable by others');
  });

  it('refuses to start with another key, without a key file, and with a key of the wrong length', async () => {
    const path = directory();
    await SqliteSecretStore.open({ directory: path }).close();
    const other = Buffer.alloc(32, 1).toString('base64');
    expect(() => SqliteSecretStore.open({ directory: path, key: other })).toThrow('does not open secrets.db');
    expect(() => SqliteSecretStore.open({ directory: path, key: 'c2hvcnQ=' })).toThrow('32 bytes');
    rmSync(join(path, 'secrets.key'));
    expect(() => SqliteSecretStore.open({ directory: path })).toThrow(SecretKeyError);
  });

  it('notices when a sealed text was moved to another id', async () => {
    const path = directory();
    const store = SqliteSecretStore.open({ directory: path });
    const [one, two] = [await store.put('one'), await store.put('two')];
    await store.close();
    const file = openDatabase(join(path, 'secrets.db'));
    const row = file.prepare('SELECT nonce, sealed FROM secrets WHERE id = ?').get(two) as Record<string, Uint8Array>;
    file.prepare('UPDATE secrets SET nonce = ?, sealed = ? WHERE id = ?').run(row['nonce']!, row['sealed']!, one);
    file.close();
    const again = SqliteSecretStore.open({ directory: path });
    await expect(again.get(one)).rejects.toThrow();
    expect(await again.get(two)).toBe('two');
    await again.close();
  });
});
