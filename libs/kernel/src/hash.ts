// The one pure file that names node:crypto: hashing is a function of its input and touches nothing.
import { hash } from 'node:crypto';
import { canonicalJson } from './json.js';

const SHA256_BYTES = 32;

/** SHA-256 as 32 bytes. */
export function sha256(content: Uint8Array): Uint8Array {
  // By way of text: an answer in bytes brings memory of its own outside the heap and takes twice as long.
  const digits = hash('sha256', content, 'binary');
  const digest = new Uint8Array(SHA256_BYTES);
  for (let index = 0; index < SHA256_BYTES; index += 1) digest[index] = digits.charCodeAt(index);
  return digest;
}

/** SHA-256 of the text's UTF-8, base64url without padding: no bytes need to be made of either. */
export function sha256Base64Url(text: string): string {
  return hash('sha256', text, 'base64url');
}

/** SHA-256 as 64 lower-case hexadecimal digits. */
export function sha256Hex(content: string | Uint8Array): string {
  return hash('sha256', content, 'hex');
}

/** SHA-256 over the canonical form: equal for equal documents, whatever the order of their keys. */
export function fingerprint(value: unknown): string {
  return sha256Hex(canonicalJson(value));
}
