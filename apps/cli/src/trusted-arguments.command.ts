// Arguments by which a person says whom he trusts: keys and checkpoints, as texts or as files that hold them.
import type { KnownCheckpoint, VerifierKey } from '@app/evidence';
import { EvidenceError, openKnown, parseVerifierKey } from '@app/evidence';
import { verifyEd25519 } from '@app/evidence/nest';
import { sha256 } from '@app/kernel';
import { usage } from './cli-world.js';
import { readText } from './file.source.js';

/** @param argument a verifier key (`<name>+<id>+<key>`), or a file that holds one. */
export async function keyOf(
  option: string,
  argument: string,
  algorithm: VerifierKey['algorithm'],
): Promise<VerifierKey> {
  if (argument === '') throw usage(`${option} wants a public key, or a file that holds one`);
  const isKey = /\+[0-9a-f]{8}\+|^PRIVATE\+KEY\+/.test(argument);
  const text = (isKey ? argument : await readText(argument)).trim();
  if (text.startsWith('PRIVATE+KEY+')) throw usage(`${option} wants the public key; this is a private one: keep it`);
  try {
    const key = parseVerifierKey(text, sha256);
    if (key.algorithm === algorithm) return key;
  } catch (error) {
    const place = isKey ? option : `${option} ${argument}`;
    if (error instanceof EvidenceError) throw usage(`${place}: ${error.message}`);
    throw error;
  }
  throw usage(
    `${option} wants the key of a ${algorithm === 'ed25519' ? 'log' : 'witness'}; this is one of the other kind`,
  );
}

export async function knownOf(path: string, key: VerifierKey | undefined): Promise<KnownCheckpoint> {
  const text = await readText(path);
  try {
    return await openKnown(path, text, key, verifyEd25519);
  } catch (error) {
    if (error instanceof EvidenceError) throw usage(`--known ${path}: ${error.message}`);
    throw error;
  }
}

/** Collects an option that may be given several times. */
export function several(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** Refuses an option that may be given once only, instead of forgetting the first one. */
export function once(option: string): (value: string, before: string | undefined) => string {
  return (value, before) => {
    if (before !== undefined) throw usage(`${option} may be given once only`);
    return value;
  };
}
