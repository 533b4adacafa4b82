// Who signed what: the log its checkpoints, witnesses the same text with a time, and the checkpoints that the caller kept.
import type { Checkpoint } from './checkpoint.js';
import { parseCheckpoint } from './checkpoint.js';
import { EvidenceError } from './evidence-error.js';
import type { NoteSignature, SignedNote } from './note.js';
import { parseNote } from './note.js';
import type { VerifierKey } from './note-key.js';
import type { VerifySignature } from './note-signature.js';
import { openNote } from './note-signature.js';
import type { DefectLog, Observation } from './verify-report.js';
import type { BundledCheckpoint, SmallFiles } from './verify-small-files.js';

/** A checkpoint that the caller held before. */
export interface KnownCheckpoint {
  /** As its holder calls it: a path, mostly. */
  readonly name: string;
  readonly checkpoint: Checkpoint;
}

export interface Cosignature {
  readonly size: number;
  readonly name: string;
  readonly atMs: number;
}

export interface SignatureFacts {
  /** Whether the log's key, as the caller gave it, signed the checkpoint that everything is measured against. */
  readonly isSigned: boolean;
  /** By witnesses that the caller named. */
  readonly cosignatures: readonly Cosignature[];
  readonly observations: readonly Observation[];
}

/**
 * A checkpoint that the caller kept, opened with the key that he trusts; without a key it counts as his own word.
 * Throws EvidenceError: malformed_note, malformed_checkpoint, bad_signature, not_signed.
 */
export async function openKnown(
  name: string,
  text: string | Uint8Array,
  key: VerifierKey | undefined,
  verify: VerifySignature,
): Promise<KnownCheckpoint> {
  const note = parseNote(text);
  if (key) await openNote(note, [key], verify);
  return { name, checkpoint: parseCheckpoint(note.text) };
}

export interface Trusted {
  readonly key?: VerifierKey;
  readonly witnesses: readonly VerifierKey[];
  readonly verify: VerifySignature;
}

export async function checkSignatures(
  small: SmallFiles,
  trusted: Trusted,
  defects: DefectLog,
): Promise<SignatureFacts> {
  const cosignatures: Cosignature[] = [];
  const strangers = new Set<string>();
  let isSigned = false;
  for (const bundled of small.checkpoints.values()) {
    const found = await signaturesOf(bundled, small.keys, trusted, defects);
    cosignatures.push(...found.cosignatures);
    for (const name of found.strangers) strangers.add(name);
    if (bundled === small.top) isSigned = found.isSigned;
    if (trusted.key && !found.isSigned && !found.isBad) {
      const told = `${bundled.file} has no signature by the key that you gave, ${trusted.key.name}`;
      defects.tampered('not_signed', told, { file: bundled.file });
    }
  }
  const sentence = `signatures by ${[...strangers].join(', ')} count for nothing: you did not name these keys`;
  const observations = strangers.size === 0 ? [] : [{ code: 'unnamed_keys', sentence }];
  return { isSigned, cosignatures, observations };
}

interface FoundSignatures {
  readonly isSigned: boolean;
  readonly isBad: boolean;
  readonly cosignatures: readonly Cosignature[];
  readonly strangers: readonly string[];
}

async function signaturesOf(
  { file, note, checkpoint }: BundledCheckpoint,
  bundledKeys: readonly VerifierKey[],
  { key, witnesses, verify }: Trusted,
  defects: DefectLog,
): Promise<FoundSignatures> {
  const trusted = key ? [key, ...witnesses] : witnesses;
  const found = { isSigned: false, isBad: false, cosignatures: [] as Cosignature[], strangers: [] as string[] };
  for (const signature of note.signatures) {
    const byTrusted = keyOf(signature, trusted);
    const by = byTrusted ?? keyOf(signature, bundledKeys);
    if (!byTrusted) found.strangers.push(signature.name);
    if (!by) continue;
    const opened = await opensWith(note, signature, by, verify);
    if (!opened) {
      if (byTrusted === key) found.isBad = true;
      const told = `${file}: the signature in the name of ${by.name} is not by its key`;
      defects.tampered('bad_signature', told, { file });
    } else if (byTrusted && byTrusted === key) found.isSigned = true;
    else if (byTrusted && opened.timestamp !== undefined) {
      found.cosignatures.push({ size: checkpoint.size, name: by.name, atMs: opened.timestamp * 1000 });
    }
  }
  return found;
}

function keyOf({ name, keyId }: NoteSignature, keys: readonly VerifierKey[]): VerifierKey | undefined {
  return keys.find((key) => key.name === name && key.keyId === keyId);
}

async function opensWith(
  { text }: SignedNote,
  signature: NoteSignature,
  key: VerifierKey,
  verify: VerifySignature,
): Promise<{ readonly timestamp?: number } | undefined> {
  try {
    const { verified } = await openNote({ text, signatures: [signature] }, [key], verify);
    return verified[0];
  } catch (error) {
    if (error instanceof EvidenceError) return undefined;
    throw error;
  }
}
