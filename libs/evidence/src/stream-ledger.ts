// What a verifier remembers of every stream: its last leaf, its last revision and where its state machine stands.
// A log holds streams by the hundred thousand, so hashes and numbers stand in flat arrays.
import { categoryOf } from '@app/kernel';
import { bytesOfBase64Url, textOfUtf8, utf8Of } from './byte-text.js';
import { excerptOf } from './evidence-error.js';
import type { LeafEntry } from './leaf.js';
import { isLeafStream, NO_PREVIOUS_LEAF } from './leaf.js';
import type { StreamRule } from './stream-rule.js';
import { HASH_BYTES } from './tree-hasher.js';
import type { DefectLog } from './verify-report.js';

const STREAMS_AT_FIRST = 1_024;
const NO_RULE = 255;

export interface LedgerOptions {
  readonly rules: readonly StreamRule[];
  /** Whether streams may begin before the first leaf that is looked at, as in a part of a log. */
  readonly mayBeginEarlier: boolean;
}

export class StreamLedger {
  /** Streams met whose beginning lies before what is looked at. */
  begunEarlier = 0;
  /** Events met that name content stored apart. */
  contentsNamed = 0;
  private readonly numbers = new Map<string, number>();
  private readonly states: unknown[] = [];
  private hashes = new Uint8Array(STREAMS_AT_FIRST * HASH_BYTES);
  private revisions = new Float64Array(STREAMS_AT_FIRST);
  private rulesOf = new Uint8Array(STREAMS_AT_FIRST);
  /** Consecutive leaves are mostly of the same few streams. */
  private lastStream = '';
  private lastNumber = -1;

  constructor(
    private readonly options: LedgerOptions,
    private readonly defects: DefectLog,
  ) {}

  get size(): number {
    return this.numbers.size;
  }

  get replayed(): number {
    let count = 0;
    for (let number = 0; number < this.size; number += 1) if (this.rulesOf[number] !== NO_RULE) count += 1;
    return count;
  }

  /** Checks the leaf against the one before it in its stream, and remembers it. */
  take(entry: LeafEntry, index: number, leafHash: Uint8Array, file: string): void {
    const number = this.numberOf(entry.stream);
    const revision = Number(entry.rev);
    if (number === undefined) this.begin(entry, revision, index, file);
    else this.checkNext(entry, number, revision, index, file);
    const known = this.numberOf(entry.stream) as number;
    this.revisions[known] = revision;
    this.hashes.set(leafHash, known * HASH_BYTES);
  }

  /** Whether the content of this stream's events is replayed. */
  isReplayed(stream: string): boolean {
    const number = this.numberOf(stream);
    return number !== undefined && this.rulesOf[number] !== NO_RULE;
  }

  /** Whether anybody wants the content of this stream's events: to replay it, or to see what it names. */
  isRead(stream: string): boolean {
    return this.isReplayed(stream) || this.readerOf(stream) !== undefined;
  }

  /** Takes note of what the content of one event names, of a stream that is read. */
  noteContent(stream: string, data: unknown): void {
    if (this.readerOf(stream)?.namesContent?.(data)) this.contentsNamed += 1;
  }

  /** An event of it cannot be read: what follows would be judged by what is not known. */
  stopReplay(stream: string): void {
    const number = this.numberOf(stream);
    if (number !== undefined) this.rulesOf[number] = NO_RULE;
  }

  /** Replays one event of a stream that is replayed. */
  replay(entry: LeafEntry, index: number, data: unknown, metadata: unknown): void {
    const number = this.numberOf(entry.stream) as number;
    const rule = this.options.rules[this.rulesOf[number] as number] as StreamRule;
    const event = { stream: entry.stream, type: entry.type, revision: Number(entry.rev), data, metadata };
    const { state, defects } = rule.step(this.states[number], event);
    this.states[number] = state;
    for (const { code, sentence } of defects) {
      const told = `event ${event.revision} of ${entry.stream}: ${sentence}`;
      this.defects.tampered(code, told, { index, stream: entry.stream });
    }
  }

  private readerOf(stream: string): StreamRule | undefined {
    const category = categoryOf(stream);
    return this.options.rules.find((rule) => rule.namesContent && rule.category === category);
  }

  private numberOf(stream: string): number | undefined {
    if (stream === this.lastStream) return this.lastNumber;
    const number = this.numbers.get(stream);
    if (number !== undefined) [this.lastStream, this.lastNumber] = [stream, number];
    return number;
  }

  private begin(entry: LeafEntry, revision: number, index: number, file: string): void {
    const place = { file, index, stream: entry.stream };
    if (!isLeafStream(entry.stream)) {
      this.defects.tampered('no_leaf_stream', `events of ${excerptOf(entry.stream)} are no leaves of a log`, place);
    }
    let isWhole = true;
    if (revision !== 0) {
      isWhole = false;
      this.begunEarlier += 1;
      if (!this.options.mayBeginEarlier) {
        this.defects.tampered('stream_without_beginning', `${entry.stream} begins at revision ${revision}`, place);
      } else if (entry.prev === NO_PREVIOUS_LEAF) {
        this.defects.tampered('chain_broken', `revision ${revision} of ${entry.stream} names no leaf before it`, place);
      }
    } else if (entry.prev !== NO_PREVIOUS_LEAF) {
      this.defects.tampered('chain_broken', `the first event of ${entry.stream} names a leaf before it`, place);
    }
    const number = this.numbers.size;
    // A copy: what was cut out of an entry would keep the whole entry in memory.
    this.numbers.set(textOfUtf8(utf8Of(entry.stream)) ?? entry.stream, number);
    [this.lastStream, this.lastNumber] = [entry.stream, number];
    if (number * HASH_BYTES === this.hashes.length) this.grow();
    const category = categoryOf(entry.stream);
    const rule = isWhole ? this.options.rules.findIndex((one) => one.category === category) : -1;
    this.rulesOf[number] = rule === -1 ? NO_RULE : rule;
    this.states.push(rule === -1 ? undefined : this.options.rules[rule]?.start());
  }

  private checkNext(entry: LeafEntry, number: number, revision: number, index: number, file: string): void {
    const last = this.revisions[number] as number;
    const place = { file, index, stream: entry.stream };
    if (revision !== last + 1) {
      const told = `revision ${revision} of ${entry.stream} follows revision ${last}`;
      this.defects.tampered('revision_gap', told, place);
    }
    if (!this.isLastLeaf(entry.prev, number)) {
      const told = `revision ${revision} of ${entry.stream} names another leaf before it than the one that is there`;
      this.defects.tampered('chain_broken', told, place);
    }
  }

  private isLastLeaf(prev: string, number: number): boolean {
    const named = bytesOfBase64Url(prev);
    if (named?.length !== HASH_BYTES) return false;
    const at = number * HASH_BYTES;
    for (let index = 0; index < HASH_BYTES; index += 1) if (this.hashes[at + index] !== named[index]) return false;
    return true;
  }

  private grow(): void {
    const streams = this.revisions.length * 2;
    const [hashes, revisions, rules] = [this.hashes, this.revisions, this.rulesOf];
    this.hashes = new Uint8Array(streams * HASH_BYTES);
    this.hashes.set(hashes);
    this.revisions = new Float64Array(streams);
    this.revisions.set(revisions);
    this.rulesOf = new Uint8Array(streams);
    this.rulesOf.set(rules);
  }
}
