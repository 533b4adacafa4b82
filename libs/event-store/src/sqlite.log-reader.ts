// Reads a log that another thread or process writes: in the calling thread, without messages or copies.
import { BroadcastChannel } from 'node:worker_threads';
import type { GlobalPosition, RecordedEvent } from '@app/kernel';
import type {
  AppendResult,
  ReadAllOptions,
  ReadStreamOptions,
  StoreHealth,
  SubscribeOptions,
  SubscriptionMessage,
} from './event-store.js';
import { every } from './event-loop.thread.js';
import { EventStore } from './event-store.js';
import { follow, walkLog, walkStream } from './log-pages.js';
import { numberedPosition } from './position.js';
import { LOG_FILE, LOG_TAG, logPath, openLogForReading } from './sqlite.log-file.js';
import { newsChannel } from './log-messages.js';
import { SqliteLogPages } from './sqlite.log-pages.js';
import { StoreError } from './store-error.js';

/** Other processes do not hear the writer's announcements: they look this often. */
const POLL_MS = 250;

export interface LogLocation {
  readonly directory: string;
  /** Default `log.db`. */
  readonly file?: string;
}

export class SqliteLogReader extends EventStore {
  readonly singleWriter = false;
  readonly lastAppended = undefined;
  private readonly pages: SqliteLogPages;
  private readonly path: string;
  private followers = 0;
  private stopListening: (() => void) | undefined;

  private constructor(path: string) {
    super();
    this.path = path;
    this.pages = new SqliteLogPages(openLogForReading(path), path);
  }

  /** Opens an existing log. Throws StoreError: Corrupt, AccessDenied (also when there is no log yet), StoreUnavailable. */
  static async open({ directory, file = LOG_FILE }: LogLocation): Promise<SqliteLogReader> {
    return new SqliteLogReader(logPath(directory, file));
  }

  async append(): Promise<AppendResult> {
    throw new StoreError('AccessDenied', 'this log was opened for reading');
  }

  readStream(stream: string, options: ReadStreamOptions = {}): AsyncIterable<RecordedEvent> {
    return walkStream(this.pages, stream, options);
  }

  readAll(options: ReadAllOptions = {}): AsyncIterable<RecordedEvent> {
    return walkLog(this.pages, options);
  }

  async *subscribeToAll(options: SubscribeOptions): AsyncGenerator<SubscriptionMessage, void, undefined> {
    this.listen();
    try {
      yield* follow(this.pages, options);
    } finally {
      this.unlisten();
    }
  }

  async head(): Promise<GlobalPosition | undefined> {
    const number = this.pages.headNumber();
    return number === 0 ? undefined : numberedPosition(LOG_TAG, number);
  }

  async health(): Promise<StoreHealth> {
    const started = performance.now();
    try {
      this.pages.headNumber();
      return { status: 'up', latencyMs: performance.now() - started };
    } catch (error) {
      return { status: 'down', latencyMs: performance.now() - started, reason: (error as Error).message };
    }
  }

  async close(): Promise<void> {
    this.pages.close();
  }

  /** While anyone follows, the writer's announcements and a slow poll wake the sleeping. */
  private listen(): void {
    this.followers += 1;
    if (this.stopListening) return;
    const channel = new BroadcastChannel(newsChannel(this.path));
    channel.onmessage = () => this.pages.news.ring();
    channel.unref();
    const stopPolling = every(POLL_MS, () => this.pages.news.ring());
    this.stopListening = () => {
      stopPolling();
      channel.close();
    };
  }

  private unlisten(): void {
    this.followers -= 1;
    if (this.followers > 0) return;
    this.stopListening?.();
    this.stopListening = undefined;
  }
}
