// Reading a log whose events are numbered densely from 1, page by page: the same walk for every such adapter.
import type { RecordedEvent } from '@app/kernel';
import type {
  EventFilter,
  ReadAllOptions,
  ReadStreamOptions,
  SubscribeOptions,
  SubscriptionMessage,
} from './event-store.js';
import { numberedPosition, positionNumber } from './position.js';
import { StoreError } from './store-error.js';
import type { WakeUp } from './wake-up.js';

export interface LogPage {
  readonly events: readonly RecordedEvent[];
  /** Everything up to (forward) or down to (backward) this number, inclusive, was looked at. */
  readonly scannedTo: number;
}

export interface StreamPage {
  readonly events: readonly RecordedEvent[];
  /** Whether the stream ends here in this direction. */
  readonly ended: boolean;
}

/** What an adapter has to offer. Every method throws Closed after `close`. */
export interface LogPages {
  readonly tag: string;
  /** Number of the last event, 0 in an empty log. */
  headNumber(): number;
  /** The passing events of the next stretch of the log behind `after`; an empty stretch at the end. */
  forward(after: number, filter: EventFilter | undefined): LogPage;
  /** The same downwards, below `before`. */
  backward(before: number, filter: EventFilter | undefined): LogPage;
  /** Up to `count` events of one stream. Undefined: there is no such stream. */
  streamPage(stream: string, from: number, backward: boolean, count: number): StreamPage | undefined;
  /** Lets the rest of the program have its turn between two pages. */
  turn(): Promise<void>;
  readonly news: WakeUp;
}

const STREAM_PAGE = 500;

export async function* walkStream(
  log: LogPages,
  stream: string,
  { direction = 'forward', from, limit, signal }: ReadStreamOptions,
): AsyncGenerator<RecordedEvent, void, undefined> {
  const backward = direction === 'backward';
  let next = startingRevision(from ?? (backward ? 'end' : 'start'));
  let left = checkedLimit(limit);
  for (;;) {
    throwIfAborted(signal);
    const page = log.streamPage(stream, next, backward, Math.min(left, STREAM_PAGE));
    if (!page) throw new StoreError('StreamNotFound', `there is no stream ${stream}`, { stream });
    for (const event of page.events) {
      throwIfAborted(signal);
      yield event;
    }
    left -= page.events.length;
    const last = page.events.at(-1);
    if (!last || page.ended || left === 0 || (backward && last.revision === 0)) return;
    next = backward ? last.revision - 1 : last.revision + 1;
    await log.turn();
  }
}

export async function* walkLog(
  log: LogPages,
  { direction = 'forward', after, before, filter, limit, signal }: ReadAllOptions,
): AsyncGenerator<RecordedEvent, void, undefined> {
  const backward = direction === 'backward';
  const low = after === undefined ? 0 : positionNumber(log.tag, after);
  const high = before === undefined ? Number.MAX_SAFE_INTEGER : positionNumber(log.tag, before);
  let left = checkedLimit(limit);
  let at = backward ? Math.min(high, log.headNumber() + 1) : low;
  for (;;) {
    throwIfAborted(signal);
    const page = backward ? log.backward(at, filter) : log.forward(at, filter);
    for (const event of page.events) {
      throwIfAborted(signal);
      const number = positionNumber(log.tag, event.position);
      if (number <= low || number >= high) return;
      yield event;
      left -= 1;
      if (left === 0) return;
    }
    const done = backward ? page.scannedTo <= low + 1 : page.scannedTo === at || page.scannedTo >= high - 1;
    if (done) return;
    at = page.scannedTo;
    await log.turn();
  }
}

/** The log from a position on, then live. `caughtUp` comes each time the end is reached after having been behind. */
export async function* follow(
  log: LogPages,
  { after, filter, signal }: SubscribeOptions,
): AsyncGenerator<SubscriptionMessage, void, undefined> {
  let at = startingNumber(log, after);
  let behind = true;
  while (!signal.aborted) {
    const ticket = log.news.ticket;
    const page = log.forward(at, filter);
    for (const event of page.events) {
      if (signal.aborted) return;
      yield { kind: 'event', event };
    }
    if (signal.aborted) return;
    if (page.scannedTo > at) {
      at = page.scannedTo;
      const last = page.events.at(-1);
      const position = numberedPosition(log.tag, at);
      if (last?.position !== position) yield { kind: 'checkpoint', position };
      behind = true;
      if (at < log.headNumber()) {
        await log.turn();
        continue;
      }
    }
    if (behind) {
      behind = false;
      yield { kind: 'caughtUp' };
    }
    await log.news.since(ticket, signal);
  }
}

function startingNumber(log: LogPages, after: SubscribeOptions['after']): number {
  if (after === 'start') return 0;
  return after === 'end' ? log.headNumber() : positionNumber(log.tag, after);
}

function startingRevision(from: number | 'start' | 'end'): number {
  if (from === 'start') return 0;
  if (from === 'end') return Number.MAX_SAFE_INTEGER;
  if (Number.isSafeInteger(from) && from >= 0) return from;
  throw new StoreError('InvalidArgument', '`from` is an integer >= 0, start or end');
}

function checkedLimit(limit: number | undefined): number {
  if (limit === undefined) return Number.MAX_SAFE_INTEGER;
  if (Number.isSafeInteger(limit) && limit >= 1) return limit;
  throw new StoreError('InvalidArgument', '`limit` is an integer >= 1');
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new StoreError('Cancelled', 'the read was cancelled');
}
