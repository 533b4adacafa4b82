import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { blobStoreContract } from './blob-store.contract.js';
import { FileBlobStore } from './file.blob-store.js';
import { MemoryBlobStore } from './memory.blob-store.js';
import { codeOf } from './subject.contract.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'blobs-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const content = new TextEncoder().encode('content');

describe('the blob store in memory', () => blobStoreContract(() => new MemoryBlobStore()));

describe('the blob store in files', () => {
  blobStoreContract(() => new FileBlobStore(directory));

  it('puts a content where its hash says and leaves no other file', async () => {
    const { sha256 } = await new FileBlobStore(directory).put(content);
    const folder = join(directory, 'blobs', sha256.slice(0, 2));
    expect(readdirSync(folder)).toEqual([sha256]);
    expect(statSync(join(folder, sha256)).size).toBe(content.length);
  });

  it('finds a damaged content out when it is read, and repairs it when it is put again', async () => {
    const blobs = new FileBlobStore(directory);
    const { sha256 } = await blobs.put(content);
    writeFileSync(join(directory, 'blobs', sha256.slice(0, 2), sha256), 'changed');
    expect(await codeOf(blobs.get(sha256))).toBe('Corrupt');
    await blobs.put(content);
    expect(Buffer.from((await blobs.get(sha256)) ?? [])).toEqual(Buffer.from(content));
  });

  it('says that it is unavailable when it cannot write or read', async () => {
    writeFileSync(join(directory, 'blobs'), 'a file where the folder should be');
    expect(await codeOf(new FileBlobStore(directory).put(content))).toBe('StoreUnavailable');
    expect(await codeOf(new FileBlobStore(directory).get('0'.repeat(64)))).toBe('StoreUnavailable');
  });
});
