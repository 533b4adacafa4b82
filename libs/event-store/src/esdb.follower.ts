// Follows EventStoreDB's log over any number of subscriptions: whatever ends one, the next goes on behind the last message
// that the consumer took. Losing a subscription is the normal case here, see docs/eventstoredb.md. While more is recorded
// than the node keeps for a consumer that takes it in batches, the log is read instead.
import type { GlobalPosition } from '@app/kernel';
import { backOffMs } from './back-off.js';
import { isSystemEvent, serverFilter } from './esdb-filter.js';
import type { EsdbFault } from './esdb-fault.js';
import { grpc, isTooSlow, readError } from './esdb-fault.js';
import type { EsdbMessage } from './esdb-messages.js';
import { esdbPosition, parseEsdbPosition } from './esdb-position.js';
import { recordedEvent } from './esdb-record.js';
import { EsdbCallReader } from './esdb.call-reader.js';
import type { EsdbConnector } from './esdb.connector.js';
import { pause } from './esdb.patience.js';
import { passes } from './event-filter.js';
import type { SubscribeOptions, SubscriptionMessage } from './event-store.js';
import { isStoreError, StoreError } from './store-error.js';

export interface FollowerParts {
  readonly connector: EsdbConnector;
  readonly closing: AbortSignal;
  /** Position of the last event. */
  readonly head: (signal: AbortSignal) => Promise<GlobalPosition | undefined>;
  /** A subscription that is not confirmed within this time has failed. */
  readonly silenceMs: number;
  readonly log: (line: string) => void;
}

/** What the node keeps of a live subscription until its consumer takes it; with more it drops the subscription. */
const KEPT_LIVE = 32;
const READ_EVENTS = 2_000;
/** Between the beginnings of two reads, once one came to the end of the log. */
const READ_EVERY_MS = 20;

type Messages = AsyncGenerator<SubscriptionMessage, void, undefined>;

interface OpenCall {
  readonly reader: EsdbCallReader;
  /** What the end of the call means; the connection is not used again. */
  readonly lost: (fault: EsdbFault) => StoreError;
}

export class EsdbFollower {
  /** The last position that the consumer has got past; empty: before the first event. */
  private at: GlobalPosition = '';
  private failures = 0;
  private subscriptions = 0;
  /** Past the backlog of this subscription. */
  private live = false;
  /** Something was handed over since the consumer last heard that it caught up. */
  private behind = false;
  /** More is recorded than a subscription keeps. */
  private reading = false;

  constructor(
    private readonly parts: FollowerParts,
    private readonly options: SubscribeOptions,
  ) {}

  /** Ends when the signal aborts. Throws Closed, InvalidPosition, AccessDenied, Corrupt; goes on after anything else. */
  async *messages(): Messages {
    const { after, signal } = this.options;
    if (after !== 'start' && after !== 'end') this.at = esdbPosition(parseEsdbPosition(after));
    let startKnown = after !== 'end';
    while (!signal.aborted) {
      this.throwIfClosed();
      try {
        if (!startKnown) this.at = (await this.parts.head(signal)) ?? '';
        startKnown = true;
        yield* this.reading ? this.read() : this.subscription();
      } catch (error) {
        if (signal.aborted) return;
        this.throwIfClosed();
        if (!isStoreError(error) || !error.retryable) throw error;
        await this.backOff(error);
      }
    }
  }

  /** Ends when a signal aborts, and when the node dropped it after some progress: the log is then read on at once. */
  private async *subscription(): Messages {
    const head = await this.headNow();
    const { reader, lost } = await this.open();
    const begunAt = this.at;
    let confirmed = false;
    this.live = false;
    try {
      for (;;) {
        if (this.live && this.behind && (await reader.isDry())) yield this.caughtUp();
        const received = await reader.next(confirmed ? undefined : this.parts.silenceMs);
        if (!received) return;
        if ('details' in received) {
          this.reading = isTooSlow(received) && this.at !== begunAt;
          if (this.reading) return;
          throw lost(received);
        }
        confirmed = true;
        for (const message of received) {
          yield* this.passedOn(message, head);
          if (this.options.signal.aborted) return;
        }
      }
    } finally {
      reader.cancel();
    }
  }

  /** Ends when a signal aborts, and at the end of the log, where it is seen whether a subscription would do from now on. */
  private async *read(): Messages {
    const { closing, silenceMs } = this.parts;
    const { signal } = this.options;
    const begunMs = performance.now();
    const head = await this.headNow();
    const { reader, lost } = await this.open(READ_EVENTS);
    let read = 0;
    try {
      for (;;) {
        const received = await reader.next(silenceMs);
        if (!received) return;
        if ('details' in received) {
          if (received.code === grpc.ok) break;
          this.reading = false;
          throw lost(received);
        }
        read += received.length;
        for (const message of received) {
          yield* this.passedOn(message, head);
          if (signal.aborted) return;
        }
      }
    } finally {
      reader.cancel();
    }
    if (read >= READ_EVENTS) return;
    this.reading = read > KEPT_LIVE;
    if (head !== undefined) yield* this.checkpoint(head);
    yield this.caughtUp();
    if (this.reading) await pause(Math.max(0, begunMs + READ_EVERY_MS - performance.now()), [closing, signal]);
  }

  /** Where a filter passes nothing, the leader's end that was looked at first is what was got past. */
  private async headNow(): Promise<GlobalPosition | undefined> {
    return this.options.filter ? this.parts.head(this.options.signal) : undefined;
  }

  /** A call from here on: with a limit a read, else a subscription. Its reader is to be cancelled. */
  private async open(limit?: number): Promise<OpenCall> {
    const { connector, closing, silenceMs } = this.parts;
    const { filter, signal } = this.options;
    const from = this.at === '' ? 'start' : parseEsdbPosition(this.at);
    const bound = limit === undefined ? {} : { limit };
    // Another node may lag behind the end that was looked at.
    const requiresLeader = filter !== undefined;
    const read = { of: { from, filter: serverFilter(filter) }, direction: 'forward', requiresLeader } as const;
    const signals = [closing, signal];
    const { connection, call } = await connector.openWithin((used) => used.read({ ...read, ...bound }), {
      timeoutMs: silenceMs,
      signals,
    });
    const lost = (fault: EsdbFault): StoreError => {
      connector.replace(connection, fault.leader);
      return readError(fault);
    };
    return { reader: new EsdbCallReader(call, signals), lost };
  }

  /** What the consumer hears of one message of the node; `head` is known to have been looked at once it caught up. */
  private *passedOn(message: EsdbMessage, head: GlobalPosition | undefined): Iterable<SubscriptionMessage> {
    switch (message.kind) {
      case 'confirmed':
        this.subscriptions += 1;
        if (this.subscriptions > 1) yield { kind: 'reconnected' };
        return;
      case 'event': {
        const position = esdbPosition(message.record);
        if (position <= this.at) return;
        this.failures = 0;
        if (isSystemEvent(message.record) || !passes(this.options.filter, message.record)) return;
        this.at = position;
        this.behind = true;
        yield { kind: 'event', event: recordedEvent(message.record) };
        return;
      }
      case 'checkpoint':
        yield* this.checkpoint(esdbPosition(message.position));
        return;
      case 'caughtUp':
        if (head !== undefined) yield* this.checkpoint(head);
        this.live = true;
        yield this.caughtUp();
        return;
      default:
        return;
    }
  }

  /** The node says so once; after that, the end is where nothing more is at hand. */
  private caughtUp(): SubscriptionMessage {
    this.failures = 0;
    this.behind = false;
    return { kind: 'caughtUp' };
  }

  /** Messages come in the order of the log, so that all before this one was handed over when this one is. */
  private *checkpoint(position: GlobalPosition): Iterable<SubscriptionMessage> {
    if (position <= this.at) return;
    this.failures = 0;
    this.at = position;
    yield { kind: 'checkpoint', position };
  }

  private async backOff(cause: StoreError): Promise<void> {
    this.failures += 1;
    const delayMs = backOffMs(this.failures, Math.random());
    if (this.failures === 1) this.parts.log(`the event store's subscription was lost: ${cause.message}`);
    await pause(delayMs, [this.parts.closing, this.options.signal]);
  }

  private throwIfClosed(): void {
    if (this.parts.closing.aborted) throw new StoreError('Closed', 'the event store is closed');
  }
}
