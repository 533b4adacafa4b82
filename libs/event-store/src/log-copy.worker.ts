// Carries a log over into another store: the same events in the same order, as often interrupted as it may be.
// docs/adr/0015-a-log-can-be-carried-over.md
import type { NewEvent, RecordedEvent } from '@app/kernel';
import { backOffMs } from './back-off.js';
import { firstRecordingOf } from './carried-event.js';
import { later } from './event-loop.thread.js';
import type { EventStore } from './event-store.js';
import { eventDigest, LogDigest } from './log-digest.js';
import { isStoreError, StoreError } from './store-error.js';

export type CopyPhase = 'comparing' | 'copying' | 'proving';

export interface LogCopyOptions {
  /** Must not change meanwhile. */
  readonly source: Pick<EventStore, 'readAll'>;
  /** Empty, or what an earlier copy of this source left. Nobody else may append to it meanwhile. */
  readonly target: EventStore;
  readonly onProgress?: (phase: CopyPhase, events: number) => void;
  /** Called with every event of the source, in order, as it is read. */
  readonly onSource?: (event: RecordedEvent) => void;
  /** Likewise of the target, once everything is there. */
  readonly onTarget?: (event: RecordedEvent) => void;
  /** Ends the copy between two appends. */
  readonly signal?: AbortSignal;
  /** Failures in a row after which a store counts as lost; default 30, which is about a minute. */
  readonly failuresMax?: number;
}

export interface LogCopy {
  readonly events: number;
  /** Of these, appended this time. */
  readonly appended: number;
  /** Of the source and of the target. */
  readonly digest: string;
}

/** The target holds something else than a beginning of the source, or did not hold it all in the end. */
export class LogsDiffer extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'LogsDiffer';
  }
}

const PAGE_EVENTS = 500;
const BATCH_EVENTS_MAX = 100;
const FAILURES_MAX = 30;

/** Throws LogsDiffer; StoreError: Cancelled, and whatever kept a store from being read or appended to. */
export async function copyLog(options: LogCopyOptions): Promise<LogCopy> {
  return new Copier(options).run();
}

class Copier {
  private readonly sourceDigest = new LogDigest();
  private lastOfSource: string | undefined;
  private appended = 0;

  constructor(private readonly options: LogCopyOptions) {}

  async run(): Promise<LogCopy> {
    const source = this.eventsOf(this.options.source);
    const first = await this.compare(source);
    if (first) await this.appendRest(first, source);
    const digest = await this.prove();
    return { events: this.sourceDigest.events, appended: this.appended, digest };
  }

  /** Walks both logs as far as the target goes. Returns the first event that is missing there. */
  private async compare(source: AsyncIterator<RecordedEvent, undefined>): Promise<RecordedEvent | undefined> {
    for await (const there of this.eventsOf(this.options.target)) {
      const { value: here } = await source.next();
      const number = this.sourceDigest.events + 1;
      if (!here) throw new LogsDiffer(`the target holds more than the ${number - 1} events of the source`);
      const digest = eventDigest(here);
      if (!isSame(digest, eventDigest(there))) {
        const [expected, found] = [placeOf(here), placeOf(there)];
        const what = expected === found ? `another event ${found}` : `${found}, the source has ${expected}`;
        throw new LogsDiffer(`event ${number} differs: the target holds ${what}`);
      }
      this.takeSource(here, digest, 'comparing');
    }
    const next = await source.next();
    return next.done ? undefined : next.value;
  }

  private async appendRest(first: RecordedEvent, source: AsyncIterator<RecordedEvent, undefined>): Promise<void> {
    let batch: RecordedEvent[] = [first];
    for (;;) {
      const next = await source.next();
      const event = next.done ? undefined : next.value;
      if (event?.stream === batch[0]?.stream && batch.length < BATCH_EVENTS_MAX && event) {
        batch.push(event);
        continue;
      }
      await this.append(batch);
      for (const one of batch) this.takeSource(one, eventDigest(one), 'copying');
      if (!event) return;
      batch = [event];
    }
  }

  private async append(batch: readonly RecordedEvent[]): Promise<void> {
    const first = batch[0] as RecordedEvent;
    const expectedRevision = first.revision === 0 ? 'no_stream' : first.revision - 1;
    try {
      await this.patiently(() => this.options.target.append(first.stream, batch.map(asCarried), { expectedRevision }));
      this.appended += batch.length;
    } catch (error) {
      if (isStoreError(error, 'WrongExpectedRevision')) {
        throw new LogsDiffer(`somebody else has appended to ${first.stream} in the target meanwhile`);
      }
      if (!isStoreError(error, 'AppendTooLarge') || batch.length === 1) throw error;
      const half = Math.ceil(batch.length / 2);
      await this.append(batch.slice(0, half));
      await this.append(batch.slice(half));
    }
  }

  /** Reads the target from its beginning, whatever was said when it was appended to. */
  private async prove(): Promise<string> {
    const digest = new LogDigest();
    for await (const event of this.eventsOf(this.options.target)) {
      digest.take(eventDigest(event));
      this.options.onTarget?.(event);
      this.options.onProgress?.('proving', digest.events);
    }
    await this.proveSourceStill();
    const { events, text } = this.sourceDigest;
    if (digest.events !== events || digest.text !== text) {
      throw new LogsDiffer(
        `the target does not hold the same in the end: ${digest.events} events with digest ${digest.text}, ` +
          `the source ${events} with digest ${text}`,
      );
    }
    return digest.text;
  }

  private async proveSourceStill(): Promise<void> {
    const after = this.lastOfSource === undefined ? {} : { after: this.lastOfSource };
    const [more] = await this.patiently(() => collected(this.options.source.readAll({ ...after, limit: 1 })));
    if (more) throw new LogsDiffer('the source has got more events meanwhile: stop whoever writes to it, and go on');
  }

  private takeSource(event: RecordedEvent, digest: Uint8Array, phase: CopyPhase): void {
    this.sourceDigest.take(digest);
    this.lastOfSource = event.position;
    this.options.onSource?.(event);
    this.options.onProgress?.(phase, this.sourceDigest.events);
  }

  /** All events of a store, page by page, so that no read stands open while something else is done. */
  private async *eventsOf(store: Pick<EventStore, 'readAll'>): AsyncGenerator<RecordedEvent, undefined, undefined> {
    let after: string | undefined;
    for (;;) {
      const bound = after === undefined ? {} : { after };
      const page = await this.patiently(() => collected(store.readAll({ ...bound, limit: PAGE_EVENTS })));
      yield* page;
      after = page.at(-1)?.position;
      if (page.length < PAGE_EVENTS) return undefined;
    }
  }

  /** Repeats what may succeed later: a read, or an append with the same ids at the same revision. */
  private async patiently<T>(work: () => Promise<T>): Promise<T> {
    for (let failures = 1; ; failures += 1) {
      if (this.options.signal?.aborted) throw new StoreError('Cancelled', 'the copy was stopped');
      try {
        return await work();
      } catch (error) {
        if (!isStoreError(error) || !error.retryable) throw error;
        if (failures >= (this.options.failuresMax ?? FAILURES_MAX)) throw error;
        await new Promise<void>((resolve) => later(backOffMs(failures, Math.random()), resolve));
      }
    }
  }
}

function asCarried(event: RecordedEvent): NewEvent {
  const { id, type, data, metadata } = event;
  return { id, type, data: data as object, metadata, carried: firstRecordingOf(event) };
}

async function collected(events: AsyncIterable<RecordedEvent>): Promise<RecordedEvent[]> {
  const all: RecordedEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.every((byte, index) => byte === b[index]);
}

function placeOf({ type, stream, revision }: RecordedEvent): string {
  return `${type}, revision ${revision} of ${stream}`;
}
