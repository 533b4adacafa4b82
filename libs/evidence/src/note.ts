// Signed notes: a text and the signatures under it (C2SP signed-note).
import { base64Of, bigEndian, bytesOfBase64, joinedBytes, numberOfBigEndian, textOfUtf8, utf8Of } from './byte-text.js';
import { EvidenceError, excerptOf } from './evidence-error.js';
import { isKeyName, KEY_ID_BYTES } from './note-key.js';

export interface NoteSignature {
  readonly name: string;
  readonly keyId: number;
  /** Without the key id before it. */
  readonly signature: Uint8Array;
}

export interface SignedNote {
  /** What is signed: whole lines, the last one's end included. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** So many lines of signatures are read; what is longer is no note (16 is what the specification demands). */
export const SIGNATURES_MAX = 100;
export const NOTE_BYTES_MAX = 1_000_000;

const LEAD = '\u2014 ';

/** Throws malformed_note for a text that no note can carry. */
export function formatNote({ text, signatures }: SignedNote): string {
  if (!isNoteText(text)) throw malformed('the text must end with a newline and hold no control characters');
  if (signatures.length === 0 || signatures.length > SIGNATURES_MAX) throw malformed('1 to 100 signatures are needed');
  return `${text}\n${signatures.map(signatureLine).join('')}`;
}

export function signatureLine({ name, keyId, signature }: NoteSignature): string {
  if (!isKeyName(name)) throw malformed(`"${excerptOf(name)}" cannot be the name of a key`);
  return `${LEAD}${name} ${base64Of(joinedBytes([bigEndian(keyId, KEY_ID_BYTES), signature]))}\n`;
}

/** Checks no signature. Throws malformed_note for everything that is not to the letter a note. */
export function parseNote(note: string | Uint8Array): SignedNote {
  if (note.length > NOTE_BYTES_MAX) throw malformed(`it is longer than ${NOTE_BYTES_MAX} bytes`);
  const whole = typeof note === 'string' ? note : textOfUtf8(note);
  if (whole === undefined) throw malformed('it is not UTF-8');
  const blank = whole.lastIndexOf('\n\n');
  const text = whole.slice(0, blank + 1);
  if (blank === -1 || !isNoteText(text)) throw malformed('there is no text with an empty line after it');
  return { text, signatures: parseSignatures(whole.slice(blank + 2)) };
}

/** Throws malformed_note unless `lines` are one or more whole lines of signatures. */
export function parseSignatures(lines: string): NoteSignature[] {
  if (!lines.endsWith('\n')) throw malformed('it does not end with a line of a signature');
  const parts = lines.slice(0, -1).split('\n');
  if (parts.length > SIGNATURES_MAX) throw malformed(`it has more than ${SIGNATURES_MAX} signatures`);
  return parts.map(parsedSignature);
}

function parsedSignature(line: string): NoteSignature {
  const [name, encoded, ...rest] = line.startsWith(LEAD) ? line.slice(LEAD.length).split(' ') : [];
  const bytes = bytesOfBase64(encoded ?? '');
  if (name === undefined || !isKeyName(name) || rest.length > 0 || !bytes || bytes.length <= KEY_ID_BYTES) {
    throw malformed(`"${excerptOf(line)}" is not a line of a signature`);
  }
  return {
    name,
    keyId: numberOfBigEndian(bytes.subarray(0, KEY_ID_BYTES)),
    signature: bytes.slice(KEY_ID_BYTES),
  };
}

/** The bytes that a signature is over. */
export function noteBytes(text: string): Uint8Array {
  return utf8Of(text);
}

function isNoteText(text: string): boolean {
  return text.endsWith('\n') && text.isWellFormed() && !/[\u0000-\u0009\u000b-\u001f]/.test(text);
}

function malformed(problem: string): EvidenceError {
  return new EvidenceError('malformed_note', `not a signed note: ${problem}`);
}
