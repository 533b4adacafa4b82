// Reads a tar archive of plain files, strictly: of every archive it accepts, no byte could have been another.
import { EvidenceError } from './evidence-error.js';
import { BLOCK_BYTES, END_BLOCKS, FILE_BYTES_MAX, isZero, paddingOf, readTarHeader } from './tar-header.js';

/** `bytes` are views of the chunks given, as many as come; `end` follows the last of each file, also of an empty one. */
export type TarItem =
  | { readonly kind: 'file'; readonly path: string; readonly size: number }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'end' };

export interface TarLimits {
  /** Bytes of one file; default all that a header can say. */
  readonly fileBytesMax?: number;
  /** Default 10,000,000. */
  readonly filesMax?: number;
  /**
   * Whether a path may stand behind another (undefined: before the first). Default: any path that did not come before,
   * at the cost of remembering them all.
   */
  readonly comesAfter?: (previous: string | undefined, path: string) => boolean;
}

const FILES_MAX = 10_000_000;

/**
 * Throws malformed_archive for links, folders, devices, extended headers, paths that are absolute, lead upwards or come
 * twice, sizes above the limit, headers and padding of any other bytes than ours, anything behind the end;
 * truncated_archive when the source ends before the archive does.
 */
export async function* readTar(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  limits: TarLimits = {},
): AsyncGenerator<TarItem> {
  const reader = new TarReader(limits);
  for await (const chunk of source) yield* reader.push(chunk);
  reader.end();
}

type Phase = 'header' | 'content' | 'padding' | 'ending' | 'ended';

/** The same, pushed: all items that a chunk completes. */
export class TarReader {
  private phase: Phase = 'header';
  private readonly block = new Uint8Array(BLOCK_BYTES);
  private filled = 0;
  /** Bytes to come of the content or padding at hand, blocks to come of the ending. */
  private left = 0;
  private padding = 0;
  private files = 0;
  private previous: string | undefined;
  private readonly known = new Set<string>();

  constructor(private readonly limits: TarLimits = {}) {}

  *push(chunk: Uint8Array): Generator<TarItem> {
    let at = 0;
    while (at < chunk.length) {
      if (this.phase === 'ended') throw malformed('something stands behind its end');
      if (this.phase === 'content') {
        const bytes = chunk.subarray(at, at + this.left);
        at += bytes.length;
        this.left -= bytes.length;
        yield { kind: 'bytes', bytes };
      } else if (this.phase === 'padding') {
        const bytes = chunk.subarray(at, at + this.left);
        at += bytes.length;
        this.left -= bytes.length;
        if (!isZero(bytes)) throw malformed(`something stands between ${this.previous ?? ''} and the next file`);
      } else {
        at += this.fill(chunk, at);
        if (this.filled === BLOCK_BYTES) yield* this.takeBlock();
      }
      yield* this.advance();
    }
  }

  /** To be called when there is no more. Throws truncated_archive unless the archive is whole. */
  end(): void {
    if (this.phase === 'ended') return;
    const where = this.previous === undefined ? 'before its first file' : `in or behind ${this.previous}`;
    throw new EvidenceError('truncated_archive', `the archive is cut off ${where}`);
  }

  private fill(chunk: Uint8Array, at: number): number {
    const part = chunk.subarray(at, at + BLOCK_BYTES - this.filled);
    this.block.set(part, this.filled);
    this.filled += part.length;
    return part.length;
  }

  private *takeBlock(): Generator<TarItem> {
    this.filled = 0;
    if (isZero(this.block)) {
      if (this.phase === 'header') this.left = END_BLOCKS;
      this.left -= 1;
      this.phase = this.left === 0 ? 'ended' : 'ending';
      return;
    }
    if (this.phase === 'ending') throw malformed('a file stands behind its end');
    const entry = readTarHeader(this.block);
    this.admit(entry.path, entry.size);
    this.phase = 'content';
    this.left = entry.size;
    this.padding = paddingOf(entry.size);
    yield { kind: 'file', ...entry };
  }

  /** Leaves a phase of which nothing is left. */
  private *advance(): Generator<TarItem> {
    if (this.phase === 'content' && this.left === 0) {
      yield { kind: 'end' };
      this.phase = 'padding';
      this.left = this.padding;
    }
    if (this.phase === 'padding' && this.left === 0) this.phase = 'header';
  }

  private admit(path: string, size: number): void {
    const { fileBytesMax = FILE_BYTES_MAX, filesMax = FILES_MAX, comesAfter } = this.limits;
    if (size > fileBytesMax) throw malformed(`${path} has ${size} bytes, at most ${fileBytesMax}`);
    this.files += 1;
    if (this.files > filesMax) throw malformed(`it has more than ${filesMax} files`);
    if (comesAfter ? !comesAfter(this.previous, path) : this.known.has(path)) {
      throw malformed(`${path} comes twice or out of order`);
    }
    if (!comesAfter) this.known.add(path);
    this.previous = path;
  }
}

function malformed(problem: string): EvidenceError {
  return new EvidenceError('malformed_archive', `not an archive of ours: ${problem}`);
}
