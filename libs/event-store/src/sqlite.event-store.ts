// The log in one SQLite file: appends go to a writing thread, reads are done in the calling one.
import type { Clock, GlobalPosition, NewEvent, RecordedEvent } from '@app/kernel';
import { SystemClock } from '@app/kernel/nest';
import type { AppendLimits } from './event-batch.js';
import { appendLimits, encodeBatch } from './event-batch.js';
import type {
  AppendOptions,
  AppendResult,
  ReadAllOptions,
  ReadStreamOptions,
  StoreHealth,
  SubscribeOptions,
  SubscriptionMessage,
} from './event-store.js';
import { EventStore } from './event-store.js';
import { numberedPosition } from './position.js';
import { LogThreadClient } from './log-client.thread.js';
import { LOG_FILE, LOG_TAG, logPath } from './sqlite.log-file.js';
import { movedLogIn } from './sqlite.moved-log.js';
import type { LogLocation } from './sqlite.log-reader.js';
import { SqliteLogReader } from './sqlite.log-reader.js';
import { StoreError } from './store-error.js';

export interface SqliteEventStoreOptions extends LogLocation, Partial<AppendLimits> {
  readonly clock?: Clock;
  /** For whoever brings a log back that was carried over from here. */
  readonly evenIfMoved?: true;
}

/** The one writer of a log; `lockDataDirectory` is what keeps a second process away. */
export class SqliteEventStore extends EventStore {
  readonly singleWriter = true;

  private lastNumber = 0;

  private constructor(
    private readonly reader: SqliteLogReader,
    private readonly thread: LogThreadClient,
    private readonly limits: AppendLimits,
  ) {
    super();
  }

  /**
   * Opens the log and creates it, and its directory, when missing. Throws StoreError: Corrupt (a foreign, newer or damaged
   * file: nothing was changed), AccessDenied (also for a log that was carried over elsewhere), StoreUnavailable.
   */
  static async open(options: SqliteEventStoreOptions): Promise<SqliteEventStore> {
    const { directory, file = LOG_FILE, clock = new SystemClock(), evenIfMoved, ...limits } = options;
    if (!evenIfMoved) refuseMoved(directory);
    const path = logPath(directory, file);
    const thread = await LogThreadClient.start(path, clock);
    try {
      const reader = await SqliteLogReader.open({ directory, file });
      return new SqliteEventStore(reader, thread, { ...appendLimits, ...limits });
    } catch (error) {
      await thread.close();
      throw error;
    }
  }

  /** The same log for another thread or process, which cannot append. */
  static async openReader(location: LogLocation): Promise<SqliteLogReader> {
    return SqliteLogReader.open(location);
  }

  get lastAppended(): GlobalPosition | undefined {
    return this.lastNumber === 0 ? undefined : numberedPosition(LOG_TAG, this.lastNumber);
  }

  async append(stream: string, events: readonly NewEvent[], options: AppendOptions): Promise<AppendResult> {
    const { expectedRevision: expected, signal } = options;
    if (signal?.aborted) throw new StoreError('Cancelled', 'the append was cancelled', { stream });
    const batch = encodeBatch(stream, events, expected, this.limits);
    const recorded = await this.thread.append({ stream, expected, events: batch.events }, batch.bytes, options);
    if (recorded.position > this.lastNumber) this.lastNumber = recorded.position;
    return {
      firstRevision: recorded.lastRevision - batch.events.length + 1,
      lastRevision: recorded.lastRevision,
      position: numberedPosition(LOG_TAG, recorded.position),
    };
  }

  readStream(stream: string, options?: ReadStreamOptions): AsyncIterable<RecordedEvent> {
    return this.reader.readStream(stream, options);
  }

  readAll(options?: ReadAllOptions): AsyncIterable<RecordedEvent> {
    return this.reader.readAll(options);
  }

  subscribeToAll(options: SubscribeOptions): AsyncIterable<SubscriptionMessage> {
    return this.reader.subscribeToAll(options);
  }

  head(): Promise<GlobalPosition | undefined> {
    return this.reader.head();
  }

  /** Down while a transaction cannot be committed, as on a full disk; up again as soon as one can. */
  async health(timeoutMs = 2_000): Promise<StoreHealth> {
    const started = performance.now();
    const answer = await this.thread.ping(timeoutMs);
    const latencyMs = performance.now() - started;
    if (!answer) return { status: 'down', latencyMs, reason: `the log did not answer within ${timeoutMs} ms` };
    return answer.reason === undefined
      ? { status: 'up', latencyMs }
      : { status: 'down', latencyMs, reason: answer.reason };
  }

  /** Lets the file grow to `pages` (>= 1) of 4 KiB at most, from the next append on; beyond it the disk counts as full. */
  limitPages(pages: number): void {
    this.thread.limitPages(pages);
  }

  async close(): Promise<void> {
    await this.reader.close();
    await this.thread.close();
  }
}

function refuseMoved(directory: string): void {
  const moved = movedLogIn(directory);
  if (!moved) return;
  const told = `the log in ${directory} was carried over to ${moved.to} (${moved.at}) and goes on there: set EVENTSTORE_URL`;
  throw new StoreError('AccessDenied', `${told}, or carry it back with runledger migrate`);
}
