// One stream a day for what belongs to no aggregate: access and system events.
import type { Clock, DomainEvent, IdSource, NewEvent, RequestContext, StreamCategory } from '@app/kernel';
import { metadataOf, streamName, timestamp } from '@app/kernel';
import type { AppendResult, EventStore } from '@app/event-store';
import { isStoreError, StoreError } from '@app/event-store';

const BATCH_MAX = 200;
const ATTEMPTS_MAX = 8;
/** Events; beyond it nothing more is kept. */
export const BACKLOG_MAX = 10_000;

interface Waiting {
  readonly event: NewEvent;
  /** Whether it is kept when the log does not take it. */
  readonly isPatient: boolean;
  readonly done: (outcome: Outcome) => void;
  readonly failed: (error: unknown) => void;
}

/** kept: the log does not take it now, and gets it as soon as it does. */
export type Outcome = 'recorded' | 'kept';

interface Place {
  readonly stream: string;
  readonly revision: number;
}

interface Batch {
  readonly events: NewEvent[];
  /** Where it may stand already, for all that we were told: repeated there, word for word, it is never written twice. */
  place?: Place;
}

/** Appends to `<category>-<yyyymmdd>` (UTC), what arrives together in one append, always on a stated revision. */
export class DayStream {
  private waiting: Waiting[] = [];
  private backlog: Batch[] = [];
  private writing: Promise<void> | undefined;
  private known: Place | undefined;

  constructor(
    private readonly category: StreamCategory,
    private readonly events: EventStore,
    private readonly ids: IdSource,
    private readonly clock: Clock,
  ) {}

  /** How many events are kept until the log takes them. */
  get behind(): number {
    return this.backlog.reduce((sum, { events }) => sum + events.length, 0);
  }

  /** Resolves once the event is durable. Throws StoreError. */
  async record(event: DomainEvent, context: RequestContext): Promise<void> {
    await this.enqueue(this.newEvent(event, context), false);
  }

  /**
   * Durable, or kept in memory while the log is away; `retry` brings what is kept to the log, in its order. Throws
   * StoreError when the log is away for good, or more is kept already than may be.
   */
  keep(event: DomainEvent, context: RequestContext): Promise<Outcome> {
    const made = this.newEvent(event, context);
    if (this.backlog.length === 0) return this.enqueue(made, true);
    if (this.behind >= BACKLOG_MAX) return Promise.reject(tooFarBehind());
    this.keepBehind([made]);
    return Promise.resolve('kept');
  }

  /** Writes what is kept. Throws StoreError when the log does not take it. */
  async retry(): Promise<void> {
    while (this.writing) await this.writing;
    if (this.backlog.length === 0) return;
    const written = this.writeBacklog();
    this.writing = written.catch(() => undefined).then(() => this.writeAll());
    await written;
  }

  /** Resolves once nothing waits to be written; what is kept waits for `retry`. */
  async settled(): Promise<void> {
    await this.writing;
  }

  private newEvent({ type, data }: DomainEvent, context: RequestContext): NewEvent {
    return { id: this.ids.next(), type, data, metadata: metadataOf(context, this.clock.nowMs()) };
  }

  private enqueue(event: NewEvent, isPatient: boolean): Promise<Outcome> {
    return new Promise((done, failed) => {
      this.waiting.push({ event, isPatient, done, failed });
      this.writing ??= this.writeAll();
    });
  }

  private async writeAll(): Promise<void> {
    // Lets what belongs to the same turn come together.
    await Promise.resolve();
    while (this.waiting.length > 0) {
      const those = this.waiting.splice(0, BATCH_MAX);
      const batch: Batch = { events: those.map(({ event }) => event) };
      try {
        await this.writeBacklog();
        await this.append(batch);
        for (const { done } of those) done('recorded');
      } catch (error) {
        this.giveUp(those, batch, error);
      }
    }
    // In the same turn as the last look: whoever comes next must find nobody writing.
    this.writing = undefined;
  }

  private giveUp(those: readonly Waiting[], batch: Batch, error: unknown): void {
    const patient = those.filter(({ isPatient }) => isPatient);
    const isPassing = isStoreError(error) && error.retryable;
    if (isPassing && patient.length > 0) {
      if (batch.place) this.backlog.push(batch);
      else this.keepBehind(patient.map(({ event }) => event));
    }
    for (const { isPatient, done, failed } of those) {
      if (isPassing && isPatient) done('kept');
      else failed(error);
    }
  }

  /** A batch that was tried is never added to. */
  private keepBehind(events: readonly NewEvent[]): void {
    for (const event of events) {
      const last = this.backlog.length > 1 ? this.backlog.at(-1) : undefined;
      if (last && !last.place && last.events.length < BATCH_MAX) last.events.push(event);
      else this.backlog.push({ events: [event] });
    }
  }

  private async writeBacklog(): Promise<void> {
    for (let [batch] = this.backlog; batch; [batch] = this.backlog) {
      await this.append(batch);
      this.backlog.shift();
    }
  }

  private async append(batch: Batch): Promise<void> {
    let place = batch.place ?? (await this.end());
    this.known = undefined;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const expectedRevision = place.revision === -1 ? ('no_stream' as const) : place.revision;
        const result: AppendResult = await this.events.append(place.stream, batch.events, { expectedRevision });
        this.known = { stream: place.stream, revision: result.lastRevision };
        return;
      } catch (error) {
        if (isStoreError(error, 'AppendOutcomeUnknown')) batch.place = place;
        else if (isStoreError(error, 'WrongExpectedRevision')) delete batch.place;
        else throw error;
        if (attempt === ATTEMPTS_MAX) throw error;
        if (!batch.place) place = await this.endOf(place.stream);
      }
    }
  }

  private async end(): Promise<Place> {
    const day = timestamp(this.clock.nowMs()).slice(0, 10).replaceAll('-', '');
    const stream = streamName(this.category, day);
    return this.known?.stream === stream ? this.known : this.endOf(stream);
  }

  private async endOf(stream: string): Promise<Place> {
    try {
      for await (const event of this.events.readStream(stream, { direction: 'backward', limit: 1 })) {
        return { stream, revision: event.revision };
      }
    } catch (error) {
      if (!isStoreError(error, 'StreamNotFound')) throw error;
    }
    return { stream, revision: -1 };
  }
}

function tooFarBehind(): StoreError {
  return new StoreError('StoreUnavailable', `the log has not taken ${BACKLOG_MAX} events yet; no more are kept`);
}
