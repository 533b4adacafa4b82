// The calling side of the writing thread: gathers the appends of one turn, and settles them in the order they were sent.
import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import type { Clock } from '@app/kernel';
import type { AppendWire, WireAppend } from './append-wire.js';
import { putAppend } from './append-wire.js';
import { later, nextTurn } from './event-loop.thread.js';
import { wrongExpectedRevision } from './expected-revision.js';
import type { FromLogThread, LogThreadStart, ToLogThread } from './log-messages.js';
import { REFUSED } from './log-messages.js';
import { startThread } from './start.thread.js';
import type { StoreErrorCode } from './store-error.js';
import { StoreError } from './store-error.js';

/** Text of appends on their way to the disk; more than this and callers are told to come back. */
const GROUP_APPENDS = 16;
const PENDING_BYTES_MAX = 64 * 1024 * 1024;

export interface Recorded {
  readonly lastRevision: number;
  /** Number of the append's last event. */
  readonly position: number;
}

interface Pending {
  readonly append: WireAppend;
  readonly bytes: number;
  readonly resolve: (recorded: Recorded) => void;
  readonly reject: (error: unknown) => void;
  sent: boolean;
  /** Lets go of the timer and the listener of a bounded append. */
  release?: () => void;
}

export interface TimeBounds {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

type Pong = Extract<FromLogThread, { kind: 'pong' }>;

export class LogThreadClient {
  private toSend: Pending[] = [];
  private inFlight: Pending[] = [];
  private pendingBytes = 0;
  private closing: Promise<void> | undefined;
  private death: StoreError | undefined;
  private readonly pings: ((pong: Pong) => void)[] = [];

  private constructor(
    private readonly worker: Worker,
    private readonly clock: Clock,
  ) {
    worker.on('message', (message: FromLogThread) => this.take(message));
    worker.on('error', (error) => this.die(error));
    worker.on('exit', () => this.die(new Error('the writing thread ended')));
    worker.unref();
  }

  /** Throws what the thread could not open the log for (StoreError). */
  static async start(path: string, clock: Clock): Promise<LogThreadClient> {
    const worker = startThread(import.meta.url, './log.thread', { path } satisfies LogThreadStart);
    const [first] = (await once(worker, 'message')) as [FromLogThread];
    if (first.kind === 'refused') throw new StoreError(first.code, first.message);
    return new LogThreadClient(worker, clock);
  }

  /** Throws StoreError: Closed, StoreUnavailable, AppendOutcomeUnknown, WrongExpectedRevision, Cancelled, Corrupt. */
  async append(append: WireAppend, bytes: number, within: TimeBounds): Promise<Recorded> {
    if (this.closing) throw new StoreError('Closed', 'the event store is closed');
    if (this.death) throw this.death;
    if (this.pendingBytes + bytes > PENDING_BYTES_MAX) {
      throw new StoreError('StoreUnavailable', 'too many appends are waiting for the disk', { stream: append.stream });
    }
    return new Promise<Recorded>((resolve, reject) => {
      const pending: Pending = { append, bytes, resolve, reject, sent: false };
      this.pendingBytes += bytes;
      this.toSend.push(pending);
      if (this.toSend.length === 1 || this.toSend.length === GROUP_APPENDS) nextTurn(() => this.flush());
      if (within.signal || within.timeoutMs !== undefined) this.bound(pending, within);
    });
  }

  /** The thread's own word on whether it can write; undefined when it does not answer in time. */
  async ping(timeoutMs: number): Promise<{ readonly reason?: string } | undefined> {
    if (this.closing) return { reason: 'closed' };
    if (this.death) return { reason: this.death.message };
    let callOff = (): void => undefined;
    const late = new Promise<undefined>((resolve) => (callOff = later(timeoutMs, () => resolve(undefined))));
    const pong = new Promise<Pong>((resolve) => this.pings.push(resolve));
    this.post({ kind: 'ping' });
    try {
      return await Promise.race([pong, late]);
    } finally {
      callOff();
    }
  }

  limitPages(pages: number): void {
    this.post({ kind: 'limitPages', pages });
  }

  /** What was appended before is written first. Idempotent. */
  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private async end(): Promise<void> {
    if (this.death) return;
    const exited = once(this.worker, 'exit');
    this.send();
    this.worker.ref();
    this.post({ kind: 'close' });
    await exited;
  }

  /** A message costs more than what is in it: a few appends wait until those before them are written. */
  private flush(): void {
    if (this.inFlight.length === 0 || this.toSend.length >= GROUP_APPENDS) this.send();
  }

  private send(): void {
    if (this.toSend.length === 0) return;
    const wire: AppendWire = [this.clock.nowMs()];
    for (const pending of this.toSend) {
      putAppend(wire, pending.append);
      pending.sent = true;
      this.inFlight.push(pending);
    }
    this.toSend = [];
    this.worker.ref();
    this.post(wire);
  }

  private take(message: FromLogThread): void {
    switch (message.kind) {
      case 'verdicts':
        this.settle(message.verdicts.length / 2, (pending, index) => {
          const revision = message.verdicts[2 * index] ?? 0;
          const position = message.verdicts[2 * index + 1] ?? REFUSED;
          const { stream, expected } = pending.append;
          if (position === REFUSED) pending.reject(wrongExpectedRevision(stream, expected, revision));
          else pending.resolve({ lastRevision: revision, position });
        });
        return;
      case 'failed':
        this.settle(message.count, ({ reject, append: { stream } }) =>
          reject(new StoreError(message.code, message.message, { stream })),
        );
        return;
      case 'pong':
        this.pings.shift()?.(message);
        return;
      default:
    }
  }

  private settle(count: number, one: (pending: Pending, index: number) => void): void {
    const settled = this.inFlight.splice(0, count);
    for (const [index, pending] of settled.entries()) {
      this.pendingBytes -= pending.bytes;
      pending.release?.();
      one(pending, index);
    }
    if (this.inFlight.length > 0) return;
    if (this.toSend.length > 0) nextTurn(() => this.flush());
    if (!this.closing) this.worker.unref();
  }

  /** The caller stops waiting. What was not sent did not happen; what was sent may have. */
  private bound(pending: Pending, { signal, timeoutMs }: TimeBounds): void {
    const giveUp = (code: StoreErrorCode, why: string): void => {
      const { stream } = pending.append;
      pending.release?.();
      if (pending.sent) {
        pending.reject(new StoreError('AppendOutcomeUnknown', `${why} while the append was under way`, { stream }));
        return;
      }
      this.toSend = this.toSend.filter((other) => other !== pending);
      this.pendingBytes -= pending.bytes;
      pending.reject(new StoreError(code, `${why} before the append was sent`, { stream }));
    };
    const abort = (): void => giveUp('Cancelled', 'the caller cancelled');
    const expire = (): void => giveUp('StoreUnavailable', `${String(timeoutMs)} ms went by`);
    const callOff = timeoutMs === undefined ? undefined : later(timeoutMs, expire);
    signal?.addEventListener('abort', abort, { once: true });
    pending.release = () => {
      callOff?.();
      signal?.removeEventListener('abort', abort);
    };
  }

  private die(cause: unknown): void {
    this.death ??= new StoreError('StoreUnavailable', 'the writing thread of the log has ended', { cause });
    for (const pending of this.toSend.splice(0)) {
      pending.release?.();
      pending.reject(this.death);
    }
    this.settle(this.inFlight.length, ({ reject, append: { stream } }) =>
      reject(new StoreError('AppendOutcomeUnknown', 'the writing thread ended with the append', { stream, cause })),
    );
    for (const answer of this.pings.splice(0)) answer({ kind: 'pong', reason: this.death.message });
  }

  private post(message: ToLogThread): void {
    this.worker.postMessage(message);
  }
}
