// The events in a bundle, as they were recorded: each is what its leaf says. That the leaves are the log's, the verifier shows.
import type { EventMetadata, RecordedEvent } from '@app/kernel';
import { bundlePlaceOf } from './bundle-layout.js';
import { ByteLines } from './byte-lines.js';
import { bytesOfBase64Url, joinedBytes, sameBytes, textOfUtf8 } from './byte-text.js';
import { canonicalBytesDefect } from './canonical-scan.js';
import { unpackEntries } from './entry-bundle.js';
import { EvidenceError } from './evidence-error.js';
import type { LeafEntry } from './leaf.js';
import { parseLeafEntry } from './leaf.js';
import type { TarItem } from './tar-reader.js';
import { readTar } from './tar-reader.js';
import type { Sha256 } from './tree-hasher.js';

const LINE_BYTES_MAX = 2 * 1_048_576;

/**
 * In the order of the log, one shard in memory at a time. Throws EvidenceError for what is no bundle, and for content
 * that is not what its leaf says.
 */
export async function* readBundleEvents(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  sha256: Sha256,
  wanted: (entry: LeafEntry) => boolean,
): AsyncGenerator<RecordedEvent, void, undefined> {
  const shard = new ShardEvents(sha256, wanted);
  for await (const item of readTar(source)) {
    shard.take(item);
    yield* shard.whole();
  }
  if (!shard.hasEntries)
    throw new EvidenceError('malformed_archive', 'there are no events in this file: is it a bundle?');
}

class ShardEvents {
  hasEntries = false;
  private entries: readonly (LeafEntry | undefined)[] = [];
  private data: unknown[] = [];
  private metadata: unknown[] = [];
  private folder: string | undefined;
  private path = '';
  private chunks: Uint8Array[] = [];
  private lines: ByteLines | undefined;
  private isWhole = false;

  constructor(
    private readonly sha256: Sha256,
    private readonly wanted: (entry: LeafEntry) => boolean,
  ) {}

  take(item: TarItem): void {
    if (item.kind === 'file') this.open(item.path);
    else if (item.kind === 'bytes') {
      if (this.folder === 'entries') this.chunks.push(item.bytes);
      this.lines?.push(item.bytes);
    } else this.end();
  }

  /** The events of a shard that has come to its end, once. */
  *whole(): Iterable<RecordedEvent> {
    if (!this.isWhole) return;
    this.isWhole = false;
    for (const [index, entry] of this.entries.entries()) {
      if (entry) yield eventOf(entry, this.data[index], this.metadata[index] as EventMetadata);
    }
  }

  private open(path: string): void {
    this.path = path;
    this.folder = bundlePlaceOf(path)?.folder;
    this.lines = undefined;
    if (this.folder === 'entries') this.chunks = [];
    if (this.folder === 'data') this.lines = this.linesInto((this.data = []), 'data');
    if (this.folder === 'meta') this.lines = this.linesInto((this.metadata = []), 'meta');
  }

  private end(): void {
    if (this.folder === 'entries') {
      this.hasEntries = true;
      this.entries = unpackEntries(joinedBytes(this.chunks)).map((bytes) => {
        const entry = parseLeafEntry(bytes);
        return this.wanted(entry) ? entry : undefined;
      });
    }
    if (this.lines && this.lines.count !== this.entries.length) {
      const told = `${this.path} holds ${this.lines.count} lines for ${this.entries.length} entries`;
      throw new EvidenceError('malformed_archive', told);
    }
    this.isWhole = this.folder === 'meta';
  }

  private linesInto(values: unknown[], member: 'data' | 'meta'): ByteLines {
    const take = (line: Uint8Array, number: number): void => {
      const entry = this.entries[number - 1];
      if (entry) values[number - 1] = this.parsed(line, entry[member], number);
    };
    return new ByteLines(LINE_BYTES_MAX, take, (number) => {
      throw this.wrong(number, 'is too long');
    });
  }

  private parsed(line: Uint8Array, claimed: string, number: number): unknown {
    const named = bytesOfBase64Url(claimed);
    if (!named || !sameBytes(named, this.sha256(line))) throw this.wrong(number, 'is not what its leaf says');
    if (canonicalBytesDefect(line)) throw this.wrong(number, 'is not canonical JSON');
    return JSON.parse(textOfUtf8(line) as string) as unknown;
  }

  private wrong(line: number, problem: string): EvidenceError {
    return new EvidenceError('malformed_archive', `${this.path}: line ${line} ${problem}`);
  }
}

function eventOf(entry: LeafEntry, data: unknown, metadata: EventMetadata): RecordedEvent {
  return {
    id: entry.id,
    type: entry.type,
    stream: entry.stream,
    revision: Number(entry.rev),
    position: entry.pos,
    recordedAt: entry.rec,
    data,
    metadata,
  };
}
