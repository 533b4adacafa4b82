// The port to the log. Adapters: memory (tests, simulation), SQLite (one file); each passes `event-store.contract.ts`.
import type { GlobalPosition, NewEvent, RecordedEvent } from '@app/kernel';

/** A revision (>= 0) the stream must stand at, or one of three words. `any` is not idempotent: leases only. */
export type ExpectedRevision = number | 'no_stream' | 'stream_exists' | 'any';

export interface AppendOptions {
  readonly expectedRevision: ExpectedRevision;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface AppendResult {
  /** Revision of the batch's first and last event. */
  readonly firstRevision: number;
  readonly lastRevision: number;
  /** Position of the batch's last event. */
  readonly position: GlobalPosition;
}

export type Direction = 'forward' | 'backward';

/** Prefixes, any of which lets an event through; both kinds given: both must match. */
export interface EventFilter {
  readonly streamPrefixes?: readonly string[];
  readonly typePrefixes?: readonly string[];
}

export interface ReadStreamOptions {
  readonly direction?: Direction;
  /** Inclusive. Default: `start` forward, `end` backward. */
  readonly from?: number | 'start' | 'end';
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

export interface ReadAllOptions {
  readonly direction?: Direction;
  /** Exclusive. */
  readonly after?: GlobalPosition;
  /** Exclusive. */
  readonly before?: GlobalPosition;
  readonly filter?: EventFilter;
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

export interface SubscribeOptions {
  /** Exclusive. */
  readonly after: GlobalPosition | 'start' | 'end';
  readonly filter?: EventFilter;
  readonly signal: AbortSignal;
}

/**
 * In band and in order. A checkpoint never runs ahead of an event that was not yet delivered. `caughtUp` comes each time
 * the end of the log is reached after having been behind it.
 */
export type SubscriptionMessage =
  | { readonly kind: 'event'; readonly event: RecordedEvent }
  | { readonly kind: 'checkpoint'; readonly position: GlobalPosition }
  | { readonly kind: 'caughtUp' }
  | { readonly kind: 'reconnected' };

export interface StoreHealth {
  readonly status: 'up' | 'down';
  readonly latencyMs: number;
  /** For operators; never holds a secret. */
  readonly reason?: string;
}

export abstract class EventStore {
  /**
   * True while no other process can append: then what this process knows of a stream's end is the truth, and a cached
   * state needs no read to be current.
   */
  abstract readonly singleWriter: boolean;

  /** Position of the last event appended through this instance; undefined before the first. For read-your-writes. */
  abstract readonly lastAppended: GlobalPosition | undefined;

  /**
   * Appends the batch atomically and contiguously, and answers once it survives `kill -9` and power loss.
   * Repeating the identical batch (same ids, same explicit expected revision) is a success that changes nothing, also
   * after the stream moved on. Throws StoreError: WrongExpectedRevision, InvalidArgument, EventTooLarge, AppendTooLarge,
   * Serialization, StoreUnavailable (did not happen), AppendOutcomeUnknown (may have happened: repeat it identically),
   * Cancelled, Closed.
   */
  abstract append(stream: string, events: readonly NewEvent[], options: AppendOptions): Promise<AppendResult>;

  /** Pulled; `break` ends the read. Throws StreamNotFound at the first pull. */
  abstract readStream(stream: string, options?: ReadStreamOptions): AsyncIterable<RecordedEvent>;

  /** The whole log in its order. System events (`$...`) never surface. Throws InvalidPosition for a foreign position. */
  abstract readAll(options?: ReadAllOptions): AsyncIterable<RecordedEvent>;

  /** The log from a position on, then live, without gap or duplicate; ends when the signal aborts. */
  abstract subscribeToAll(options: SubscribeOptions): AsyncIterable<SubscriptionMessage>;

  /** Position of the last event, undefined in an empty log. */
  abstract head(): Promise<GlobalPosition | undefined>;

  /** Answers within `timeoutMs` (default 2000), whatever the store does. */
  abstract health(timeoutMs?: number): Promise<StoreHealth>;

  /** Idempotent. Everything after it throws Closed; nothing keeps the process alive. */
  abstract close(): Promise<void>;
}
