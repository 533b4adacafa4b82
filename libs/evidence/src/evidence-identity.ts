// Whose log it is and who signs it: settled once, kept for ever; anything else is refused in words that say what to do.
import { isOrigin } from './checkpoint.js';
import type { NoteSigner } from './note-signature.js';
import { formatVerifierKey, keyIdText } from './note-key.js';

/** A key that signs or has signed, oldest first. */
export interface LogKey {
  readonly vkey: string;
  /** Leaves there were when it began to sign. */
  readonly fromSize: number;
}

export interface Identity {
  readonly origin: string;
  readonly keys: readonly LogKey[];
  readonly signer: NoteSigner;
}

/** Start-up cannot go on. The message says what to do, and shows nothing secret. */
export class IdentityError extends Error {
  override readonly name = 'IdentityError';
}

export interface IdentityFacts {
  /** As the settings have it. */
  readonly configuredOrigin: string | undefined;
  /** As the evidence has it. */
  readonly keptOrigin: string | undefined;
  /** Name of the key at hand. */
  readonly keyName: string | undefined;
  /** For a log that has no name yet. */
  readonly newId: string;
}

/** Throws IdentityError when the names contradict each other. */
export function originOf({ configuredOrigin, keptOrigin, keyName, newId }: IdentityFacts): string {
  const origin = keptOrigin ?? configuredOrigin ?? keyName ?? `runledger.local/${newId}`;
  if (!isOrigin(origin)) throw new IdentityError('EVIDENCE_ORIGIN has at most 255 characters, no blanks and no plus');
  if (configuredOrigin !== undefined && configuredOrigin !== origin) {
    throw new IdentityError(
      `this log is called ${origin} and stands so in all of its evidence: EVIDENCE_ORIGIN cannot rename it`,
    );
  }
  if (keyName !== undefined && keyName !== origin) {
    throw new IdentityError(`the signing key is that of the log ${keyName}, but this log is called ${origin}`);
  }
  return origin;
}

/**
 * The keys of the log once `signer` signs it.
 * @param replaces id of the key that a new one may take the place of, eight hexadecimal digits
 * Throws IdentityError for a key that nobody announced.
 */
export function keysWith(
  known: readonly LogKey[],
  { key }: NoteSigner,
  size: number,
  replaces: string | undefined,
): readonly LogKey[] {
  const vkey = formatVerifierKey(key);
  const last = known.at(-1);
  if (last?.vkey === vkey) return known;
  if (known.some((one) => one.vkey === vkey)) {
    throw new IdentityError(`the signing key ${keyIdText(key.keyId)} was replaced before and cannot come back`);
  }
  const lastId = last && keyIdOf(last.vkey);
  if (last && replaces !== lastId) {
    throw new IdentityError(
      `this log is signed with the key ${lastId}, and the key at hand is ${keyIdText(key.keyId)}: restore the former one (all servers ` +
        `of one log need the same), or set EVIDENCE_REPLACES_KEY=${lastId} if it is to be replaced`,
    );
  }
  return [...known, { vkey, fromSize: size }];
}

/** Throws IdentityError: a key that has signed is not made anew because it cannot be found. */
export function mayCreateKey(known: readonly LogKey[], place: string): void {
  const last = known.at(-1);
  if (!last) return;
  throw new IdentityError(
    `${place} is missing, but this log is signed with the key ${keyIdOf(last.vkey)}: restore it (all servers of one log need ` +
      'the same), or make a new one with `runledger keys generate` and set EVIDENCE_REPLACES_KEY to that id',
  );
}

/** The id in a verifier key. */
function keyIdOf(vkey: string): string {
  return vkey.split('+')[1] ?? '';
}
