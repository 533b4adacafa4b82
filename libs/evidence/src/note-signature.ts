// Signing notes and opening them: by a log (Ed25519 over the text), by a witness (C2SP tlog-cosignature: over a time and the text).
import { bigEndian, joinedBytes, numberOfBigEndian } from './byte-text.js';
import { EvidenceError } from './evidence-error.js';
import type { NoteSignature, SignedNote } from './note.js';
import { noteBytes } from './note.js';
import type { VerifierKey } from './note-key.js';
import { keyIdText } from './note-key.js';

/** Ed25519 (RFC 8032): whether `signature` (64 bytes) over `message` is by the holder of `publicKey` (32 bytes). Never throws. */
export type VerifySignature = (
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
) => boolean | Promise<boolean>;

/** Ed25519 (RFC 8032): 64 bytes. */
export type SignBytes = (message: Uint8Array) => Uint8Array | Promise<Uint8Array>;

export interface NoteSigner {
  readonly key: VerifierKey;
  readonly sign: SignBytes;
}

const SIGNATURE_BYTES = 64;
const TIMESTAMP_BYTES = 8;

/** By a key of algorithm `ed25519`. */
export async function signNote(text: string, signer: NoteSigner): Promise<NoteSignature> {
  mustBe(signer, 'ed25519');
  const { name, keyId } = signer.key;
  return { name, keyId, signature: await signer.sign(noteBytes(text)) };
}

/**
 * By a key of algorithm `cosignature/v1`.
 * @param timestamp seconds since 1970, a safe integer >= 0.
 */
export async function cosignNote(text: string, signer: NoteSigner, timestamp: number): Promise<NoteSignature> {
  mustBe(signer, 'cosignature/v1');
  if (!Number.isSafeInteger(timestamp) || timestamp < 0) {
    throw new EvidenceError('out_of_range', 'a cosignature needs a time in whole seconds since 1970');
  }
  const { name, keyId } = signer.key;
  const signature = await signer.sign(cosignedBytes(text, timestamp));
  return { name, keyId, signature: joinedBytes([bigEndian(timestamp, TIMESTAMP_BYTES), signature]) };
}

export interface VerifiedSignature {
  readonly key: VerifierKey;
  /** Of a cosignature: seconds since 1970. */
  readonly timestamp?: number;
}

export interface OpenedNote {
  readonly text: string;
  /** One for each key, in the order of the note; never empty. */
  readonly verified: readonly VerifiedSignature[];
  /** By keys that are not among those given. Nothing is known of these. */
  readonly unknown: readonly NoteSignature[];
}

/**
 * Throws bad_signature when a signature in the name of one of `keys` is not by it, whatever the others are; not_signed
 * when none is in the name of any.
 */
export async function openNote(
  note: SignedNote,
  keys: readonly VerifierKey[],
  verify: VerifySignature,
): Promise<OpenedNote> {
  const verified = new Map<VerifierKey, VerifiedSignature>();
  const unknown: NoteSignature[] = [];
  for (const signature of note.signatures) {
    const key = keys.find(({ name, keyId }) => name === signature.name && keyId === signature.keyId);
    if (!key) {
      unknown.push(signature);
      continue;
    }
    const found = await verifiedBy(key, note.text, signature, verify);
    if (!found) {
      throw new EvidenceError('bad_signature', `the signature by ${key.name}+${keyIdText(key.keyId)} is not its own`);
    }
    if (!verified.has(key)) verified.set(key, found);
  }
  if (verified.size === 0) {
    const wanted = keys.map((key) => `${key.name}+${keyIdText(key.keyId)}`).join(', ');
    throw new EvidenceError('not_signed', `the note has no signature by ${wanted || 'a known key'}`);
  }
  return { text: note.text, verified: [...verified.values()], unknown };
}

async function verifiedBy(
  key: VerifierKey,
  text: string,
  { signature }: NoteSignature,
  verify: VerifySignature,
): Promise<VerifiedSignature | undefined> {
  if (key.algorithm === 'ed25519') {
    const holds = signature.length === SIGNATURE_BYTES && (await verify(key.publicKey, noteBytes(text), signature));
    return holds ? { key } : undefined;
  }
  if (signature.length !== TIMESTAMP_BYTES + SIGNATURE_BYTES) return undefined;
  const timestamp = numberOfBigEndian(signature.subarray(0, TIMESTAMP_BYTES));
  if (!Number.isSafeInteger(timestamp)) return undefined;
  const bare = signature.slice(TIMESTAMP_BYTES);
  return (await verify(key.publicKey, cosignedBytes(text, timestamp), bare)) ? { key, timestamp } : undefined;
}

function cosignedBytes(text: string, timestamp: number): Uint8Array {
  return noteBytes(`cosignature/v1\ntime ${timestamp}\n${text}`);
}

function mustBe({ key }: NoteSigner, algorithm: VerifierKey['algorithm']): void {
  if (key.algorithm !== algorithm) {
    throw new EvidenceError('malformed_key', `${key.name} is a key for ${key.algorithm}, not for ${algorithm}`);
  }
}
