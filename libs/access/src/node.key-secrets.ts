import { createHmac, randomBytes, randomInt, timingSafeEqual } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { API_KEY_SECRET_LENGTH, base62Digits } from './api-key-text.js';
import { KeySecrets } from './key-secrets.js';

export const KEY_FILE = 'api-keys.key';
const KEY_BYTES = 32;

export class NodeKeySecrets extends KeySecrets {
  private constructor(private readonly key: Buffer) {
    super();
  }

  /**
   * The server's own key is `given` (at least 32 characters) or stands in `<directory>/api-keys.key`, which is made
   * with mode 0600 when it is not there. Throws an Error in plain words when that file is damaged or open to others.
   */
  static open(directory: string, given?: string): NodeKeySecrets {
    return new NodeKeySecrets(given === undefined ? keyInFile(join(directory, KEY_FILE)) : Buffer.from(given, 'utf8'));
  }

  newSecret(): string {
    return Array.from({ length: API_KEY_SECRET_LENGTH }, () => base62Digits.charAt(randomInt(62))).join('');
  }

  keyedHash(keyText: string): string {
    return createHmac('sha256', this.key).update(keyText).digest('hex');
  }

  matches(keyText: string, keyedHash: string): boolean {
    const offered = createHmac('sha256', this.key).update(keyText).digest();
    const stored = Buffer.from(keyedHash, 'hex');
    return stored.length === offered.length && timingSafeEqual(stored, offered);
  }
}

function keyInFile(path: string): Buffer {
  makeUnlessThere(path);
  if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0) {
    throw new Error(`${path} can be read by others; it must have mode 0600`);
  }
  const text = readFileSync(path, 'utf8').trim();
  if (!/^[0-9a-f]{64}$/.test(text)) throw new Error(`${path} is damaged: it must hold 64 hexadecimal digits`);
  return Buffer.from(text, 'hex');
}

/** Written aside and linked into place, so that a crash leaves either no key file or a whole one. */
function makeUnlessThere(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })) return;
  const aside = `${path}.${randomBytes(6).toString('hex')}`;
  const file = openSync(aside, 'wx', 0o600);
  try {
    writeSync(file, `${randomBytes(KEY_BYTES).toString('hex')}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  try {
    linkSync(aside, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    unlinkSync(aside);
  }
}
