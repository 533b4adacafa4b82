// The log of the double: streams, revisions, positions, and which append is a repetition - by the rules of a real node.
import type { StoredEvent } from './interface.js';

export type Expected = bigint | 'any' | 'no_stream' | 'stream_exists';

export interface Position {
  readonly commit: bigint;
  readonly prepare: bigint;
}

export interface ProposedEvent {
  readonly id: string;
  readonly type: string;
  readonly contentType: string;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

export type AppendOutcome =
  | { readonly kind: 'written' | 'repeated'; readonly revision: number | undefined; readonly position: Position }
  | { readonly kind: 'wrongRevision'; readonly actual: number | undefined }
  | { readonly kind: 'tombstoned' };

/** Log bytes that a record takes besides what the caller sent. */
const RECORD_BYTES = 112;
/** `$tb` of a stream that was deleted but may be written again. */
const DELETED = 9_223_372_036_854_775_807n;
const TICKS_PER_MS = 10_000;

interface Truncation {
  readonly before: bigint;
  readonly countMax: number;
}

export class EventLog {
  readonly events: StoredEvent[] = [];
  readonly #streams = new Map<string, StoredEvent[]>();
  readonly #byId = new Map<string, StoredEvent>();
  readonly #tombstoned = new Set<string>();
  readonly #listeners = new Set<(event: StoredEvent) => void>();
  #nextCommit = 0n;

  /** Called for each event, in order, while the append that wrote it is still going on. */
  onCommitted(listener: (event: StoredEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  append(stream: string, expected: Expected, events: readonly ProposedEvent[]): AppendOutcome {
    if (this.#tombstoned.has(stream)) return { kind: 'tombstoned' };
    const last = this.lastRevisionOf(stream);
    const refused: AppendOutcome = { kind: 'wrongRevision', actual: last < 0 ? undefined : last };
    if (expected === 'stream_exists') {
      if (this.#isDeleted(stream)) return { kind: 'tombstoned' };
      if (last < 0 && this.lastRevisionOf(`$$${stream}`) < 0) return refused;
    }
    if (expected === 'any' || expected === 'stream_exists') {
      const known = events
        .map(({ id }) => this.#byId.get(id))
        .map((seen) => (seen?.stream === stream ? seen : undefined));
      if (known[0] === undefined) return this.#write(stream, events);
      return known.includes(undefined) ? refused : repetition(known.at(-1)!);
    }
    const at = expected === 'no_stream' ? -1 : Number(expected);
    if (at < last) return this.#repeatedAt(stream, at, events) ?? refused;
    return at > last ? refused : this.#write(stream, events);
  }

  /** What a retry gets: its first success when every id stands where this batch would have put it. */
  #repeatedAt(stream: string, at: number, events: readonly ProposedEvent[]): AppendOutcome | undefined {
    const stored = this.#streams.get(stream) ?? [];
    const matches = (index: number) => stored[at + 1 + index]?.id === events[index]?.id;
    if (events.length > 0 && events.every((_, index) => matches(index))) return repetition(stored[at + events.length]!);
    const recreates = at === -1 && events.length > 0 && !matches(0) && this.#isDeleted(stream);
    return recreates ? this.#write(stream, events) : undefined;
  }

  #write(stream: string, events: readonly ProposedEvent[]): AppendOutcome {
    if (this.#isDeleted(stream) && !stream.startsWith('$$')) this.#undelete(stream);
    let last = this.lastRevisionOf(stream);
    const createdTicks = BigInt(Math.round((performance.timeOrigin + performance.now()) * TICKS_PER_MS));
    for (const event of events) this.#record({ ...event, stream, revision: ++last, createdTicks });
    // An append of nothing still takes a record of the log.
    if (events.length === 0) this.#advance(RECORD_BYTES);
    const position = this.events.at(-1) ?? { commit: 0n, prepare: 0n };
    return {
      kind: 'written',
      revision: last < 0 ? undefined : last,
      position: { commit: position.commit, prepare: position.prepare },
    };
  }

  #record(event: Omit<StoredEvent, 'commit' | 'prepare'>): void {
    const contentType = event.contentType === 'application/json' ? event.contentType : 'application/octet-stream';
    const at = this.#advance(RECORD_BYTES + event.data.length + event.metadata.length + event.type.length * 2);
    const stored: StoredEvent = { ...event, contentType, commit: at, prepare: at };
    this.events.push(stored);
    const revisions = this.#streams.get(event.stream) ?? [];
    revisions.push(stored);
    this.#streams.set(event.stream, revisions);
    this.#byId.set(event.id, stored);
    for (const listener of [...this.#listeners]) listener(stored);
  }

  #advance(bytes: number): bigint {
    const at = this.#nextCommit;
    this.#nextCommit += BigInt(bytes);
    return at;
  }

  /** -1 when nothing was ever written. */
  lastRevisionOf(stream: string): number {
    return (this.#streams.get(stream)?.length ?? 0) - 1;
  }

  /** What a reader may see of a stream; undefined when there is nothing to be found under that name. */
  readStream(stream: string): readonly StoredEvent[] | 'tombstoned' | undefined {
    if (this.#tombstoned.has(stream)) return 'tombstoned';
    const stored = this.#streams.get(stream);
    if (stored === undefined || this.#isDeleted(stream)) return undefined;
    const { before, countMax } = this.#truncationOf(stream);
    return stored.filter(({ revision }) => BigInt(revision) >= before).slice(-countMax);
  }

  /** Index in `events` of the first that lies at or after the position. */
  indexAt({ commit, prepare }: Position): number {
    let low = 0;
    let high = this.events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const event = this.events[middle]!;
      const before = event.commit < commit || (event.commit === commit && event.prepare < prepare);
      if (before) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Where a position stands: at a record, beyond all of them, or where no record begins. */
  placeOf(position: Position): 'record' | 'beyond' | 'between' {
    if (position.commit >= this.#nextCommit) return 'beyond';
    return this.events[this.indexAt(position)]?.commit === position.commit ? 'record' : 'between';
  }

  delete(stream: string, expected: Expected, forever: boolean): AppendOutcome {
    if (this.#tombstoned.has(stream)) return { kind: 'tombstoned' };
    const last = this.lastRevisionOf(stream);
    const at = expected === 'no_stream' ? -1n : expected;
    if (last < 0) return { kind: 'wrongRevision', actual: undefined };
    if (typeof at === 'bigint' && at !== BigInt(last)) return { kind: 'wrongRevision', actual: last };
    if (forever) {
      const outcome = this.#write(stream, [event('$streamDeleted', '')]);
      this.#tombstoned.add(stream);
      return outcome;
    }
    return this.#changeMetadata(stream, DELETED);
  }

  /** The last document of a stream of documents, such as metadata or settings. */
  documentOf(stream: string): Record<string, unknown> | undefined {
    const last = this.#streams.get(stream)?.at(-1);
    if (last === undefined) return undefined;
    try {
      return JSON.parse(Buffer.from(last.data).toString('utf8')) as Record<string, unknown>;
    } catch {
      return undefined;
    }
  }

  #truncationOf(stream: string): Truncation {
    const metadata = this.documentOf(`$$${stream}`);
    const before = metadata?.['$tb'];
    const count = metadata?.['$maxCount'];
    return {
      before: typeof before === 'number' ? (before > Number.MAX_SAFE_INTEGER ? DELETED : BigInt(before)) : 0n,
      countMax: typeof count === 'number' ? count : Infinity,
    };
  }

  #isDeleted(stream: string): boolean {
    return !stream.startsWith('$$') && this.#truncationOf(stream).before === DELETED;
  }

  #undelete(stream: string): void {
    this.#changeMetadata(stream, BigInt(this.lastRevisionOf(stream) + 1));
  }

  #changeMetadata(stream: string, truncateBefore: bigint): AppendOutcome {
    const { $tb: _, ...rest } = this.documentOf(`$$${stream}`) ?? {};
    const others = JSON.stringify(rest).slice(1, -1);
    // Written by hand: the number that means "deleted" is larger than what JSON.stringify can write exactly.
    const text = `{${others === '' ? '' : `${others},`}"$tb":${String(truncateBefore)}}`;
    return this.#write(`$$${stream}`, [event('$metadata', text)]);
  }
}

function repetition({ revision, commit, prepare }: StoredEvent): AppendOutcome {
  return { kind: 'repeated', revision, position: { commit, prepare } };
}

/** An event that the node writes itself. */
export function event(type: string, json: string): ProposedEvent {
  return {
    id: crypto.randomUUID(),
    type,
    contentType: 'application/json',
    data: Buffer.from(json, 'utf8'),
    metadata: new Uint8Array(),
  };
}
