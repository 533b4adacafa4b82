// The port to secrets as they lie in a store: they are carried into another one without anybody opening them.

export interface SealedRow {
  readonly id: string;
  /** Of the key it was sealed with. */
  readonly keyId: string;
  readonly nonce: Uint8Array;
  readonly sealed: Uint8Array;
}

/** The two stores were sealed with different keys, or hold different secrets by the same id. */
export class SecretsDiffer extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SecretsDiffer';
  }
}

/** Adapters: SQLite, PostgreSQL; each passes `sealed-secrets.contract.ts`. Every method throws StoreError. */
export abstract class SealedSecrets {
  /** All of them in order of their ids, and what the key is tried on. */
  abstract all(): AsyncIterable<SealedRow>;

  abstract get(id: string): Promise<SealedRow | undefined>;

  /** Keeps one as it is. One of that id that is there already stays. */
  abstract put(row: SealedRow): Promise<void>;

  /** Idempotent. */
  abstract close(): Promise<void>;
}

/** Every store has one, sealed on its own: by the same key is all that can be asked of it. */
const PROBE_ID = 'key-probe';

/** @returns how many secrets there are, all of them in `target` too. Throws SecretsDiffer, StoreError. */
export async function copySecrets(source: SealedSecrets, target: SealedSecrets): Promise<number> {
  let count = 0;
  for await (const row of source.all()) {
    await target.put(row);
    const there = await target.get(row.id);
    if (there?.keyId !== row.keyId) {
      throw new SecretsDiffer(
        'the target holds secrets that were sealed with another key; servers that share them share one',
      );
    }
    if (row.id === PROBE_ID) continue;
    if (!isSame(there.nonce, row.nonce) || !isSame(there.sealed, row.sealed)) {
      throw new SecretsDiffer(`the target holds another secret by the id ${row.id}`);
    }
    count += 1;
  }
  return count;
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
