// The bulk of a bundle, shard by shard: every leaf recomputed from its bytes, every line held against its leaf.
import { base64UrlOf, bytesOfBase64Url, sameBytes, textOfUtf8 } from './byte-text.js';
import { canonicalBytesDefect } from './canonical-scan.js';
import { unpackEntries } from './entry-bundle.js';
import { entryTexts } from './entry-text.js';
import { EvidenceError } from './evidence-error.js';
import type { LeafEntry } from './leaf.js';
import { parseLeafEntry } from './leaf.js';
import type { StreamLedger } from './stream-ledger.js';
import type { TreeHasher } from './tree-hasher.js';
import type { DefectLog } from './verify-report.js';
import type { RecordedTimes } from './verify-times.js';

export interface ShardOptions {
  readonly hasher: TreeHasher;
  readonly defects: DefectLog;
  readonly ledger: StreamLedger;
  readonly times: RecordedTimes;
  /** Origin of the log; undefined when the bundle does not say. */
  readonly log: string | undefined;
  /** Index of the first leaf. */
  readonly from: number;
  /** Whether indices follow each other without gaps. */
  readonly isDense: boolean;
  /** Told of every leaf in order, whether its entry makes sense or not. */
  readonly onLeaf: (leafHash: Uint8Array, index: number, entry: LeafEntry | undefined) => void;
}

/** One leaf whose content has still to come. */
interface Pending {
  readonly entry: LeafEntry;
  readonly index: number;
  data?: unknown;
  isSpoiled: boolean;
}

export class ShardCheck {
  /** Leaves whose entry, data and metadata were all recomputed. */
  recomputed = 0;
  private nextIndex: number;
  private pending: (Pending | undefined)[] = [];
  private lastPosition = '';

  constructor(private readonly options: ShardOptions) {
    this.nextIndex = options.from;
  }

  /** Leaves of the shard under way. */
  get leaves(): number {
    return this.pending.length;
  }

  takeEntries(bytes: Uint8Array, file: string): void {
    this.pending = [];
    let entries: Uint8Array[];
    try {
      entries = unpackEntries(bytes);
    } catch (error) {
      this.options.defects.tampered(codeOf(error), `${file}: ${(error as Error).message}`, { file });
      return;
    }
    for (const entry of entries) this.pending.push(this.takeEntry(entry, file));
  }

  /** The entries of the shard under way are not there: its lines say nothing. */
  takeNoEntries(): void {
    this.pending = [];
  }

  takeData(line: Uint8Array, number: number, file: string): void {
    const leaf = this.pending[number - 1];
    if (!leaf) return;
    const { entry, index } = leaf;
    if (!this.isContent(line, entry.data, 'data', { file, line: number, index, stream: entry.stream })) {
      leaf.isSpoiled = true;
      this.options.ledger.stopReplay(entry.stream);
      return;
    }
    if (!this.options.ledger.isRead(entry.stream)) return;
    leaf.data = JSON.parse(textOfUtf8(line) as string) as unknown;
    this.options.ledger.noteContent(entry.stream, leaf.data);
  }

  takeMetadata(line: Uint8Array, number: number, file: string): void {
    const leaf = this.pending[number - 1];
    if (!leaf) return;
    const { entry, index } = leaf;
    const place = { file, line: number, index, stream: entry.stream };
    if (!this.isContent(line, entry.meta, 'metadata', place)) {
      this.options.ledger.stopReplay(entry.stream);
      return;
    }
    const metadata = JSON.parse(textOfUtf8(line) as string) as unknown;
    const texts = entryTexts(metadata, this.options.hasher.sha256);
    for (const name of ['actor', 'cause', 'corr', 'occ', 'schema'] as const) {
      if (texts[name] === entry[name]) continue;
      const told = `leaf ${index} says ${name} "${entry[name]}", its metadata say "${texts[name]}"`;
      this.options.defects.tampered('entry_contradicts_metadata', told, place);
    }
    if (leaf.isSpoiled) return;
    this.recomputed += 1;
    if (!this.options.ledger.isReplayed(entry.stream)) return;
    if (leaf.data === undefined) this.options.ledger.stopReplay(entry.stream);
    else this.options.ledger.replay(entry, index, leaf.data, metadata);
  }

  private takeEntry(bytes: Uint8Array, file: string): Pending | undefined {
    const leafHash = this.options.hasher.leaf(bytes);
    let entry: LeafEntry;
    try {
      entry = parseLeafEntry(bytes);
    } catch (error) {
      const index = this.nextIndex;
      const { message } = error as Error;
      this.options.defects.tampered(codeOf(error), `leaf ${index}: ${message}`, { file, index });
      this.options.onLeaf(leafHash, index, undefined);
      this.nextIndex += 1;
      return undefined;
    }
    const index = this.indexOf(entry, file);
    this.checkPlace(entry, index, file);
    this.options.ledger.take(entry, index, leafHash, file);
    this.options.times.take(index, entry.rec);
    this.options.onLeaf(leafHash, index, entry);
    return { entry, index, isSpoiled: false };
  }

  /** Where the leaf stands, by its own word as long as that goes forward. */
  private indexOf(entry: LeafEntry, file: string): number {
    const index = Number(entry.idx);
    const place = { file, index: this.nextIndex, stream: entry.stream };
    if (this.options.isDense ? index !== this.nextIndex : index < this.nextIndex) {
      this.options.defects.tampered(
        'index_out_of_order',
        `leaf ${index} stands where leaf ${this.nextIndex} belongs`,
        place,
      );
    }
    const taken = Math.max(index, this.nextIndex);
    this.nextIndex = taken + 1;
    return taken;
  }

  private checkPlace({ log, pos, stream }: LeafEntry, index: number, file: string): void {
    const place = { file, index, stream };
    if (this.options.log !== undefined && log !== this.options.log) {
      this.options.defects.tampered('other_log', `leaf ${index} is of the log "${log}"`, place);
    }
    if (storeOf(pos) === storeOf(this.lastPosition) && pos <= this.lastPosition) {
      const told = `leaf ${index} has position ${pos}, which does not follow ${this.lastPosition}`;
      this.options.defects.tampered('position_out_of_order', told, place);
    }
    this.lastPosition = pos;
  }

  private isContent(line: Uint8Array, claimed: string, what: string, place: ContentPlace): boolean {
    const { defects, hasher } = this.options;
    const { index, stream } = place;
    const named = bytesOfBase64Url(claimed);
    const found = hasher.sha256(line);
    if (!named || !sameBytes(named, found)) {
      const told = `the ${what} of leaf ${index} (${stream}) have SHA-256 ${base64UrlOf(found)}; the leaf says ${claimed}`;
      defects.tampered(`${what}_changed`, told, place);
      return false;
    }
    const defect = canonicalBytesDefect(line);
    if (!defect) return true;
    const told = `the ${what} of leaf ${index} are not canonical JSON: byte ${defect.at}: ${defect.problem}`;
    defects.tampered(`${what}_not_canonical`, told, place);
    return false;
  }
}

interface ContentPlace {
  readonly file: string;
  readonly line: number;
  readonly index: number;
  readonly stream: string;
}

/** Positions of one store follow each other; a log that was carried over goes on with those of another. */
function storeOf(position: string): string {
  return position.slice(0, position.indexOf(':') + 1);
}

function codeOf(error: unknown): string {
  return error instanceof EvidenceError ? error.code : 'malformed_entry';
}
