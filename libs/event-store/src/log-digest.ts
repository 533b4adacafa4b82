// One number for everything that a log says, in its order: equal for two stores that hold the same events.
import type { RecordedEvent } from '@app/kernel';
import { canonicalJson, sha256 } from '@app/kernel';
import { firstRecordingOf } from './carried-event.js';

const DIGEST_BYTES = 32;
const utf8 = new TextEncoder();

/** SHA-256 of all that is said of one event, wherever it is read: not the position that this store gave it. */
export function eventDigest(event: RecordedEvent): Uint8Array {
  const { id, type, stream, revision, data, metadata } = event;
  return sha256(utf8.encode(canonicalJson({ id, type, stream, revision, ...firstRecordingOf(event), data, metadata })));
}

/** digest(0) = 32 zero bytes; digest(n) = SHA-256(digest(n - 1) || eventDigest(event n)). */
export class LogDigest {
  private readonly chain = new Uint8Array(2 * DIGEST_BYTES);
  private taken = 0;

  /** Events taken so far. */
  get events(): number {
    return this.taken;
  }

  /** 64 lower-case hexadecimal digits. */
  get text(): string {
    const bytes = this.chain.subarray(0, DIGEST_BYTES);
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  }

  /** @param digest what `eventDigest` says of the next event. */
  take(digest: Uint8Array): void {
    this.chain.set(digest, DIGEST_BYTES);
    this.chain.set(sha256(this.chain));
    this.taken += 1;
  }
}
