// What is wrong with a piece of evidence, as a code that programs may ask for and a sentence for people.

export type EvidenceErrorCode =
  | 'malformed_entry'
  | 'malformed_tile'
  | 'malformed_note'
  | 'malformed_key'
  | 'malformed_checkpoint'
  | 'malformed_proof'
  | 'malformed_manifest'
  | 'malformed_archive'
  | 'truncated_archive'
  | 'bad_signature'
  | 'not_signed'
  | 'out_of_range';

export class EvidenceError extends Error {
  override readonly name = 'EvidenceError';

  /** @param message for people; it may show what was read, shortened by `excerptOf`, and never a secret. */
  constructor(
    readonly code: EvidenceErrorCode,
    message: string,
  ) {
    super(message);
  }
}

const EXCERPT_CHARACTERS = 60;

/** The beginning of a text of unknown origin, fit for a message: one line, printable, short. */
export function excerptOf(text: string): string {
  const line = text.slice(0, EXCERPT_CHARACTERS).replace(/[^\x20-\x7e]/g, '?');
  return text.length > EXCERPT_CHARACTERS ? `${line}...` : line;
}
