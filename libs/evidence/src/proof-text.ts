// Proofs as text files: C2SP tlog-proof for inclusion, the body of C2SP tlog-witness for consistency, and one of our own for a stretch of leaves.
import { base64Of, bytesOfBase64, numberOfDecimal } from './byte-text.js';
import { rangeNodes } from './compact-range.js';
import { EvidenceError, excerptOf } from './evidence-error.js';
import { NOTE_BYTES_MAX, parseNote } from './note.js';
import { HASH_BYTES } from './tree-hasher.js';

/** That one leaf is in the tree of a checkpoint. */
export interface InclusionText {
  readonly index: number;
  readonly proof: readonly Uint8Array[];
  /** The signed note, as it was published. */
  readonly checkpoint: string;
}

/** That the tree of a checkpoint continues the one of `size1`. */
export interface ConsistencyText {
  readonly size1: number;
  readonly proof: readonly Uint8Array[];
  readonly checkpoint: string;
}

/**
 * That the leaves `[begin, end)` are in the tree of a checkpoint: behind the subtrees `left` of `rangeNodes(0, begin)`
 * they make the tree of `end` leaves, and `proof` shows that the checkpoint's tree continues that one.
 */
export interface RangeText {
  readonly begin: number;
  readonly left: readonly Uint8Array[];
  readonly end: number;
  readonly proof: readonly Uint8Array[];
  readonly checkpoint: string;
}

/** More no proof over fewer than 2^63 leaves can have. */
export const PROOF_HASHES_MAX = 63;

const INCLUSION = 'c2sp.org/tlog-proof@v1';
const RANGE = 'runledger-range/1';

/** https://c2sp.org/tlog-proof, without extra data. */
export function formatInclusion({ index, proof, checkpoint }: InclusionText): string {
  return written([INCLUSION, `index ${index}`, ...hashLines(proof)], checkpoint);
}

/** https://c2sp.org/tlog-witness, the body of add-checkpoint. */
export function formatConsistency({ size1, proof, checkpoint }: ConsistencyText): string {
  return written([`old ${size1}`, ...hashLines(proof)], checkpoint);
}

export function formatRange({ begin, left, end, proof, checkpoint }: RangeText): string {
  return written([RANGE, `begin ${begin}`, ...hashLines(left), `end ${end}`, ...hashLines(proof)], checkpoint);
}

/** Checks form, not truth. Throws malformed_proof or malformed_note for what `formatInclusion` never writes. */
export function parseInclusion(text: string): InclusionText {
  const { head, checkpoint } = parted(text);
  if (head[0] !== INCLUSION) throw malformed(`it does not begin with ${INCLUSION}`);
  return { index: numberAfter('index', head[1]), proof: hashesOfLines(head.slice(2)), checkpoint };
}

/** As `parseInclusion`. */
export function parseConsistency(text: string): ConsistencyText {
  const { head, checkpoint } = parted(text);
  return { size1: numberAfter('old', head[0]), proof: hashesOfLines(head.slice(1)), checkpoint };
}

/** As `parseInclusion`; `begin <= end`, and as many hashes on the left as the leaves before `begin` have subtrees. */
export function parseRange(text: string): RangeText {
  const { head, checkpoint } = parted(text);
  if (head[0] !== RANGE) throw malformed(`it does not begin with ${RANGE}`);
  const begin = numberAfter('begin', head[1]);
  const middle = 2 + rangeNodes(0, begin).length;
  const end = numberAfter('end', head[middle]);
  if (begin > end) throw malformed(`it is about leaves from ${begin} to ${end}`);
  return {
    begin,
    left: hashesOfLines(head.slice(2, middle)),
    end,
    proof: hashesOfLines(head.slice(middle + 1)),
    checkpoint,
  };
}

function written(head: readonly string[], checkpoint: string): string {
  parseNote(checkpoint);
  return `${head.join('\n')}\n\n${checkpoint}`;
}

/** What stands before the first empty line, and the note behind it. */
function parted(text: string): { readonly head: readonly string[]; readonly checkpoint: string } {
  if (text.length > NOTE_BYTES_MAX) throw malformed(`it is longer than ${NOTE_BYTES_MAX} bytes`);
  const blank = text.indexOf('\n\n');
  if (blank === -1) throw malformed('there is no checkpoint behind an empty line');
  const checkpoint = text.slice(blank + 2);
  parseNote(checkpoint);
  return { head: text.slice(0, blank).split('\n'), checkpoint };
}

function numberAfter(word: string, line: string | undefined): number {
  const value = line?.startsWith(`${word} `) ? numberOfDecimal(line.slice(word.length + 1)) : undefined;
  if (value === undefined) throw malformed(`it lacks the line "${word} <number>"`);
  return value;
}

function hashLines(hashes: readonly Uint8Array[]): string[] {
  return hashes.map(base64Of);
}

function hashesOfLines(lines: readonly string[]): Uint8Array[] {
  if (lines.length > PROOF_HASHES_MAX) throw malformed(`it has more than ${PROOF_HASHES_MAX} hashes`);
  return lines.map((line) => {
    const hash = bytesOfBase64(line);
    if (hash?.length !== HASH_BYTES) throw malformed(`"${excerptOf(line)}" is not a hash in base64`);
    return hash;
  });
}

function malformed(problem: string): EvidenceError {
  return new EvidenceError('malformed_proof', `not a proof: ${problem}`);
}
