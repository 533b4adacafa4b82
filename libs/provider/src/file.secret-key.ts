// The key of the secrets: given as text, or in a file that only its owner can read.
import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { KEY_BYTES, SecretKeyError } from './crypto.secret-box.js';

export const KEY_FILE = 'secrets.key';

export interface SecretKeySource {
  /** The data directory, in which the key file is. */
  readonly directory: string;
  /** 32 bytes in base64, instead of the key file. */
  readonly key?: string;
}

/** @param mayCreate whether nothing was sealed yet, so that a key file may be made. Throws SecretKeyError. */
export function secretKey({ directory, key }: SecretKeySource, mayCreate: boolean): Buffer {
  return key === undefined ? keyFromFile(join(directory, KEY_FILE), mayCreate) : keyFromText(key);
}

function keyFromText(text: string): Buffer {
  const key = Buffer.from(text.trim(), 'base64');
  if (key.length !== KEY_BYTES) throw new SecretKeyError(`the secret key must be ${KEY_BYTES} bytes in base64`);
  return key;
}

function keyFromFile(path: string, mayCreate: boolean): Buffer {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode;
  if (mode === undefined) {
    if (!mayCreate)
      throw new SecretKeyError(
        `${path} is missing: without it the secrets cannot be read; restore it, or set SECRETS_KEY`,
      );
    return createdKey(path);
  }
  if ((mode & 0o077) !== 0) {
    throw new SecretKeyError(`${path} is readable by others: replace the key or set the file's mode to 0600`);
  }
  const key = readFileSync(path);
  if (key.length !== KEY_BYTES) throw new SecretKeyError(`${path} is damaged: it must hold ${KEY_BYTES} bytes`);
  return key;
}

/** Written aside and moved into place, so that a crash leaves either no key file or a whole one. */
function createdKey(path: string): Buffer {
  const key = randomBytes(KEY_BYTES);
  const aside = `${path}.new`;
  rmSync(aside, { force: true });
  const file = openSync(aside, 'wx', 0o600);
  try {
    writeSync(file, key);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(aside, path);
  return key;
}
