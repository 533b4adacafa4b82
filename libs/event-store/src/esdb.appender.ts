// All appends of a store go out on one call of one connection, in the order they were made; each has a deadline of its own.
import type { EsdbFault } from './esdb-fault.js';
import { grpc, outcomeUnknown, unansweredAppend, unavailable } from './esdb-fault.js';
import type { AppendsCall, EsdbAnswer, EsdbAppend } from './esdb-messages.js';
import type { EsdbConnector } from './esdb.connector.js';
import { later } from './event-loop.thread.js';
import { StoreError } from './store-error.js';

export interface AppendLimit {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** A call that owes answers and gave none for so long is taken for dead once an append on it runs out of time. */
const SILENT_MS = 1_000;

/** One append until it is settled: by its answer, the end of its call, its deadline or its caller, whichever comes first. */
class WaitingAppend {
  readonly outcome: Promise<EsdbAnswer>;
  readonly startedMs = performance.now();
  settled = false;
  /** The call it was sent on; undefined while it cannot have left this process. */
  carrier: Carrier | undefined;
  private resolve!: (answer: EsdbAnswer) => void;
  private reject!: (error: StoreError) => void;
  private readonly stopClock: () => void;
  private readonly giveUp = (): void => {
    const { stream } = this.append;
    this.fail(
      this.carrier
        ? outcomeUnknown('it was given up', stream)
        : new StoreError('Cancelled', 'the append was cancelled', { stream }),
    );
  };

  constructor(
    readonly append: EsdbAppend,
    private readonly limit: AppendLimit,
  ) {
    this.outcome = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.stopClock = later(limit.timeoutMs, () => this.runOutOfTime());
    limit.signal?.addEventListener('abort', this.giveUp, { once: true });
  }

  answer(answer: EsdbAnswer): void {
    if (this.settle()) this.resolve(answer);
  }

  fail(error: StoreError): void {
    if (this.settle()) this.reject(error);
  }

  private runOutOfTime(): void {
    const why = `no answer within ${this.limit.timeoutMs} ms`;
    const { carrier } = this;
    const { stream } = this.append;
    this.fail(carrier ? outcomeUnknown(why, stream) : unavailable(why, stream));
    if (carrier?.isSilentSince(this.startedMs)) carrier.end({ code: grpc.deadlineExceeded, details: why });
  }

  private settle(): boolean {
    if (this.settled) return false;
    this.settled = true;
    this.stopClock();
    this.limit.signal?.removeEventListener('abort', this.giveUp);
    this.carrier?.forget(this.append.correlationId);
    return true;
  }
}

/** One call, and the appends that wait for their answers on it. */
class Carrier {
  ended = false;
  private call: AppendsCall | undefined;
  private replaceConnection = (): void => undefined;
  private answeredMs = 0;
  private readonly waiting = new Map<string, WaitingAppend>();

  constructor(private readonly onEnd: () => void) {}

  /** Throws StoreUnavailable, Closed. */
  async open(connector: EsdbConnector): Promise<this> {
    const { connection, call } = await connector.open((used) =>
      used.openAppends({
        answered: (correlationId, answer) => {
          this.answeredMs = performance.now();
          this.waiting.get(correlationId)?.answer(answer);
        },
        ended: (fault) => this.end(fault),
      }),
    );
    this.call = call;
    this.replaceConnection = () => connector.replace(connection);
    return this;
  }

  send(waiting: WaitingAppend): void {
    waiting.carrier = this;
    this.waiting.set(waiting.append.correlationId, waiting);
    this.call?.send(waiting.append);
  }

  forget(correlationId: string): void {
    this.waiting.delete(correlationId);
  }

  isSilentSince(sinceMs: number): boolean {
    return this.answeredMs < sinceMs && performance.now() - sinceMs >= SILENT_MS;
  }

  /** Whatever still waits was sent and never answered. An answer that comes later finds nobody. */
  end(fault: EsdbFault): void {
    if (this.ended) return;
    this.ended = true;
    this.onEnd();
    this.replaceConnection();
    this.call?.cancel();
    for (const waiting of [...this.waiting.values()]) waiting.fail(unansweredAppend(fault, waiting.append.stream));
  }
}

export class EsdbAppender {
  private carrier: Promise<Carrier> | undefined;
  private readonly underWay = new Set<Promise<unknown>>();
  private closed = false;

  constructor(private readonly connector: EsdbConnector) {}

  /**
   * @returns the node's answer. Throws StoreUnavailable and Cancelled (it was not sent), AppendOutcomeUnknown, AccessDenied,
   * Closed.
   */
  async append(append: EsdbAppend, limit: AppendLimit): Promise<EsdbAnswer> {
    this.throwIfClosed();
    const waiting = new WaitingAppend(append, limit);
    this.underWay.add(waiting.outcome);
    this.send(waiting).catch((error: unknown) => waiting.fail(error as StoreError));
    try {
      return await waiting.outcome;
    } finally {
      this.underWay.delete(waiting.outcome);
    }
  }

  throwIfClosed(): void {
    if (this.closed) throw new StoreError('Closed', 'the event store is closed');
  }

  /** Waits for the appends that are under way; each has a deadline. */
  async close(): Promise<void> {
    this.closed = true;
    await Promise.allSettled(this.underWay);
    const carrier = await this.carrier?.catch(() => undefined);
    carrier?.end({ code: grpc.ok, details: 'closed' });
    this.connector.close();
  }

  /** All who come while a call is being opened go out on it, in the order they came. */
  private async send(waiting: WaitingAppend): Promise<void> {
    const carrier = await (this.carrier ??= this.openCarrier());
    if (waiting.settled) return;
    if (carrier.ended) await this.send(waiting);
    else carrier.send(waiting);
  }

  private openCarrier(): Promise<Carrier> {
    const forget = (): void => {
      if (this.carrier === opened) this.carrier = undefined;
    };
    const opened = new Carrier(forget).open(this.connector);
    opened.catch(forget);
    return opened;
  }
}
