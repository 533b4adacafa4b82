// One stream a day for what belongs to no aggregate: access and system events.
import type { Clock, DomainEvent, IdSource, NewEvent, RequestContext, StreamCategory } from '@app/kernel';
import { metadataOf, streamName, timestamp } from '@app/kernel';
import type { AppendResult, EventStore } from '@app/event-store';
import { isStoreError } from '@app/event-store';

const BATCH_MAX = 200;
const ATTEMPTS_MAX = 8;

interface Waiting {
  readonly event: NewEvent;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/** Appends to `<category>-<yyyymmdd>` (UTC), what arrives together in one append, always on a stated revision. */
export class DayStream {
  private waiting: Waiting[] = [];
  private writing: Promise<void> | undefined;
  private known: { readonly stream: string; readonly revision: number } | undefined;

  constructor(
    private readonly category: StreamCategory,
    private readonly events: EventStore,
    private readonly ids: IdSource,
    private readonly clock: Clock,
  ) {}

  /** Resolves once the event is durable. Throws StoreError. */
  record({ type, data }: DomainEvent, context: RequestContext): Promise<void> {
    const metadata = metadataOf(context, this.clock.nowMs());
    return new Promise((done, failed) => {
      this.waiting.push({ event: { id: this.ids.next(), type, data, metadata }, done, failed });
      this.writing ??= this.writeAll();
    });
  }

  /** Resolves once nothing waits to be written. */
  async settled(): Promise<void> {
    await this.writing;
  }

  private async writeAll(): Promise<void> {
    // Lets what belongs to the same turn come together.
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
    // In the same turn as the last look: whoever comes next must find nobody writing.
    this.writing = undefined;
  }

  private async append(batch: readonly NewEvent[]): Promise<void> {
    const day = timestamp(this.clock.nowMs()).slice(0, 10).replaceAll('-', '');
    const stream = streamName(this.category, day);
    let revision = this.known?.stream === stream ? this.known.revision : await this.lastRevision(stream);
    this.known = undefined;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const expectedRevision = revision === -1 ? ('no_stream' as const) : revision;
        const result: AppendResult = await this.events.append(stream, batch, { expectedRevision });
        this.known = { stream, revision: result.lastRevision };
        return;
      } catch (error) {
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
