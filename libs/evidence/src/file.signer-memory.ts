// What was signed last, in a file of three lines beside the key: an origin, a size, a root.
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { TreeHead } from './checkpoint.js';
import { formatCheckpoint, parseCheckpoint } from './checkpoint.js';
import { SignerMemory } from './checkpoint-signer.js';
import { EvidenceError } from './evidence-error.js';

export class FileSignerMemory extends SignerMemory {
  constructor(private readonly path: string) {
    super();
  }

  async last(): Promise<TreeHead | undefined> {
    let text: string;
    try {
      text = readFileSync(this.path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    try {
      const { origin, size, root } = parseCheckpoint(text);
      return { origin, size, root };
    } catch (error) {
      if (!(error instanceof EvidenceError)) throw error;
      const told = `${this.path}, which says what was signed last, is damaged; restore it, or write the last checkpoint known to an anchor into it`;
      throw new EvidenceError('malformed_checkpoint', told);
    }
  }

  /** Written aside and moved into place: a crash leaves the old one or the new one. */
  async keep(head: TreeHead): Promise<void> {
    const aside = `${this.path}.new`;
    rmSync(aside, { force: true });
    const file = openSync(aside, 'wx', 0o600);
    try {
      writeSync(file, formatCheckpoint({ ...head, extensions: [] }));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(aside, this.path);
    const directory = openSync(dirname(this.path), 'r');
    try {
      fsyncSync(directory);
    } finally {
      closeSync(directory);
    }
  }
}
