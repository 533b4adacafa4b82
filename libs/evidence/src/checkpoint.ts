// What a log signs: its name, the size of its tree and the tree's root (C2SP tlog-checkpoint).
import { base64Of, bytesOfBase64, numberOfDecimal } from './byte-text.js';
import { EvidenceError, excerptOf } from './evidence-error.js';
import { HASH_BYTES } from './tree-hasher.js';

/** A tree as somebody claims it to be. */
export interface TreeHead {
  /** Which log. */
  readonly origin: string;
  /** Leaves, >= 0. */
  readonly size: number;
  readonly root: Uint8Array;
}

export interface Checkpoint extends TreeHead {
  /** Lines after the third, which say nothing about the tree; we write none. */
  readonly extensions: readonly string[];
}

/** A line that may stand in a checkpoint; an origin has no blanks and no plus besides, so that it can name a key. */
const line = /^[^\u0000-\u001f]+$/;

/** Whether a log may be called so: as a key name, at most 255 characters. */
export function isOrigin(text: string): boolean {
  return text.length <= 255 && text.isWellFormed() && /^[^\s+\u0000-\u001f\u0085]+$/u.test(text);
}

/** The text of the note, to be signed. Throws malformed_checkpoint. */
export function formatCheckpoint({ origin, size, root, extensions }: Checkpoint): string {
  const lines = [origin, String(size), base64Of(root), ...extensions];
  const text = lines.map((each) => `${each}\n`).join('');
  parseCheckpoint(text);
  return text;
}

/** @param text of a note, which whoever wants to trust it has opened. Throws malformed_checkpoint. */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin, sizeText, rootText, ...extensions] = text.endsWith('\n') ? text.slice(0, -1).split('\n') : [];
  if (origin === undefined || sizeText === undefined || rootText === undefined) {
    throw malformed('it has fewer than three whole lines');
  }
  if (![origin, ...extensions].every((each) => line.test(each) && each.isWellFormed())) {
    throw malformed('a line is empty or holds control characters');
  }
  const size = numberOfDecimal(sizeText);
  if (size === undefined) throw malformed(`"${excerptOf(sizeText)}" is not the size of a tree`);
  const root = bytesOfBase64(rootText);
  if (root?.length !== HASH_BYTES) throw malformed(`"${excerptOf(rootText)}" is not the root of a tree`);
  return { origin, size, root, extensions };
}

function malformed(problem: string): EvidenceError {
  return new EvidenceError('malformed_checkpoint', `not a checkpoint: ${problem}`);
}
