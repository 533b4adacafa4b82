// The envelope of a secret at rest: AES-256-GCM, a fresh nonce each, bound to the secret's id.
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

export const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** The row that proves at start-up that the key is the right one; no secret has this id. */
export const PROBE_ID = 'key-probe';

/** Start-up cannot go on: the key is missing, readable by others, or another one. The message says what to do. */
export class SecretKeyError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SecretKeyError';
  }
}

export interface SealedSecret {
  /** Of the key it was sealed with. */
  readonly keyId: string;
  readonly nonce: Uint8Array;
  /** The encrypted text and the tag. */
  readonly sealed: Uint8Array;
}

export class SecretBox {
  readonly keyId: string;
  readonly #key: Buffer;

  /** @param key 32 bytes */
  constructor(key: Buffer) {
    this.#key = key;
    this.keyId = createHash('sha256').update('secret key id').update(key).digest('hex').slice(0, 16);
  }

  seal(id: string, text: string): SealedSecret {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce);
    cipher.setAAD(Buffer.from(id));
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return { keyId: this.keyId, nonce, sealed };
  }

  /** Throws when it was sealed with another key or under another id, or was changed since. */
  unseal(id: string, { keyId, nonce, sealed }: SealedSecret): string {
    if (keyId !== this.keyId) throw new SecretKeyError('a secret was sealed with another key');
    const bytes = Buffer.from(sealed);
    const decipher = createDecipheriv('aes-256-gcm', this.#key, Buffer.from(nonce));
    decipher.setAAD(Buffer.from(id));
    decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
    const text = decipher.update(bytes.subarray(0, bytes.length - TAG_BYTES), undefined, 'utf8');
    return text + decipher.final('utf8');
  }

  sealProbe(): SealedSecret {
    return this.seal(PROBE_ID, PROBE_ID);
  }

  opensProbe(probe: SealedSecret | undefined): boolean {
    try {
      return probe !== undefined && this.unseal(PROBE_ID, probe) === PROBE_ID;
    } catch {
      return false;
    }
  }
}
