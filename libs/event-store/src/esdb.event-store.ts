// The log in EventStoreDB or KurrentDB (23.10 or later), a single node or a cluster.
import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import type { GlobalPosition, NewEvent, RecordedEvent } from '@app/kernel';
import type { AppendLimits, EncodedEvent } from './event-batch.js';
import { appendLimits, encodeBatch } from './event-batch.js';
import type { Json } from './esdb-access.js';
import { accessProblem, SETTINGS_STREAM } from './esdb-access.js';
import type { EsdbTarget } from './esdb-connection-string.js';
import { describeTarget, parseConnectionString } from './esdb-connection-string.js';
import { afterGivingUp, NodeGaveUp, outcomeUnknown, refusedAppend } from './esdb-fault.js';
import { esdbPosition } from './esdb-position.js';
import { EsdbAppender } from './esdb.appender.js';
import { EsdbConnector } from './esdb.connector.js';
import { EsdbFollower } from './esdb.follower.js';
import { EsdbLogReader } from './esdb.log-reader.js';
import { EsdbPatience } from './esdb.patience.js';
import { later } from './event-loop.thread.js';
import type {
  AppendOptions,
  AppendResult,
  ExpectedRevision,
  ReadAllOptions,
  ReadStreamOptions,
  StoreHealth,
  SubscribeOptions,
  SubscriptionMessage,
} from './event-store.js';
import { EventStore } from './event-store.js';
import { wrongExpectedRevision } from './expected-revision.js';
import { isStoreError, StoreError } from './store-error.js';

export interface EsdbEventStoreOptions extends Partial<AppendLimits> {
  /** `esdb://`, `esdb+discover://`, or the same with `kurrentdb`. */
  readonly connectionString: string;
  /** Lines for operators; they never hold a secret. */
  readonly log?: (line: string) => void;
  /** An append that names no deadline of its own is given up after so long. Default 10,000. */
  readonly appendTimeoutMs?: number;
  /** A read that is waited for and says nothing for so long has failed. Default 10,000. */
  readonly readTimeoutMs?: number;
}

const TIMEOUT_MS = 10_000;
/** Elections were seen to take up to 2 s, and the followers to know the new leader some more. */
const ELECTION_MS = 6_000;
/** How often an append that names no revision tries the one that stands: it loses to as many rivals at most. */
const RIVALS_MAX = 100;
/**
 * How often an append that the node gave up on is repeated before its outcome is called unknown. The node gives up on a
 * repetition as well while it has written the original and not yet indexed it.
 */
const REPETITIONS_MAX = 2;

interface Batch {
  readonly stream: string;
  readonly events: readonly EncodedEvent[];
  readonly untilMs: number;
  readonly signal: AbortSignal | undefined;
}

interface Connectors {
  readonly appends: EsdbConnector;
  readonly reads: EsdbConnector;
  readonly subscriptions: EsdbConnector;
}

/** For people: where the store is, without credentials. Throws InvalidArgument. */
export function describeEsdb(connectionString: string): string {
  return describeTarget(parseConnectionString(connectionString));
}

export class EsdbEventStore extends EventStore {
  readonly singleWriter = false;
  private last: GlobalPosition | undefined;
  private readonly hasUsers: boolean;
  private readonly closing = new AbortController();
  private readonly limits: AppendLimits;
  private readonly appendTimeoutMs: number;
  private readonly readTimeoutMs: number;
  private readonly log: (line: string) => void;
  private readonly appender: EsdbAppender;
  private readonly reads: EsdbConnector;
  private readonly subscriptions: EsdbConnector;
  private readonly reader: EsdbLogReader;
  private readonly patience: EsdbPatience;

  private constructor(
    target: EsdbTarget,
    connectors: Connectors,
    options: Omit<EsdbEventStoreOptions, 'connectionString'>,
  ) {
    super();
    // Every call under way listens.
    setMaxListeners(0, this.closing.signal);
    const { log, appendTimeoutMs, readTimeoutMs, ...limits } = options;
    this.hasUsers = target.tls;
    this.log = log ?? (() => undefined);
    this.appendTimeoutMs = appendTimeoutMs ?? target.defaultDeadlineMs ?? TIMEOUT_MS;
    this.readTimeoutMs = readTimeoutMs ?? TIMEOUT_MS;
    this.limits = { ...appendLimits, ...limits };
    this.appender = new EsdbAppender(connectors.appends);
    this.reads = connectors.reads;
    this.subscriptions = connectors.subscriptions;
    this.patience = new EsdbPatience(target.discover ? ELECTION_MS : 0);
    this.reader = new EsdbLogReader(this.reads, this.closing.signal, this.readTimeoutMs, this.patience);
  }

  /** Opens whether or not the store can be reached; `health` tells. Throws InvalidArgument: the connection string. */
  static async open({ connectionString, ...options }: EsdbEventStoreOptions): Promise<EsdbEventStore> {
    const target = parseConnectionString(connectionString);
    // One for each: the trouble of one kind of call stays its own.
    const connectors = {
      appends: await EsdbConnector.to(target),
      reads: await EsdbConnector.to(target),
      subscriptions: await EsdbConnector.to(target),
    };
    return new EsdbEventStore(target, connectors, options);
  }

  get lastAppended(): GlobalPosition | undefined {
    return this.last;
  }

  async append(stream: string, events: readonly NewEvent[], options: AppendOptions): Promise<AppendResult> {
    const { expectedRevision: expected, timeoutMs = this.appendTimeoutMs, signal } = options;
    this.appender.throwIfClosed();
    if (signal?.aborted) throw new StoreError('Cancelled', 'the append was cancelled', { stream });
    const { events: encoded } = encodeBatch(stream, events, expected, this.limits);
    const batch = { stream, events: encoded, untilMs: performance.now() + timeoutMs, signal };
    const result =
      expected === 'any' || expected === 'stream_exists'
        ? await this.appendAtEnd(batch, expected)
        : await this.appendAt(batch, expected);
    if (this.last === undefined || result.position > this.last) this.last = result.position;
    return result;
  }

  readStream(stream: string, options: ReadStreamOptions = {}): AsyncIterable<RecordedEvent> {
    return this.reader.readStream(stream, options);
  }

  readAll(options: ReadAllOptions = {}): AsyncIterable<RecordedEvent> {
    return this.reader.readAll(options);
  }

  subscribeToAll(options: SubscribeOptions): AsyncIterable<SubscriptionMessage> {
    const parts = {
      connector: this.subscriptions,
      closing: this.closing.signal,
      head: (signal: AbortSignal) => this.headUnless(signal),
      silenceMs: this.readTimeoutMs,
      log: this.log,
    };
    return new EsdbFollower(parts, options).messages();
  }

  head(): Promise<GlobalPosition | undefined> {
    return this.headUnless(undefined);
  }

  async health(timeoutMs = 2_000): Promise<StoreHealth> {
    const started = performance.now();
    const giveUp = new AbortController();
    const callOff = later(timeoutMs, () => giveUp.abort());
    try {
      await this.headUnless(giveUp.signal);
      return { status: 'up', latencyMs: performance.now() - started };
    } catch (error) {
      const reason = giveUp.signal.aborted
        ? `the event store did not answer within ${timeoutMs} ms`
        : isStoreError(error)
          ? error.message
          : 'the event store cannot be read';
      return { status: 'down', latencyMs: performance.now() - started, reason };
    } finally {
      callOff();
    }
  }

  /**
   * Why the node does not protect the log from being deleted or truncated, for operators; undefined when it does. Throws
   * StoreUnavailable, Closed.
   */
  async accessProblem(): Promise<string | undefined> {
    try {
      const settings = await this.reader.lastOf(SETTINGS_STREAM);
      const problem = accessProblem(settings && (JSON.parse(settings.data) as Json));
      return (
        problem ?? (this.hasUsers ? undefined : 'rules are set, but without TLS a node knows no users and obeys none')
      );
    } catch (error) {
      if (isStoreError(error, 'AccessDenied')) return 'no access rules are set that this user may read';
      throw error;
    }
  }

  /** Appends that are under way are waited for. */
  async close(): Promise<void> {
    await this.appender.close();
    this.closing.abort();
    this.reads.close();
    this.subscriptions.close();
  }

  private async headUnless(signal: AbortSignal | undefined): Promise<GlobalPosition | undefined> {
    const last = await this.reader.head(signal);
    return last && esdbPosition(last);
  }

  /** Makes an append again that the node gave up on, and one that surely did not happen while a leader is looked for. */
  private async appendAt(batch: Batch, expected: ExpectedRevision): Promise<AppendResult> {
    const signals = batch.signal ? [this.closing.signal, batch.signal] : [this.closing.signal];
    for (let givenUp = 0; ;) {
      try {
        return await this.appendOnce(batch, expected);
      } catch (error) {
        if (error instanceof NodeGaveUp && givenUp < REPETITIONS_MAX && performance.now() < batch.untilMs) givenUp += 1;
        else if (!(await this.patience.allows(error, batch.untilMs, signals))) {
          throw givenUp === 0 ? error : afterGivingUp(error, batch.stream);
        }
      }
    }
  }

  private async appendOnce(
    { stream, events, untilMs, signal }: Batch,
    expected: ExpectedRevision,
  ): Promise<AppendResult> {
    const append = { correlationId: randomUUID(), stream, expected, events };
    const timeoutMs = Math.max(0, untilMs - performance.now());
    const answer = await this.appender.append(append, { timeoutMs, signal });
    if (answer.kind === 'refused') throw refusedAppend(answer.refusal, stream, expected);
    this.patience.worked();
    const { lastRevision } = answer;
    const position = answer.position ? esdbPosition(answer.position) : await this.positionOf(stream, lastRevision);
    return { firstRevision: lastRevision - events.length + 1, lastRevision, position };
  }

  /**
   * Without a revision the node leaves out events whose ids it has seen lately. Here such an append is one at the revision
   * that stands, as in every other store.
   */
  private async appendAtEnd(batch: Batch, expected: 'any' | 'stream_exists'): Promise<AppendResult> {
    for (let rivals = 0; ; rivals += 1) {
      const last = (await this.reader.lastOf(batch.stream, batch.signal))?.revision ?? -1;
      if (last === -1 && expected === 'stream_exists') throw wrongExpectedRevision(batch.stream, expected, last);
      try {
        return await this.appendAt(batch, last === -1 ? 'no_stream' : last);
      } catch (error) {
        if (!isStoreError(error, 'WrongExpectedRevision') || rivals === RIVALS_MAX) throw error;
      }
    }
  }

  /** Of an event that was acknowledged without its position. */
  private async positionOf(stream: string, revision: number): Promise<GlobalPosition> {
    try {
      for await (const { position } of this.reader.readStream(stream, { from: revision, limit: 1 })) return position;
    } catch (error) {
      throw outcomeUnknown((error as Error).message, stream);
    }
    throw outcomeUnknown('the node acknowledged an event that it does not show', stream);
  }
}
