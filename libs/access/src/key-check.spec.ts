import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KeyChecks } from '@app/event-store';
import { MemoryKeyChecks } from '@app/event-store/nest';
import { KeyMismatchError, proveKey } from './key-check.js';
import { NodeKeySecrets } from './node.key-secrets.js';

const directories: string[] = [];
const fresh = (): string => {
  const directory = mkdtempSync(join(tmpdir(), 'key-check-'));
  directories.push(directory);
  return directory;
};
afterAll(() => directories.forEach((directory) => rmSync(directory, { recursive: true, force: true })));

const withPepper = (letter: string): NodeKeySecrets => NodeKeySecrets.open(fresh(), letter.repeat(32));

describe('the proof that servers share the key of the API keys', () => {
  it('lets the first server and every other one with its key start, again and again', async () => {
    const checks = new MemoryKeyChecks();
    for (const secrets of [withPepper('a'), withPepper('a'), withPepper('a')]) {
      await expect(proveKey(secrets, checks)).resolves.toBeUndefined();
    }
  });

  it('refuses a server with another key, and says what to do without showing any key', async () => {
    const checks = new MemoryKeyChecks();
    await proveKey(withPepper('a'), checks);
    const refusal: unknown = await proveKey(withPepper('b'), checks).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(KeyMismatchError);
    expect((refusal as Error).message).toMatch(/same API_KEY_PEPPER, or the same api-keys\.key/);
    expect((refusal as Error).message).not.toMatch(/aaaa|bbbb/);
  });

  it('refuses the second of two servers that each made a key file of their own', async () => {
    const checks = new MemoryKeyChecks();
    await proveKey(NodeKeySecrets.open(fresh()), checks);
    await expect(proveKey(NodeKeySecrets.open(fresh()), checks)).rejects.toBeInstanceOf(KeyMismatchError);
  });

  it('keeps nothing from which the key or the hash of an API key could be told', async () => {
    const kept: string[] = [];
    class Recording extends KeyChecks {
      async keep(name: string, value: string): Promise<string> {
        kept.push(name, value);
        return value;
      }
    }
    const pepper = withPepper('a');
    await proveKey(pepper, new Recording());
    expect(kept).toEqual(['api keys', expect.stringMatching(/^[0-9a-f]{64}$/)]);
    expect(kept[1]).not.toBe(pepper.keyedHash(''));
  });
});
