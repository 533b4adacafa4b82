// The keys of signed notes as text: C2SP signed-note, "Verifier keys", and the private counterpart of golang.org/x/mod/sumdb/note.
import { base64Of, bytesOfBase64, joinedBytes, numberOfBigEndian, utf8Of } from './byte-text.js';
import { EvidenceError, excerptOf } from './evidence-error.js';
import type { Sha256 } from './tree-hasher.js';

/** What a log signs with, and what a witness: the second signs a time too, so that one cannot pass for the other. */
export type KeyAlgorithm = 'ed25519' | 'cosignature/v1';

const algorithmBytes: Readonly<Record<KeyAlgorithm, number>> = { ed25519: 0x01, 'cosignature/v1': 0x04 };

export const KEY_BYTES = 32;
export const KEY_ID_BYTES = 4;

export interface VerifierKey {
  readonly name: string;
  /** Four bytes as an unsigned number: which of the keys of that name it is. Not a fingerprint to trust. */
  readonly keyId: number;
  readonly algorithm: KeyAlgorithm;
  /** Ed25519, 32 bytes (RFC 8032). */
  readonly publicKey: Uint8Array;
}

/** A secret. */
export interface SignerKey {
  readonly name: string;
  readonly keyId: number;
  readonly algorithm: KeyAlgorithm;
  /** Ed25519, 32 bytes (RFC 8032). */
  readonly seed: Uint8Array;
}

/** Not empty, no blanks of any kind, no plus, no control characters. */
export function isKeyName(name: string): boolean {
  return name !== '' && name.isWellFormed() && !/[\s\u0085+]|[\u0000-\u001f]/u.test(name);
}

/** Throws malformed_key for a name or key that is none. */
export function verifierKey(name: string, algorithm: KeyAlgorithm, publicKey: Uint8Array, sha256: Sha256): VerifierKey {
  if (!isKeyName(name)) throw malformed(`"${excerptOf(name)}" cannot be the name of a key`);
  if (publicKey.length !== KEY_BYTES) throw malformed(`a public key has ${KEY_BYTES} bytes, not ${publicKey.length}`);
  const tagged = Uint8Array.of(algorithmBytes[algorithm], ...publicKey);
  const digest = sha256(joinedBytes([utf8Of(`${name}\n`), tagged]));
  return { name, keyId: numberOfBigEndian(digest.subarray(0, KEY_ID_BYTES)), algorithm, publicKey };
}

/** `<name>+<key id>+<base64 of algorithm and key>`. */
export function formatVerifierKey({ name, keyId, algorithm, publicKey }: VerifierKey): string {
  return `${name}+${keyIdText(keyId)}+${base64Of(Uint8Array.of(algorithmBytes[algorithm], ...publicKey))}`;
}

/** Eight lower-case hexadecimal digits. */
export function keyIdText(keyId: number): string {
  return keyId.toString(16).padStart(2 * KEY_ID_BYTES, '0');
}

const verifierPattern = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/;

/**
 * Throws malformed_key for anything that is not a verifier key of a known algorithm, or not the key of its own key id; shows
 * nothing of a text that is none, because it may be a private key in the wrong place.
 */
export function parseVerifierKey(text: string, sha256: Sha256): VerifierKey {
  const [, name, keyId, material] = verifierPattern.exec(text) ?? [];
  if (name === undefined || keyId === undefined || material === undefined) {
    throw malformed('a verifier key is <name>+<key id>+<key>');
  }
  const { algorithm, bytes } = taggedKey(material);
  const key = verifierKey(name, algorithm, bytes, sha256);
  if (keyIdText(key.keyId) !== keyId) throw malformed(`the verifier key ${excerptOf(name)} does not match its key id`);
  return key;
}

const PRIVATE = 'PRIVATE+KEY+';

/** `PRIVATE+KEY+<name>+<key id>+<base64 of algorithm and seed>`: a secret. */
export function formatSignerKey({ name, keyId, algorithm, seed }: SignerKey): string {
  return `${PRIVATE}${name}+${keyIdText(keyId)}+${base64Of(Uint8Array.of(algorithmBytes[algorithm], ...seed))}`;
}

/**
 * Throws malformed_key, showing nothing of the text. Whether the key id is that of the seed can be told only once the
 * public key has been derived from it: whoever derives it compares.
 */
export function parseSignerKey(text: string): SignerKey {
  const body = text.startsWith(PRIVATE) ? text.slice(PRIVATE.length) : '';
  const [, name, keyId, material] = verifierPattern.exec(body) ?? [];
  if (name === undefined || keyId === undefined || material === undefined || !isKeyName(name)) {
    throw malformed('a signer key is PRIVATE+KEY+<name>+<key id>+<key>');
  }
  const { algorithm, bytes } = taggedKey(material);
  return { name, keyId: Number.parseInt(keyId, 16), algorithm, seed: bytes };
}

function taggedKey(material: string): { readonly algorithm: KeyAlgorithm; readonly bytes: Uint8Array } {
  const tagged = bytesOfBase64(material);
  if (tagged === undefined) throw malformed('a key is not base64');
  const known = Object.entries(algorithmBytes).find(([, byte]) => byte === tagged[0]);
  if (!known) throw malformed(`a key has the unknown algorithm ${tagged[0]}`);
  const bytes = tagged.slice(1);
  if (bytes.length !== KEY_BYTES) throw malformed(`a key has ${KEY_BYTES} bytes, not ${bytes.length}`);
  return { algorithm: known[0] as KeyAlgorithm, bytes };
}

function malformed(problem: string): EvidenceError {
  return new EvidenceError('malformed_key', problem);
}
