import { sha256Hex } from '@app/kernel';
import type { StoredBlob } from './blob-store.js';
import { BlobStore } from './blob-store.js';
import { StoreError } from './store-error.js';

/** For unit tests and simulation: keeps every promise of the port but durability. */
export class MemoryBlobStore extends BlobStore {
  private readonly contents = new Map<string, Uint8Array>();

  async put(content: Uint8Array): Promise<StoredBlob> {
    const sha256 = sha256Hex(content);
    this.contents.set(sha256, content.slice());
    return { sha256, bytes: content.length };
  }

  async get(sha256: string): Promise<Uint8Array | undefined> {
    if (!/^[0-9a-f]{64}$/.test(sha256)) throw new StoreError('InvalidArgument', 'a content is named by 64 hex digits');
    return this.contents.get(sha256)?.slice();
  }

  async *names(): AsyncGenerator<string, void, undefined> {
    yield* [...this.contents.keys()].sort();
  }
}
