// The thread that owns the writing connection. Everything that arrived while a commit was in flight shares the next one.
import { BroadcastChannel, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import type { AppendWire, WireAppend } from './append-wire.js';
import { takeAppends } from './append-wire.js';
import { later } from './event-loop.thread.js';
import type { FromLogThread, LogThreadStart, ToLogThread } from './log-messages.js';
import { newsChannel, verdictsOf } from './log-messages.js';
import { logError } from './sqlite.log-file.js';
import { SqliteLogWriter } from './sqlite.log-writer.js';

/** One transaction takes at most so many events: a huge pile must not delay the first answer for ever. */
const EVENTS_PER_COMMIT = 5_000;
/** Every announcement wakes every reader: in a stream of commits one now and then is enough. */
const ANNOUNCE_EVERY_MS = 5;

class LogThread {
  private readonly news: BroadcastChannel;
  private readonly waiting: WireAppend[] = [];
  private readonly requests: Exclude<ToLogThread, AppendWire>[] = [];
  private nowMs = 0;
  private failing = false;
  /** Calls off the end of the interval; undefined outside of one. */
  private announcing: (() => void) | undefined;
  private unannounced = false;

  constructor(
    private readonly port: MessagePort,
    private readonly writer: SqliteLogWriter,
    path: string,
  ) {
    this.news = new BroadcastChannel(newsChannel(path));
    this.news.unref();
    port.on('message', (message: ToLogThread) => {
      this.take(message);
      this.work();
    });
    this.answer({ kind: 'ready' });
  }

  private work(): void {
    do {
      this.drain();
      this.commit();
      for (const request of this.requests.splice(0)) this.serve(request);
      this.drain();
    } while (this.waiting.length > 0 || this.requests.length > 0);
  }

  private drain(): void {
    for (;;) {
      const next = receiveMessageOnPort(this.port) as { message: ToLogThread } | undefined;
      if (!next) return;
      this.take(next.message);
    }
  }

  private take(message: ToLogThread): void {
    if (!Array.isArray(message)) {
      this.requests.push(message);
      return;
    }
    this.nowMs = message[0] as number;
    takeAppends(message, this.waiting);
  }

  private commit(): void {
    while (this.waiting.length > 0) {
      this.write(this.nextGroup());
      this.drain();
    }
  }

  /** What cannot be written takes nothing with it: without room, each append of the group has an answer of its own. */
  private write(group: readonly WireAppend[]): void {
    const head = this.writer.head;
    try {
      const outcomes = this.writer.append(group, this.nowMs);
      this.answer({ kind: 'verdicts', verdicts: verdictsOf(outcomes) });
      if (this.writer.head === head) return;
      this.failing = false;
      this.announce();
    } catch (error) {
      this.failing = true;
      const { code, message } = logError(error, '');
      if (code === 'StoreUnavailable' && group.length > 1) for (const one of group) this.write([one]);
      else this.answer({ kind: 'failed', count: group.length, code, message });
    }
  }

  /** At once after a quiet time; else once the interval is over, for all that was committed in it. */
  private announce(): void {
    if (this.announcing) {
      this.unannounced = true;
      return;
    }
    this.news.postMessage(this.writer.head);
    this.announcing = later(ANNOUNCE_EVERY_MS, () => {
      const due = this.unannounced;
      this.announcing = undefined;
      this.unannounced = false;
      if (due) this.announce();
    });
  }

  private nextGroup(): WireAppend[] {
    let events = 0;
    const end = this.waiting.findIndex((append) => (events += append.events.length) >= EVENTS_PER_COMMIT);
    return this.waiting.splice(0, end === -1 ? this.waiting.length : end + 1);
  }

  private serve(request: Exclude<ToLogThread, AppendWire>): void {
    switch (request.kind) {
      case 'ping': {
        const failure = this.failing ? this.writer.probe() : undefined;
        this.failing = failure !== undefined;
        this.answer({ kind: 'pong', ...(failure ? { reason: failure.message } : {}) });
        return;
      }
      case 'limitPages':
        this.writer.limitPages(request.pages);
        return;
      case 'close':
        this.writer.close();
        this.announcing?.();
        if (this.unannounced) this.news.postMessage(this.writer.head);
        this.news.close();
        this.answer({ kind: 'closed' });
        this.port.close();
        return;
      default:
    }
  }

  private answer(message: FromLogThread): void {
    this.port.postMessage(message);
  }
}

if (parentPort) {
  const { path } = workerData as LogThreadStart;
  try {
    new LogThread(parentPort, new SqliteLogWriter(path), path);
  } catch (error) {
    const { code, message } = logError(error, path);
    parentPort.postMessage({ kind: 'refused', code, message } satisfies FromLogThread);
    parentPort.close();
  }
}
