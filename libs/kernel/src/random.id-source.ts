import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';
import { IdSource } from './id.js';

const ID_BYTES = 16;
const POOL_BYTES = 512 * ID_BYTES;

/** UUIDs of version 7. Randomness is drawn many ids at a time: one draw an id costs more than the rest of it. */
export class RandomIdSource extends IdSource {
  private readonly pool = new Uint8Array(POOL_BYTES);
  private used = POOL_BYTES;
  private readonly options = { rng: (): Uint8Array => this.draw() };

  next(): string {
    return v7(this.options);
  }

  private draw(): Uint8Array {
    if (this.used === POOL_BYTES) {
      randomFillSync(this.pool);
      this.used = 0;
    }
    this.used += ID_BYTES;
    return this.pool.subarray(this.used - ID_BYTES, this.used);
  }
}
