import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TreeHead } from './checkpoint.js';
import { FileSignerMemory } from './file.signer-memory.js';

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'signer-memory-'));
  path = join(directory, 'signed');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const head = (size: number): TreeHead => ({ origin: 'example.com/log', size, root: new Uint8Array(32).fill(size) });

describe('what the signer remembers', () => {
  it('is nothing before anything was signed', async () => {
    expect(await new FileSignerMemory(path).last()).toBeUndefined();
  });

  it('is the last head, for whoever opens it next, and for the owner alone', async () => {
    const memory = new FileSignerMemory(path);
    await memory.keep(head(1));
    await memory.keep(head(2));
    expect(await new FileSignerMemory(path).last()).toEqual(head(2));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory)).toEqual(['signed']);
  });

  it('stays as it was when it cannot be written, which may pass', async () => {
    const memory = new FileSignerMemory(path);
    await memory.keep(head(1));
    mkdirSync(`${path}.new`);
    await expect(memory.keep(head(2))).rejects.toMatchObject({ code: 'StoreUnavailable', retryable: true });
    expect(await memory.last()).toEqual(head(1));
    rmSync(`${path}.new`, { recursive: true });
    await memory.keep(head(2));
    expect(await memory.last()).toEqual(head(2));
  });

  it('is never guessed from a damaged file', async () => {
    writeFileSync(path, 'example.com/log\nmany\n');
    await expect(new FileSignerMemory(path).last()).rejects.toThrow(/is damaged; restore it/);
  });
});
