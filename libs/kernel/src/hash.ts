// The one pure file that names node:crypto: hashing is a function of its input and touches nothing.
import { createHash } from 'node:crypto';
import { canonicalJson } from './json.js';

/** SHA-256 as 64 lower-case hexadecimal digits. */
export function sha256Hex(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** SHA-256 over the canonical form: equal for equal documents, whatever the order of their keys. */
export function fingerprint(value: unknown): string {
  return sha256Hex(canonicalJson(value));
}
