// What a witness answers: C2SP tlog-witness, add-checkpoint. It cosigns a tree only if it continues the last one that it cosigned.
import type { Checkpoint, ExtensionRefusal, SignedNote, TreeHead, TreeHasher, VerifierKey } from '@app/evidence';
import {
  EvidenceError,
  excerptOf,
  mayExtend,
  openNote,
  parseCheckpoint,
  parseConsistency,
  parseNote,
  sameBytes,
  textOfUtf8,
} from '@app/evidence';
import type { VerifySignature } from '@app/evidence';

/** A checkpoint that somebody brings, and the proof that it continues the one of `oldSize`. */
export interface Submission {
  readonly oldSize: number;
  readonly proof: readonly Uint8Array[];
  readonly note: SignedNote;
  readonly checkpoint: Checkpoint;
}

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** Ends a request with an answer other than a cosignature. */
export class WitnessRefusal extends Error {
  /** @param isContradiction whether the log has signed two trees of one size: its own signature proves that it lies. */
  constructor(
    readonly answer: Answer,
    readonly isContradiction = false,
  ) {
    super(answer.body.trim());
  }
}

const PLAIN = 'text/plain; charset=utf-8';

export function plainAnswer(status: number, body: string): Answer {
  return { status, type: PLAIN, body: `${body}\n` };
}

export function cosignedAnswer(signatureLine: string): Answer {
  return { status: 200, type: PLAIN, body: signatureLine };
}

/** Throws WitnessRefusal, 400, for what is no submission. */
export function submissionIn(body: Uint8Array): Submission {
  try {
    const text = textOfUtf8(body);
    if (text === undefined) throw refusal(400, 'the request is not UTF-8');
    const { size1, proof, checkpoint } = parseConsistency(text);
    const note = parseNote(checkpoint);
    return { oldSize: size1, proof, note, checkpoint: parseCheckpoint(note.text) };
  } catch (error) {
    if (error instanceof EvidenceError) throw refusal(400, error.message);
    throw error;
  }
}

/**
 * The note without the signatures of strangers.
 * @param keys of the logs that the witness watches. The name of a key is the origin of its log.
 * Throws WitnessRefusal: 404 for another log, 403 when none of its keys signed.
 */
export async function trustedNote(
  { note, checkpoint: { origin } }: Submission,
  keys: readonly VerifierKey[],
  verify: VerifySignature,
): Promise<SignedNote> {
  const trusted = keys.filter(({ name }) => name === origin);
  if (trusted.length === 0) throw refusal(404, `the log ${excerptOf(origin)} is not known here`);
  try {
    const { unknown } = await openNote(note, trusted, verify);
    return { text: note.text, signatures: note.signatures.filter((one) => !unknown.includes(one)) };
  } catch (error) {
    if (error instanceof EvidenceError) throw refusal(403, error.message);
    throw error;
  }
}

/**
 * Throws WitnessRefusal unless the tree may be cosigned after `last`, the last tree of that log that was cosigned here
 * (undefined: none yet): 400, 409 or 422.
 */
export function checkContinues(
  hasher: TreeHasher,
  last: TreeHead | undefined,
  { oldSize, proof, checkpoint }: Submission,
): void {
  const { size, root } = checkpoint;
  if (oldSize > size) throw refusal(400, `the old size ${oldSize} is larger than the size ${size} of the checkpoint`);
  const lastSize = last?.size ?? 0;
  const contradicts = last !== undefined && size === last.size && !sameBytes(root, last.root);
  if (oldSize !== lastSize) throw new WitnessRefusal(sizeAnswer(lastSize), contradicts);
  const why = mayExtend(hasher, last, checkpoint, proof);
  if (why === undefined) return;
  if (why === 'forked') throw new WitnessRefusal(plainAnswer(409, sentences[why]), contradicts);
  throw refusal(422, sentences[why]);
}

const sentences: Readonly<Record<ExtensionRefusal, string>> = {
  other_log: 'the last tree that was cosigned belongs to another log',
  smaller: 'a larger tree was cosigned already',
  forked: 'another tree of this size was cosigned already: the log shows two histories',
  unproven: 'the proof does not show that this tree continues the last one that was cosigned',
  not_empty: 'a tree without leaves has another root',
};

/** How a client learns where the witness stands. */
function sizeAnswer(size: number): Answer {
  return { status: 409, type: 'text/x.tlog.size', body: `${size}\n` };
}

function refusal(status: number, sentence: string): WitnessRefusal {
  return new WitnessRefusal(plainAnswer(status, sentence));
}
