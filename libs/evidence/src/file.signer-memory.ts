// What was signed last, in a file of three lines beside the key: an origin, a size, a root.
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { StoreError } from '@app/event-store';
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

  /** Written aside and moved into place: a crash leaves the old one or the new one. Throws StoreError: StoreUnavailable. */
  async keep(head: TreeHead): Promise<void> {
    try {
      this.write(formatCheckpoint({ ...head, extensions: [] }));
    } catch (error) {
      const told = `what was signed last could not be written down: ${(error as Error).message}`;
      throw new StoreError('StoreUnavailable', told, { cause: error });
    }
  }

  private write(text: string): void {
    const aside = `${this.path}.new`;
    writeFileSync(aside, text, { mode: 0o600, flush: true });
    renameSync(aside, this.path);
    const directory = openSync(dirname(this.path), 'r');
    try {
      fsyncSync(directory);
    } finally {
      closeSync(directory);
    }
  }
}
