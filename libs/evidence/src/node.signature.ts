// Ed25519 by Node's own cryptography: keys from seeds, signatures, and their check.
import type { KeyObject } from 'node:crypto';
import { createPrivateKey, createPublicKey, randomBytes, sign, verify } from 'node:crypto';
import { sha256 } from '@app/kernel';
import { joinedBytes } from './byte-text.js';
import { EvidenceError } from './evidence-error.js';
import type { SignerKey } from './note-key.js';
import { KEY_BYTES, verifierKey } from './note-key.js';
import type { NoteSigner, VerifySignature } from './note-signature.js';

// A bare key wrapped as PKCS #8 and SPKI want it (RFC 8410): these bytes, then the 32 of the key.
const pkcs8Lead = Uint8Array.from([
  0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
]);
const spkiLead = Uint8Array.from([0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00]);

export const verifyEd25519: VerifySignature = (publicKey, message, signature) => {
  if (publicKey.length !== KEY_BYTES) return false;
  try {
    const key = createPublicKey({ key: asBuffer([spkiLead, publicKey]), format: 'der', type: 'spki' });
    return verify(null, message, key, signature);
  } catch {
    // Bytes that are no point of the curve: nobody can have signed with such a key.
    return false;
  }
};

/** Fresh key material from the operating system. */
export function newSeed(): Uint8Array {
  return new Uint8Array(randomBytes(KEY_BYTES));
}

/**
 * A signer out of a name and a seed.
 * Throws malformed_key for a name or seed that is none.
 */
export function ed25519Signer(
  name: string,
  seed: Uint8Array,
  algorithm: SignerKey['algorithm'] = 'ed25519',
): NoteSigner {
  const privateKey = privateKeyOf(seed);
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  const publicKey = new Uint8Array(spki.subarray(spkiLead.length));
  return {
    key: verifierKey(name, algorithm, publicKey, sha256),
    sign: (message) => new Uint8Array(sign(null, message, privateKey)),
  };
}

/** Throws malformed_key when the key id is not that of the seed. */
export function signerOfKey(key: SignerKey): NoteSigner {
  const signer = ed25519Signer(key.name, key.seed, key.algorithm);
  if (signer.key.keyId !== key.keyId) {
    throw new EvidenceError('malformed_key', `the signer key ${key.name} does not match its key id`);
  }
  return signer;
}

function privateKeyOf(seed: Uint8Array): KeyObject {
  if (seed.length !== KEY_BYTES) {
    throw new EvidenceError('malformed_key', `a seed has ${KEY_BYTES} bytes, not ${seed.length}`);
  }
  return createPrivateKey({ key: asBuffer([pkcs8Lead, seed]), format: 'der', type: 'pkcs8' });
}

function asBuffer(parts: readonly Uint8Array[]): Buffer {
  return Buffer.from(joinedBytes(parts));
}
