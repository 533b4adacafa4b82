// Reads of EventStoreDB: a stream or the whole log, pulled, and ended at the node when the reader leaves.
import type { RecordedEvent } from '@app/kernel';
import { isSystemEvent, serverFilter } from './esdb-filter.js';
import { grpc, readError } from './esdb-fault.js';
import type { EsdbRead, EsdbRecord, LogStart, ReadCall } from './esdb-messages.js';
import { esdbPosition, parseEsdbPosition } from './esdb-position.js';
import { recordedEvent } from './esdb-record.js';
import { EsdbCallReader } from './esdb.call-reader.js';
import type { EsdbConnector, Opened } from './esdb.connector.js';
import type { EsdbPatience } from './esdb.patience.js';
import { passes } from './event-filter.js';
import type { ReadAllOptions, ReadStreamOptions } from './event-store.js';
import { isStoreError, StoreError } from './store-error.js';

/** A node that is not the leader names the one it knows; during an election two may name each other. */
const REDIRECTIONS_MAX = 3;

export class EsdbLogReader {
  /** `silenceMs`: a read that is waited for and says nothing for so long has failed. */
  constructor(
    private readonly connector: EsdbConnector,
    private readonly closing: AbortSignal,
    private readonly silenceMs: number,
    private readonly patience: EsdbPatience,
  ) {}

  async *readStream(
    stream: string,
    { direction = 'forward', from, limit, signal }: ReadStreamOptions,
  ): AsyncGenerator<RecordedEvent, void, undefined> {
    const start = startingRevision(from ?? (direction === 'forward' ? 'start' : 'end'), direction === 'forward');
    const of = { stream, from: start };
    const read = { of, direction, limit: checkedLimit(limit), requiresLeader: true };
    for await (const records of this.records(read, signal, stream)) {
      for (const record of records) {
        if (signal?.aborted) break;
        yield recordedEvent(record);
      }
    }
  }

  async *readAll(options: ReadAllOptions): AsyncGenerator<RecordedEvent, void, undefined> {
    const { direction = 'forward', after, before, filter, signal } = options;
    const forward = direction === 'forward';
    const low = after === undefined ? undefined : parseEsdbPosition(after);
    const high = before === undefined ? undefined : parseEsdbPosition(before);
    let from: LogStart['from'] = (forward ? low : high) ?? (forward ? 'start' : 'end');
    let seen = forward ? (after ?? '') : '';
    let left = checkedLimit(options.limit);
    // One more than wanted, for a forward read begins with the event at the bound.
    for (let limit = left + 1; ; limit = Number.MAX_SAFE_INTEGER) {
      let received = 0;
      const read = { of: { from, filter: serverFilter(filter) }, direction, limit, requiresLeader: true };
      for await (const records of this.records(read, signal)) {
        received += records.length;
        for (const record of records) {
          if (signal?.aborted) break;
          from = record;
          const position = esdbPosition(record);
          if (forward && position <= seen) continue;
          if (forward ? before !== undefined && position >= before : after !== undefined && position <= after) return;
          seen = position;
          if (isSystemEvent(record) || !passes(filter, record)) continue;
          yield recordedEvent(record);
          left -= 1;
          if (left === 0) return;
        }
      }
      // The node counts what it sent, and not all of that was wanted.
      if (received < limit) return;
    }
  }

  /** The last event of the log that is not the node's own; undefined in an empty log. */
  async head(signal?: AbortSignal): Promise<EsdbRecord | undefined> {
    const of = { from: 'end', filter: serverFilter(undefined) } as const;
    // The filter tells the node's own events by their streams alone: where it is one by its type, all are asked for.
    for (const limit of [1, Number.MAX_SAFE_INTEGER]) {
      let received = 0;
      for await (const records of this.records({ of, direction: 'backward', limit, requiresLeader: true }, signal)) {
        received += records.length;
        const own = records.find((record) => !isSystemEvent(record));
        if (own) return own;
      }
      if (received < limit) return undefined;
    }
    return undefined;
  }

  /** The last event of a stream, also of one of the node's own; undefined when there is no such stream. */
  async lastOf(stream: string, signal?: AbortSignal): Promise<EsdbRecord | undefined> {
    const read = { of: { stream, from: 'end' }, direction: 'backward', limit: 1, requiresLeader: true } as const;
    try {
      for await (const [record] of this.records(read, signal, stream)) if (record) return record;
    } catch (error) {
      if (!isStoreError(error, 'StreamNotFound')) throw error;
    }
    return undefined;
  }

  /** Throws StoreError. A call that gave nothing yet is made again while the leader is being looked for. */
  private async *records(
    read: EsdbRead,
    signal: AbortSignal | undefined,
    stream?: string,
  ): AsyncGenerator<readonly EsdbRecord[], void, undefined> {
    const signals = signal ? [this.closing, signal] : [this.closing];
    for (let redirections = 0; ; redirections += 1) {
      let begun = false;
      try {
        for await (const records of this.onceRead(read, signals, stream)) {
          begun ||= records.length > 0;
          yield records;
        }
        this.patience.worked();
        return;
      } catch (error) {
        if (begun) throw error;
        if (error instanceof Redirected && redirections < REDIRECTIONS_MAX) continue;
        if (!(await this.patience.allows(error, Number.POSITIVE_INFINITY, signals))) throw error;
      }
    }
  }

  private async *onceRead(
    read: EsdbRead,
    signals: readonly AbortSignal[],
    stream: string | undefined,
  ): AsyncGenerator<readonly EsdbRecord[], void, undefined> {
    this.throwIfStopped(signals);
    const { connection, call } = await this.begin(read, signals);
    const reader = new EsdbCallReader(call, signals);
    try {
      for (;;) {
        const received = await reader.next(this.silenceMs);
        this.throwIfStopped(signals);
        if (!received) return;
        if ('details' in received) {
          if (received.code === grpc.ok) return;
          const error = readError(received, stream);
          if (error.retryable) this.connector.replace(connection, received.leader);
          throw received.leader ? new Redirected(error) : error;
        }
        if (received.some(({ kind }) => kind === 'streamNotFound')) throw streamNotFound(stream);
        yield received.flatMap((message) => (message.kind === 'event' ? [message.record] : []));
      }
    } finally {
      reader.cancel();
    }
  }

  private async begin(read: EsdbRead, signals: readonly AbortSignal[]): Promise<Opened<ReadCall>> {
    const limit = { timeoutMs: this.silenceMs, signals };
    return this.connector
      .openWithin((used) => used.read(read), limit)
      .catch((error: unknown) => {
        if (isStoreError(error, 'Cancelled')) this.throwIfStopped(signals);
        throw error;
      });
  }

  private throwIfStopped([closing, given]: readonly AbortSignal[]): void {
    if (closing?.aborted) throw new StoreError('Closed', 'the event store is closed');
    if (given?.aborted) throw new StoreError('Cancelled', 'the read was cancelled');
  }
}

/** The node named another one as the leader, and the next connection goes there. */
class Redirected extends StoreError {
  constructor({ code, message, details }: StoreError) {
    super(code, message, details);
  }
}

function streamNotFound(stream = ''): StoreError {
  return new StoreError('StreamNotFound', `there is no stream ${stream}`, { stream });
}

/** Forward from the end is behind the last event, which the node has no word for. */
function startingRevision(from: number | 'start' | 'end', forward: boolean): number | 'start' | 'end' {
  if (from === 'start') return from;
  if (from === 'end') return forward ? Number.MAX_SAFE_INTEGER : from;
  if (Number.isSafeInteger(from) && from >= 0) return from;
  throw new StoreError('InvalidArgument', '`from` is an integer >= 0, start or end');
}

function checkedLimit(limit: number | undefined): number {
  if (limit === undefined) return Number.MAX_SAFE_INTEGER - 1;
  if (Number.isSafeInteger(limit) && limit >= 1) return limit;
  throw new StoreError('InvalidArgument', '`limit` is an integer >= 1');
}
