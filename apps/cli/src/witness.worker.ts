// A witness at work: one request of a log after the other, and nothing is answered before it is on the disk.
import type { NoteSigner, SignedNote, TreeHead, VerifierKey } from '@app/evidence';
import {
  cosignNote,
  EvidenceError,
  formatNote,
  openNote,
  parseCheckpoint,
  parseNote,
  sameBytes,
  signatureLine,
  treeHasher,
} from '@app/evidence';
import { verifyEd25519 } from '@app/evidence/nest';
import { sha256 } from '@app/kernel';
import { FileWitnessRecord } from './file.witness-record.js';
import type { Answer, Submission } from './witness.js';
import { checkContinues, cosignedAnswer, submissionIn, trustedNote, WitnessRefusal } from './witness.js';

export interface WitnessSetup {
  readonly signer: NoteSigner;
  /** Of the logs; the name of a key is the origin of its log. A log may have several. */
  readonly logs: readonly VerifierKey[];
  /** Directory. */
  readonly state: string;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  /** One line about what happened, without the time. */
  readonly tell: (line: string) => void;
}

interface Watched {
  readonly record: FileWitnessRecord;
  /** Resolves when the request before is done. */
  turn: Promise<unknown>;
}

const hasher = treeHasher(sha256);
/** Another process on the same folder may come first so often; more is not to be expected. */
const ATTEMPTS = 5;

export class Witness {
  private readonly watched = new Map<string, Watched>();

  private constructor(private readonly setup: WitnessSetup) {}

  /** Throws EvidenceError when what was cosigned before cannot be read. */
  static async open(setup: WitnessSetup): Promise<Witness> {
    const witness = new Witness(setup);
    for (const name of new Set(setup.logs.map((log) => log.name))) {
      const record = await FileWitnessRecord.open(setup.state, name);
      witness.watched.set(name, { record, turn: Promise.resolve() });
      await witness.last(name, record);
    }
    return witness;
  }

  /** The last tree of each log that was cosigned here. */
  async heads(): Promise<readonly { readonly origin: string; readonly size: number }[]> {
    return Promise.all(
      [...this.watched].map(async ([origin, { record }]) => {
        const last = await this.last(origin, record);
        return { origin, size: last?.head.size ?? 0 };
      }),
    );
  }

  /** Throws only what the disk does; then nothing was cosigned as far as anybody knows. */
  async addCheckpoint(body: Uint8Array): Promise<Answer> {
    try {
      const submission = submissionIn(body);
      const note = await trustedNote(submission, this.setup.logs, verifyEd25519);
      const watched = this.watched.get(submission.checkpoint.origin) as Watched;
      const turn = watched.turn.then(() => this.cosign(submission, note, watched.record));
      watched.turn = turn.catch(() => undefined);
      return await turn;
    } catch (error) {
      if (error instanceof WitnessRefusal) return error.answer;
      throw error;
    }
  }

  private async cosign(submission: Submission, note: SignedNote, record: FileWitnessRecord): Promise<Answer> {
    const { origin, size, root } = submission.checkpoint;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const last = await this.last(origin, record);
      await this.check(submission, note, last?.head, record);
      const signature = await cosignNote(note.text, this.setup.signer, Math.floor(this.setup.nowMs() / 1000));
      const answer = cosignedAnswer(signatureLine(signature));
      if (last && last.head.size === size && sameBytes(last.head.root, root)) return answer;
      const kept = formatNote({ text: note.text, signatures: [...note.signatures, signature] });
      if (await record.take({ number: (last?.number ?? -1) + 1, note: kept })) {
        this.setup.tell(`cosigned ${origin} at size ${size}`);
        return answer;
      }
    }
    throw new Error(`${record.path}: other processes work here, and always come first`);
  }

  private async check(
    submission: Submission,
    note: SignedNote,
    last: TreeHead | undefined,
    record: FileWitnessRecord,
  ): Promise<void> {
    try {
      checkContinues(hasher, last, submission);
    } catch (error) {
      if (!(error instanceof WitnessRefusal)) throw error;
      const { origin, size } = submission.checkpoint;
      if (error.isContradiction) {
        const path = await record.keepContradiction(formatNote(note));
        this.setup.tell(`${origin} HAS SIGNED TWO DIFFERENT TREES OF SIZE ${size}; the proof is in ${path}`);
      } else if (error.answer.status === 422) {
        this.setup.tell(`refused ${origin} at size ${size}: ${error.message}`);
      }
      throw error;
    }
  }

  /** What was signed, by this witness and by the log, vouches for itself. */
  private async last(
    origin: string,
    record: FileWitnessRecord,
  ): Promise<{ readonly number: number; readonly head: TreeHead } | undefined> {
    const step = await record.last();
    if (!step) return undefined;
    try {
      const note = parseNote(step.note);
      await openNote(note, [this.setup.signer.key, ...this.setup.logs], verifyEd25519);
      const head = parseCheckpoint(note.text);
      if (head.origin === origin) return { number: step.number, head };
    } catch (error) {
      if (!(error instanceof EvidenceError)) throw error;
    }
    const told = `${record.path} does not say what was cosigned last for ${origin}: it is damaged, or of other keys`;
    throw new EvidenceError('malformed_checkpoint', told);
  }
}
