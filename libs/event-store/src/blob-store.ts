// The port to large contents that events name by their hash. Adapters: memory, files, PostgreSQL (`blob-store.contract.ts`).

export interface StoredBlob {
  /** 64 lower-case hexadecimal digits. */
  readonly sha256: string;
  readonly bytes: number;
}

export abstract class BlobStore {
  /**
   * Keeps the content under its own hash and answers once it survives power loss: write the blob first, then the event that
   * names it. Putting what is there already is a success that writes nothing. Throws StoreError: StoreUnavailable.
   */
  abstract put(content: Uint8Array): Promise<StoredBlob>;

  /** The content, checked against its hash; undefined when there is none. Throws StoreError: Corrupt, InvalidArgument. */
  abstract get(sha256: string): Promise<Uint8Array | undefined>;

  /** The hashes of all contents, in order; of those that come meanwhile some may be missing. Throws StoreError. */
  abstract names(): AsyncIterable<string>;
}
