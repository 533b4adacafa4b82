// Checkpoints in a file that only grows: on another volume, or another machine's, where the log's owner cannot write.
import { open } from 'node:fs/promises';
import type { Publication } from './anchor.js';
import { Anchor, AnchorError } from './anchor.js';
import type { TreeHead } from './checkpoint.js';
import { parseCheckpoint } from './checkpoint.js';
import { EvidenceError } from './evidence-error.js';
import type { StoredCosignature } from './evidence-store.js';
import { parseNote } from './note.js';

const TAIL_BYTES = 65_536;

/** Notes one after the other, an empty line behind each. */
export class FileAnchor extends Anchor {
  readonly name: string;
  readonly intervalMs = 1_000;
  readonly repeatMs = undefined;
  private published = -1;
  /** Whether the file ends with a whole note: else a crash or a full disk has cut one off. */
  private isWhole = false;

  constructor(private readonly path: string) {
    super();
    this.name = `file ${path}`;
  }

  async publish({ size, note }: Publication): Promise<readonly StoredCosignature[]> {
    if (size === this.published) return [];
    const tail = this.isWhole ? '' : await this.tail();
    this.isWhole = false;
    const lead = tail === '' || tail.endsWith('\n\n') ? '' : '\n\n';
    try {
      const file = await open(this.path, 'a', 0o644);
      try {
        await file.appendFile(`${lead}${note}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
    } catch (error) {
      throw new AnchorError(`${this.path} cannot be written: ${(error as Error).message}`);
    }
    this.published = size;
    this.isWhole = true;
    return [];
  }

  async last(origin: string): Promise<TreeHead | undefined> {
    const tail = await this.tail();
    const notes = tail.split(/(?<=\n\n)(?=[^\n\u2014][^\n]*\n\d+\n)/);
    for (const text of notes.reverse()) {
      const head = headIn(text);
      if (head?.origin === origin) return head;
    }
    return undefined;
  }

  private async tail(): Promise<string> {
    try {
      const file = await open(this.path, 'r');
      try {
        const { size } = await file.stat();
        const bytes = Buffer.alloc(Math.min(size, TAIL_BYTES));
        await file.read(bytes, 0, bytes.length, size - bytes.length);
        return bytes.toString('utf8');
      } finally {
        await file.close();
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
      throw new AnchorError(`${this.path} cannot be read: ${(error as Error).message}`);
    }
  }
}

/** Undefined for a note of which a crash, or the beginning of the tail, has cut something off. */
function headIn(text: string): TreeHead | undefined {
  try {
    const { origin, size, root } = parseCheckpoint(parseNote(text.replace(/\n$/, '')).text);
    return { origin, size, root };
  } catch (error) {
    if (error instanceof EvidenceError) return undefined;
    throw error;
  }
}
