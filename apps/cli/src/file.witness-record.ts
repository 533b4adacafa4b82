// What a witness cosigned last, a folder for each log. Every step is a new file under the next number, so that of two
// processes on one folder only one can take it; the highest number is what counts.
import { createHash, randomUUID } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const DIGITS = 12;
const noteName = /^(\d{12})\.checkpoint$/;

export interface WitnessStep {
  /** 0 for the first. */
  readonly number: number;
  /** The signed note, the witness's own signature included. */
  readonly note: string;
}

export class FileWitnessRecord {
  private constructor(private readonly directory: string) {}

  /** The record of one log below `state`; its folder is made when it is not there. */
  static async open(state: string, origin: string): Promise<FileWitnessRecord> {
    const name = createHash('sha256').update(origin).digest('hex').slice(0, 32);
    const directory = join(state, name);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await syncDirectory(state);
    await syncDirectory(dirname(state));
    return new FileWitnessRecord(directory);
  }

  /** Where a person finds it. */
  get path(): string {
    return this.directory;
  }

  async last(): Promise<WitnessStep | undefined> {
    for (;;) {
      const number = (await this.numbers()).at(-1);
      if (number === undefined) return undefined;
      try {
        return { number, note: await readFile(this.fileOf(number), 'utf8') };
      } catch (error) {
        // Another process took a step meanwhile, and cleared this one away.
        if (codeOf(error) !== 'ENOENT') throw error;
      }
    }
  }

  /** Durable when it resolves. False, and nothing has changed, when that step or a later one was taken already. */
  async take({ number, note }: WitnessStep): Promise<boolean> {
    const path = this.fileOf(number);
    if (!(await this.writeNew(path, note))) return false;
    await syncDirectory(this.directory);
    const numbers = await this.numbers();
    if ((numbers.at(-1) ?? -1) > number) {
      // A later step cleared the one away that was taken under this number: this one never counts.
      await unlink(path);
      return false;
    }
    for (const older of numbers.filter((each) => each < number)) {
      await unlink(this.fileOf(older)).catch(() => undefined);
    }
    return true;
  }

  /** Keeps the first note by which the log contradicts itself, as proof; later ones add nothing. Returns its path. */
  async keepContradiction(note: string): Promise<string> {
    const path = join(this.directory, 'contradiction.checkpoint');
    await this.writeNew(path, note);
    await syncDirectory(this.directory);
    return path;
  }

  /** Whole or not at all. False when there is such a file already. */
  private async writeNew(path: string, text: string): Promise<boolean> {
    const aside = `${path}.${randomUUID()}.partial`;
    const file = await open(aside, 'wx', 0o600);
    try {
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      await link(aside, path);
      return true;
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false;
      throw error;
    } finally {
      await unlink(aside).catch(() => undefined);
    }
  }

  private async numbers(): Promise<number[]> {
    const found = (await readdir(this.directory)).map((name) => noteName.exec(name)?.[1]);
    return found
      .filter((digits) => digits !== undefined)
      .map(Number)
      .sort((a, b) => a - b);
  }

  private fileOf(number: number): string {
    return join(this.directory, `${String(number).padStart(DIGITS, '0')}.checkpoint`);
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  await directory.sync().finally(() => directory.close());
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
