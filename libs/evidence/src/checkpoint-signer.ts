// The signer of the log, and its own memory: whatever becomes of the stores, it never signs what contradicts its last word.
import type { Checkpoint, TreeHead } from './checkpoint.js';
import { formatCheckpoint } from './checkpoint.js';
import { EvidenceFailure } from './evidence-failure.js';
import type { ExtensionRefusal } from './extension-rule.js';
import { mayExtend } from './extension-rule.js';
import { formatNote } from './note.js';
import type { NoteSigner } from './note-signature.js';
import { signNote } from './note-signature.js';
import type { TreeHasher } from './tree-hasher.js';

/** What was signed last, kept apart from the evidence: a backup that is put back must not put this back too. */
export abstract class SignerMemory {
  /** Undefined when nothing was ever signed. Throws EvidenceError when it cannot be read. */
  abstract last(): Promise<TreeHead | undefined>;

  /** Durable when it resolves. */
  abstract keep(head: TreeHead): Promise<void>;
}

export class CheckpointSigner {
  private last: TreeHead | undefined;

  private constructor(
    private readonly hasher: TreeHasher,
    private readonly signer: NoteSigner,
    private readonly memory: SignerMemory,
  ) {}

  static async open(hasher: TreeHasher, signer: NoteSigner, memory: SignerMemory): Promise<CheckpointSigner> {
    const opened = new CheckpointSigner(hasher, signer, memory);
    opened.last = await memory.last();
    return opened;
  }

  get lastHead(): TreeHead | undefined {
    return this.last;
  }

  /** Another server signed meanwhile; the caller has checked that this tree continues what was signed here. */
  learn(head: TreeHead): void {
    if (!this.last || head.size > this.last.size) this.last = head;
  }

  /**
   * The signed note over the tree.
   * @param proof of consistency from `lastHead`; without elements when there is nothing to prove.
   * Throws EvidenceFailure, and signs nothing, when the tree does not continue the last one that was signed.
   */
  async sign(next: TreeHead, proof: readonly Uint8Array[]): Promise<string> {
    const refusal = mayExtend(this.hasher, this.last, next, proof);
    if (refusal) throw new EvidenceFailure(refusedBecause(refusal, this.last, next));
    // Remembered before it is made: a signature that got out must never be forgotten.
    await this.memory.keep(next);
    this.last = next;
    const text = formatCheckpoint({ ...next, extensions: [] } satisfies Checkpoint);
    return formatNote({ text, signatures: [await signNote(text, this.signer)] });
  }
}

const sentences: Readonly<Record<ExtensionRefusal, string>> = {
  other_log: 'the last tree that was signed belongs to another log',
  smaller: 'a larger tree was signed already: this is an older copy of the log, or another server signs for it',
  forked: 'another tree of this size was signed already: the log was changed, or another server signs for it',
  unproven: 'this tree does not continue the last one that was signed: what was signed has been changed',
  not_empty: 'a tree without leaves has another root',
};

function refusedBecause(refusal: ExtensionRefusal, last: TreeHead | undefined, next: TreeHead): string {
  const sizes = last ? ` (signed: size ${last.size}, now: size ${next.size})` : '';
  return `the signature was refused: ${sentences[refusal]}${sizes}`;
}
