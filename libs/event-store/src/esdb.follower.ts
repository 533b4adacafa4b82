// Follows EventStoreDB's log over any number of subscriptions: whatever ends one, the next goes on behind the last message
// that the consumer took. Losing a subscription is the normal case here, see docs/eventstoredb.md.
import type { GlobalPosition } from '@app/kernel';
import { backOffMs } from './back-off.js';
import { isSystemEvent, serverFilter } from './esdb-filter.js';
import { isTooSlow, readError } from './esdb-fault.js';
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

type Messages = AsyncGenerator<SubscriptionMessage, void, undefined>;

export class EsdbFollower {
  /** The last position that the consumer has got past; empty: before the first event. */
  private at: GlobalPosition = '';
  private failures = 0;
  private subscriptions = 0;
  /** Past the backlog of this subscription. */
  private live = false;
  /** Something was handed over since the consumer last heard that it caught up. */
  private behind = false;

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
        yield* this.subscription();
      } catch (error) {
        if (signal.aborted) return;
        this.throwIfClosed();
        if (!isStoreError(error) || !error.retryable) throw error;
        await this.backOff(error);
      }
    }
  }

  /** Ends when a signal aborts, and when the node dropped it after some progress: to be taken up again at once. */
  private async *subscription(): Messages {
    const { connector, closing, silenceMs } = this.parts;
    const { filter, signal } = this.options;
    const head = filter ? await this.parts.head(signal) : undefined;
    const from = this.at === '' ? 'start' : parseEsdbPosition(this.at);
    const read = { of: { from, filter: serverFilter(filter) }, direction: 'forward', requiresLeader: false } as const;
    const signals = [closing, signal];
    const { connection, call } = await connector.openWithin((used) => used.read(read), {
      timeoutMs: silenceMs,
      signals,
    });
    const reader = new EsdbCallReader(call, signals);
    const begunAt = this.at;
    let confirmed = false;
    this.live = false;
    try {
      for (;;) {
        if (this.live && this.behind && (await reader.isDry())) yield this.caughtUp();
        const received = await reader.next(confirmed ? undefined : silenceMs);
        if (!received) return;
        if ('details' in received) {
          if (isTooSlow(received) && this.at !== begunAt) return;
          connector.replace(connection, received.leader);
          throw readError(received);
        }
        confirmed = true;
        for (const message of received) {
          yield* this.passedOn(message, head);
          if (signal.aborted) return;
        }
      }
    } finally {
      reader.cancel();
    }
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
