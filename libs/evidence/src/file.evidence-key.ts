// The log's signing key in a file that only its owner can read, one line, as `runledger keys generate` writes it.
import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, statSync, writeSync } from 'node:fs';
import { EvidenceError } from './evidence-error.js';
import { formatSignerKey, parseSignerKey } from './note-key.js';
import type { NoteSigner } from './note-signature.js';
import { ed25519Signer, newSeed, signerOfKey } from './node.signature.js';

const OTHERS = 0o077;

/** Undefined when there is no such file. Throws EvidenceError, showing nothing of the key. */
export function keyInFile(path: string): NoteSigner | undefined {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode;
  if (mode === undefined) return undefined;
  if ((mode & OTHERS) !== 0) {
    const told = `${path} can be read by others: replace the key, or set the mode of the file to 0600`;
    throw new EvidenceError('malformed_key', told);
  }
  return keyInText(readFileSync(path, 'utf8'), path);
}

/** @param place what to call it in messages */
export function keyInText(text: string, place: string): NoteSigner {
  try {
    const key = parseSignerKey(text.trim());
    if (key.algorithm === 'ed25519') return signerOfKey(key);
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    throw new EvidenceError('malformed_key', `${place} does not hold a signing key: ${error.message}`);
  }
  throw new EvidenceError('malformed_key', `${place} holds the key of a witness: a log signs with another kind`);
}

/** A new key for the log of that name. Written aside and moved into place. */
export function createKeyFile(path: string, origin: string): NoteSigner {
  const seed = newSeed();
  const signer = ed25519Signer(origin, seed);
  const { keyId } = signer.key;
  const aside = `${path}.${randomUUID()}`;
  const file = openSync(aside, 'wx', 0o600);
  try {
    writeSync(file, `${formatSignerKey({ name: origin, keyId, algorithm: 'ed25519', seed })}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(aside, path);
  return signer;
}
