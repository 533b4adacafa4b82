// The log in memory: for unit tests and simulation. It keeps every promise of the port but durability.
import type { Clock, GlobalPosition, NewEvent, RecordedEvent } from '@app/kernel';
import { timestamp } from '@app/kernel';
import { SystemClock } from '@app/kernel/nest';
import { asFirstRecorded } from './carried-event.js';
import type { AppendLimits, EncodedEvent } from './event-batch.js';
import { appendLimits, encodeBatch } from './event-batch.js';
import { passes } from './event-filter.js';
import type {
  AppendOptions,
  AppendResult,
  EventFilter,
  ExpectedRevision,
  ReadAllOptions,
  ReadStreamOptions,
  StoreHealth,
  SubscribeOptions,
  SubscriptionMessage,
} from './event-store.js';
import { EventStore } from './event-store.js';
import { turn } from './event-loop.thread.js';
import { firstRevisionOf, verdictOn, wrongExpectedRevision } from './expected-revision.js';
import type { LogPage, LogPages, StreamPage } from './log-pages.js';
import { follow, walkLog, walkStream } from './log-pages.js';
import { numberedPosition } from './position.js';
import { StoreError } from './store-error.js';
import { WakeUp } from './wake-up.js';

const TAG = 'mem';
const PAGE = 1_000;

export interface MemoryEventStoreOptions extends Partial<AppendLimits> {
  readonly clock?: Clock;
}

/** An event as it would lie on disk: its JSON is parsed anew for every reader, so none can change another's. */
interface Row extends EncodedEvent {
  readonly number: number;
  readonly stream: string;
  readonly revision: number;
  readonly recordedAtMs: number;
}

/** What the log holds, and how it is read. */
class MemoryLog implements LogPages {
  readonly tag = TAG;
  readonly news = new WakeUp();
  private readonly rows: Row[] = [];
  private readonly streams = new Map<string, Row[]>();
  private closed = false;

  headNumber(): number {
    this.throwIfClosed();
    return this.rows.length;
  }

  forward(after: number, filter: EventFilter | undefined): LogPage {
    const scannedTo = Math.max(after, Math.min(after + PAGE, this.headNumber()));
    const found = this.rows.slice(after, scannedTo).filter((row) => passes(filter, row));
    return { events: found.map(recorded), scannedTo };
  }

  backward(before: number, filter: EventFilter | undefined): LogPage {
    const scannedTo = Math.max(1, Math.min(before, this.headNumber() + 1) - PAGE);
    const found = this.rows.slice(scannedTo - 1, Math.max(0, before - 1)).filter((row) => passes(filter, row));
    return { events: found.reverse().map(recorded), scannedTo };
  }

  streamPage(stream: string, from: number, backward: boolean, count: number): StreamPage | undefined {
    this.throwIfClosed();
    const rows = this.streams.get(stream);
    if (!rows) return undefined;
    const end = Math.min(from, rows.length - 1) + 1;
    const page = backward ? rows.slice(Math.max(0, end - count), end).reverse() : rows.slice(from, from + count);
    return { events: page.map(recorded), ended: page.length < count };
  }

  async turn(): Promise<void> {
    await turn();
  }

  /** @returns the batch's last event. Throws WrongExpectedRevision. */
  record(stream: string, batch: readonly EncodedEvent[], expected: ExpectedRevision, nowMs: number): Row {
    const rows = this.streams.get(stream) ?? [];
    const ids = batch.map((event) => event.id);
    const verdict = verdictOn(expected, rows.length - 1, ids, (first, count) =>
      rows.slice(first, first + count).map((row) => row.id),
    );
    if (verdict === 'refused') throw wrongExpectedRevision(stream, expected, rows.length - 1);
    if (verdict === 'write') this.write(stream, rows, batch, nowMs);
    const last = verdict === 'write' ? rows.at(-1) : rows[firstRevisionOf(expected) + batch.length - 1];
    if (!last) throw new Error('an append left no event');
    return last;
  }

  close(): void {
    this.closed = true;
    this.news.ring();
  }

  throwIfClosed(): void {
    if (this.closed) throw new StoreError('Closed', 'the event store is closed');
  }

  private write(stream: string, rows: Row[], batch: readonly EncodedEvent[], nowMs: number): void {
    const recordedAtMs = Math.max(nowMs, this.rows.at(-1)?.recordedAtMs ?? 0);
    for (const event of batch) {
      const row = { ...event, number: this.rows.length + 1, stream, revision: rows.length, recordedAtMs };
      this.rows.push(row);
      rows.push(row);
    }
    this.streams.set(stream, rows);
    this.news.ring();
  }
}

export class MemoryEventStore extends EventStore {
  readonly singleWriter: boolean = true;
  private readonly log = new MemoryLog();
  private readonly clock: Clock;
  private readonly limits: AppendLimits;
  private lastNumber = 0;
  private closed = false;

  constructor({ clock = new SystemClock(), ...limits }: MemoryEventStoreOptions = {}) {
    super();
    this.clock = clock;
    this.limits = { ...appendLimits, ...limits };
  }

  get lastAppended(): GlobalPosition | undefined {
    return this.lastNumber === 0 ? undefined : numberedPosition(TAG, this.lastNumber);
  }

  async append(stream: string, events: readonly NewEvent[], options: AppendOptions): Promise<AppendResult> {
    const { expectedRevision: expected, signal } = options;
    this.log.throwIfClosed();
    if (signal?.aborted) throw new StoreError('Cancelled', 'the append was cancelled', { stream });
    const { events: batch } = encodeBatch(stream, events, expected, this.limits);
    const last = this.log.record(stream, batch, expected, this.clock.nowMs());
    this.lastNumber = Math.max(this.lastNumber, last.number);
    await Promise.resolve();
    if (signal?.aborted) throw new StoreError('AppendOutcomeUnknown', 'the append was given up', { stream });
    return {
      firstRevision: last.revision - batch.length + 1,
      lastRevision: last.revision,
      position: numberedPosition(TAG, last.number),
    };
  }

  readStream(stream: string, options: ReadStreamOptions = {}): AsyncIterable<RecordedEvent> {
    return walkStream(this.log, stream, options);
  }

  readAll(options: ReadAllOptions = {}): AsyncIterable<RecordedEvent> {
    return walkLog(this.log, options);
  }

  subscribeToAll(options: SubscribeOptions): AsyncIterable<SubscriptionMessage> {
    return follow(this.log, options);
  }

  async head(): Promise<GlobalPosition | undefined> {
    const number = this.log.headNumber();
    return number === 0 ? undefined : numberedPosition(TAG, number);
  }

  async health(): Promise<StoreHealth> {
    return this.closed ? { status: 'down', latencyMs: 0, reason: 'closed' } : { status: 'up', latencyMs: 0 };
  }

  async close(): Promise<void> {
    this.closed = true;
    this.log.close();
  }
}

function recorded(row: Row): RecordedEvent {
  return asFirstRecorded({
    id: row.id,
    type: row.type,
    stream: row.stream,
    revision: row.revision,
    position: numberedPosition(TAG, row.number),
    recordedAt: timestamp(row.recordedAtMs),
    data: JSON.parse(row.data) as unknown,
    metadata: JSON.parse(row.metadata) as RecordedEvent['metadata'],
  });
}
