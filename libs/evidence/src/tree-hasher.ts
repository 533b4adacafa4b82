// How leaves and nodes are hashed: RFC 6962, section 2.1, over any implementation of SHA-256.
import { base64UrlOf, utf8Of } from './byte-text.js';

/** SHA-256: 32 bytes, always the same for the same bytes. In a browser, any synchronous implementation will do. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array;

/** SHA-256 of a text's UTF-8, base64url without padding. */
export type TextSha256 = (text: string) => string;

export const HASH_BYTES = 32;

export interface TreeHasher {
  readonly sha256: Sha256;
  readonly textSha256: TextSha256;
  /** Root of the tree without leaves. */
  readonly emptyRoot: Uint8Array;
  leaf(entry: Uint8Array): Uint8Array;
  node(left: Uint8Array, right: Uint8Array): Uint8Array;
}

/** Leaves and nodes begin with different bytes, so that neither can ever pass for the other. */
const LEAF_PREFIX = 0x00;
const NODE_PREFIX = 0x01;
const SCRATCH_BYTES = 65_536;

/**
 * Synchronous; one per thread, since it writes what it hashes into a buffer of its own.
 * @param textSha256 where there is a faster way than by the text's bytes
 */
export function treeHasher(
  sha256: Sha256,
  textSha256: TextSha256 = (text) => base64UrlOf(sha256(utf8Of(text))),
): TreeHasher {
  const pair = new Uint8Array(1 + 2 * HASH_BYTES);
  pair[0] = NODE_PREFIX;
  const scratch = new Uint8Array(SCRATCH_BYTES);
  scratch[0] = LEAF_PREFIX;
  const whole = (prefix: number, left: Uint8Array, right?: Uint8Array): Uint8Array => {
    const bytes = new Uint8Array(1 + left.length + (right?.length ?? 0));
    bytes[0] = prefix;
    bytes.set(left, 1);
    if (right) bytes.set(right, 1 + left.length);
    return sha256(bytes);
  };
  return {
    sha256,
    textSha256,
    emptyRoot: sha256(new Uint8Array(0)),
    leaf: (entry) => {
      if (entry.length >= SCRATCH_BYTES) return whole(LEAF_PREFIX, entry);
      scratch.set(entry, 1);
      return sha256(scratch.subarray(0, entry.length + 1));
    },
    node: (left, right) => {
      if (left.length !== HASH_BYTES || right.length !== HASH_BYTES) return whole(NODE_PREFIX, left, right);
      pair.set(left, 1);
      pair.set(right, 1 + HASH_BYTES);
      return sha256(pair);
    },
  };
}
