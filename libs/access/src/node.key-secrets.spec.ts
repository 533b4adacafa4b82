import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keySecretsContract } from './key-secrets.contract.js';
import { KEY_FILE, NodeKeySecrets } from './node.key-secrets.js';

const directories: string[] = [];
const fresh = (): string => {
  const directory = mkdtempSync(join(tmpdir(), 'key-secrets-'));
  directories.push(directory);
  return directory;
};
afterAll(() => directories.forEach((directory) => rmSync(directory, { recursive: true, force: true })));

keySecretsContract('a key file', () => {
  const directory = fresh();
  return [NodeKeySecrets.open(directory), NodeKeySecrets.open(directory), NodeKeySecrets.open(fresh())];
});
keySecretsContract('a given key', () => {
  const directory = fresh();
  const [a, b] = ['a'.repeat(32), 'b'.repeat(32)];
  return [NodeKeySecrets.open(directory, a), NodeKeySecrets.open(fresh(), a), NodeKeySecrets.open(directory, b)];
});

describe('the key file', () => {
  it('is made once, for its owner only, and nothing is left beside it', () => {
    const directory = fresh();
    NodeKeySecrets.open(directory);
    const content = readFileSync(join(directory, KEY_FILE), 'utf8');
    expect(statSync(join(directory, KEY_FILE)).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory)).toEqual([KEY_FILE]);
    NodeKeySecrets.open(directory);
    expect(readFileSync(join(directory, KEY_FILE), 'utf8')).toBe(content);
  });

  it('is not made when the key is given', () => {
    const directory = fresh();
    NodeKeySecrets.open(directory, 'x'.repeat(32));
    expect(readdirSync(directory)).toEqual([]);
  });

  it('is refused when others can read it, or when it is damaged', () => {
    const directory = fresh();
    NodeKeySecrets.open(directory);
    chmodSync(join(directory, KEY_FILE), 0o644);
    expect(() => NodeKeySecrets.open(directory)).toThrow(/mode 0600/);
    chmodSync(join(directory, KEY_FILE), 0o600);
    writeFileSync(join(directory, KEY_FILE), 'abc');
    expect(() => NodeKeySecrets.open(directory)).toThrow(/damaged/);
  });
});
