// Contents as files named by their hash: `<directory>/blobs/<2 hex>/<64 hex>`.
import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sha256Hex } from '@app/kernel';
import type { StoredBlob } from './blob-store.js';
import { BlobStore } from './blob-store.js';
import { isStoreError, StoreError } from './store-error.js';

const sha256Pattern = /^[0-9a-f]{64}$/;

export class FileBlobStore extends BlobStore {
  private readonly root: string;

  /** @param directory the data directory; `blobs` is created in it with the first content. */
  constructor(directory: string) {
    super();
    this.root = join(directory, 'blobs');
  }

  async put(content: Uint8Array): Promise<StoredBlob> {
    const sha256 = sha256Hex(content);
    try {
      if (!(await this.isIntact(sha256))) await this.write(this.pathOf(sha256), content);
      await syncDirectory(dirname(this.pathOf(sha256)));
    } catch (error) {
      throw new StoreError('StoreUnavailable', `a content could not be kept: ${(error as Error).message}`, {
        cause: error,
      });
    }
    return { sha256, bytes: content.length };
  }

  async get(sha256: string): Promise<Uint8Array | undefined> {
    if (!sha256Pattern.test(sha256)) throw new StoreError('InvalidArgument', 'a content is named by 64 hex digits');
    const content = await readIfThere(this.pathOf(sha256));
    if (content && sha256Hex(content) !== sha256) {
      throw new StoreError('Corrupt', `the content ${sha256} is damaged; restore it from a backup`);
    }
    return content;
  }

  async *names(): AsyncGenerator<string, void, undefined> {
    for (const folder of await namesIn(this.root)) {
      if (!/^[0-9a-f]{2}$/.test(folder)) continue;
      // What a crash left behind has another name.
      for (const name of await namesIn(join(this.root, folder))) if (sha256Pattern.test(name)) yield name;
    }
  }

  private pathOf(sha256: string): string {
    return join(this.root, sha256.slice(0, 2), sha256);
  }

  /** A damaged copy does not count: the next `put` of the same content repairs it. */
  private async isIntact(sha256: string): Promise<boolean> {
    try {
      return (await this.get(sha256)) !== undefined;
    } catch (error) {
      if (isStoreError(error, 'Corrupt')) return false;
      throw error;
    }
  }

  /** A file stands under its name only when it is whole and on disk. */
  private async write(path: string, content: Uint8Array): Promise<void> {
    const directory = dirname(path);
    const created = await mkdir(directory, { recursive: true });
    if (created) {
      await syncDirectory(this.root);
      await syncDirectory(dirname(this.root));
    }
    const temporary = `${path}.${randomUUID()}.tmp`;
    try {
      const file = await open(temporary, 'wx');
      try {
        await file.writeFile(content);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }
}

/** In order; none where there is no such directory. */
async function namesIn(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new StoreError('StoreUnavailable', `contents could not be listed: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new StoreError('StoreUnavailable', `a content could not be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** A new name is on disk only once its directory is. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
