// Refusals go to the log like everything else: to `access-<yyyymmdd>`, those that arrive together in one append.
import type { Clock, IdSource, NewEvent, RequestContext } from '@app/kernel';
import { metadataOf, streamName, timestamp } from '@app/kernel';
import type { AppendResult, EventStore } from '@app/event-store';
import { isStoreError } from '@app/event-store';
import type { NextTick, RefusalEntry, Ticking } from '@app/shell';
import { RefusalLog } from '@app/shell';
import type { AccessEvent } from './access-events.js';
import { DenialFlood } from './denial-flood.js';

const BATCH_MAX = 200;
const TEXT_MAX = 512;
const ATTEMPTS_MAX = 8;

interface Waiting {
  readonly event: NewEvent;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

interface Refused {
  readonly entry: RefusalEntry;
  readonly context: RequestContext;
}

export class EventLogRefusalLog extends RefusalLog implements Ticking {
  readonly name = 'access-log';
  private readonly flood = new DenialFlood<Refused>();
  private waiting: Waiting[] = [];
  private writing: Promise<void> | undefined;
  private known: { readonly stream: string; readonly revision: number } | undefined;
  private wake: () => void = () => undefined;

  constructor(
    private readonly events: EventStore,
    private readonly ids: IdSource,
    private readonly clock: Clock,
  ) {
    super();
  }

  record(entry: RefusalEntry, context: RequestContext): Promise<void> {
    if (entry.kind === 'unauthenticated') {
      const admitted = this.flood.admits(context.ip, { entry, context }, this.clock.nowMs());
      if (!admitted) {
        this.wake();
        return Promise.resolve();
      }
    }
    return this.enqueue(eventOf(entry), context);
  }

  wakeBy(wake: () => void): void {
    this.wake = wake;
  }

  /** Writes down the floods whose minute is over. */
  async tick(): Promise<NextTick> {
    await this.recordFloods(false);
    return { againInMs: this.flood.endsInMs(this.clock.nowMs()) ?? 'idle' };
  }

  async drain(): Promise<void> {
    await this.recordFloods(true);
    await this.writing;
  }

  private async recordFloods(all: boolean): Promise<void> {
    const floods = this.flood.due(this.clock.nowMs(), all);
    await Promise.all(
      floods.map(({ sample, count }) => this.enqueue(withCount(eventOf(sample.entry), count), sample.context)),
    );
  }

  /** Resolves once the event is as durable as any. */
  enqueue(event: AccessEvent, context: RequestContext): Promise<void> {
    const { type, data } = event;
    const metadata = metadataOf(context, this.clock.nowMs());
    return new Promise((done, failed) => {
      this.waiting.push({ event: { id: this.ids.next(), type, data, metadata }, done, failed });
      this.writing ??= this.writeAll().finally(() => (this.writing = undefined));
    });
  }

  private async writeAll(): Promise<void> {
    // Lets refusals of the same turn come together.
    await Promise.resolve();
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, BATCH_MAX);
      try {
        await this.append(batch.map(({ event }) => event));
        for (const { done } of batch) done();
      } catch (error) {
        for (const { failed } of batch) failed(error);
      }
    }
  }

  private async append(batch: readonly NewEvent[]): Promise<void> {
    const stream = streamName('access', timestamp(this.clock.nowMs()).slice(0, 10).replaceAll('-', ''));
    let revision = this.known?.stream === stream ? this.known.revision : await this.lastRevision(stream);
    for (let attempt = 1; ; attempt += 1) {
      try {
        const result: AppendResult = await this.events.append(stream, batch, {
          expectedRevision: revision === -1 ? 'no_stream' : revision,
        });
        this.known = { stream, revision: result.lastRevision };
        return;
      } catch (error) {
        this.known = undefined;
        if (attempt === ATTEMPTS_MAX) throw error;
        if (isStoreError(error, 'WrongExpectedRevision')) revision = await this.lastRevision(stream);
        else if (!isStoreError(error, 'AppendOutcomeUnknown')) throw error;
      }
    }
  }

  private async lastRevision(stream: string): Promise<number> {
    try {
      for await (const event of this.events.readStream(stream, { direction: 'backward', limit: 1 })) {
        return event.revision;
      }
    } catch (error) {
      if (!isStoreError(error, 'StreamNotFound')) throw error;
    }
    return -1;
  }
}

function eventOf(entry: RefusalEntry): AccessEvent {
  const { kind, status, code } = entry;
  const about = { method: short(entry.method), path: short(entry.path), status, code: short(code) };
  if (kind === 'unauthenticated' || kind === 'forbidden') {
    const message = entry.detail === undefined ? entry.message : `${entry.message}: ${entry.detail}`;
    return { type: 'AccessDenied', data: { ...about, message: short(message) } };
  }
  const { resourceType, resourceId } = entry;
  return {
    type: 'CommandRefused',
    data: {
      ...about,
      message: short(entry.message),
      ...(resourceType === undefined ? {} : { resourceType: short(resourceType) }),
      ...(resourceId === undefined ? {} : { resourceId: short(resourceId) }),
    },
  };
}

function withCount(event: AccessEvent, count: number): AccessEvent {
  return event.type === 'AccessDenied' ? { type: event.type, data: { ...event.data, count } } : event;
}

/** Bounded, without cutting a character in two. */
function short(text: string): string {
  return text.length <= TEXT_MAX ? text : [...text].slice(0, TEXT_MAX).join('');
}
