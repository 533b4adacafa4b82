// Load, decide, append: how every command reaches the log.
import type {
  Clock,
  Decider,
  DomainEvent,
  IdSource,
  NewEvent,
  RecordedEvent,
  Refusal,
  RequestContext,
} from '@app/kernel';
import { isRefusal, metadataOf, refuse, streamName, timestamp } from '@app/kernel';
import type { AppendResult, EventStore } from './event-store.js';
import { isStoreError } from './store-error.js';
import { RecentMap } from './recent-map.js';
import { SharedWork } from './shared-work.js';

export interface Loaded<State> {
  readonly state: State;
  /** -1 when the stream does not exist. */
  readonly revision: number;
  /** When the first and the last event were decided (RFC 3339); undefined without a stream. */
  readonly createdAt?: string;
  readonly updatedAt?: string;
}

export interface Executed<State, Event> extends Loaded<State> {
  /** What this command made true; empty when it was so already. */
  readonly events: readonly Event[];
}

export interface ExecuteOptions {
  /** The revision the caller decided on (`If-Match`); another one is refused. */
  readonly expectedRevision?: number;
}

/** An aggregate as it stood at some moment after `asOfMs`. */
interface Known {
  readonly loaded: Loaded<unknown>;
  readonly asOfMs: number;
}

/** Where others write too, nobody is content with what was known longer ago. */
const KNOWN_LATELY_MS = 250;

export const REVISION_CONFLICT = 'FLK-0350';
const REDECISIONS_MAX = 8;

/** Loads aggregates from their streams, lets them decide, and appends what they decided on the revision they saw. */
export class AggregateStore {
  private readonly cache: RecentMap<string, Known>;
  private readonly reads: SharedWork;

  constructor(
    private readonly events: EventStore,
    private readonly ids: IdSource,
    private readonly clock: Clock,
    cacheSize = 5_000,
  ) {
    this.cache = new RecentMap(cacheSize);
    this.reads = new SharedWork(() => clock.nowMs());
  }

  /**
   * The aggregate as it stands now: cached state, brought up to date unless no one else can write. With `seenAfterMs`, of the
   * clock, the caller is content with a read that began after that, if that was within the last quarter of a second.
   */
  async load<C, S, E extends DomainEvent>(
    decider: Decider<C, S, E>,
    id: string,
    seenAfterMs = Infinity,
  ): Promise<Loaded<S>> {
    const stream = streamName(decider.category, id);
    const loaded = this.known(stream, seenAfterMs) as Loaded<S> | undefined;
    if (loaded) return loaded;
    const isContent = (asOfMs: number): boolean => this.isRecent(asOfMs, seenAfterMs);
    return this.reads.do(stream, () => this.refresh(decider, stream), isContent);
  }

  /** Begins to read what `load` of the same would have to wait for. What fails here it meets again. */
  prefetch<C, S, E extends DomainEvent>(decider: Decider<C, S, E>, id: string, seenAfterMs: number): void {
    if (this.known(streamName(decider.category, id), seenAfterMs)) return;
    this.load(decider, id, seenAfterMs).catch(() => undefined);
  }

  private known(stream: string, seenAfterMs: number): Loaded<unknown> | undefined {
    const known = this.cache.get(stream);
    return known && (this.events.singleWriter || this.isRecent(known.asOfMs, seenAfterMs)) ? known.loaded : undefined;
  }

  private isRecent(asOfMs: number, seenAfterMs: number): boolean {
    if (asOfMs <= seenAfterMs) return false;
    const ageMs = this.clock.nowMs() - asOfMs;
    return ageMs >= 0 && ageMs < KNOWN_LATELY_MS;
  }

  private async refresh<C, S, E extends DomainEvent>(decider: Decider<C, S, E>, stream: string): Promise<Loaded<S>> {
    const known = this.cache.get(stream)?.loaded as Loaded<S> | undefined;
    const asOfMs = this.clock.nowMs();
    const loaded = await this.readOn(decider, stream, known ?? { state: decider.initial, revision: -1 });
    this.remember(stream, loaded, asOfMs);
    return loaded;
  }

  /**
   * The aggregate as it stood after `revision`, or at an instant (inclusive, milliseconds); reads the stream. At the
   * `createdAt` or `updatedAt` that was answered, and at the time its event was recorded, a change is in.
   */
  async loadAt<C, S, E extends DomainEvent>(
    decider: Decider<C, S, E>,
    id: string,
    until: { readonly revision?: number; readonly atMs?: number },
  ): Promise<Loaded<S>> {
    const stream = streamName(decider.category, id);
    return this.readOn(decider, stream, { state: decider.initial, revision: -1 }, until);
  }

  /** Decides on the current state and appends. Re-decides on a lost race, unless the caller named a revision. */
  async execute<C, S, E extends DomainEvent>(
    decider: Decider<C, S, E>,
    id: string,
    command: C,
    context: RequestContext,
    options: ExecuteOptions = {},
  ): Promise<Executed<S, E> | Refusal> {
    for (let attempt = 0; ; attempt += 1) {
      const loaded = await this.load(decider, id);
      if (options.expectedRevision !== undefined && options.expectedRevision !== loaded.revision) {
        return revisionConflict(options.expectedRevision, loaded.revision);
      }
      const decision = decider.decide(command, loaded.state);
      if (isRefusal(decision)) return decision;
      if (decision.length === 0) return { ...loaded, events: [] };
      try {
        return await this.record(decider, id, loaded, decision, context);
      } catch (error) {
        if (!isStoreError(error, 'WrongExpectedRevision')) throw error;
        if (options.expectedRevision !== undefined || attempt === REDECISIONS_MAX) {
          return revisionConflict(options.expectedRevision ?? loaded.revision, error.details.actual ?? -1);
        }
      }
    }
  }

  /** Appends events already decided on `on`; throws WrongExpectedRevision when the stream has moved. */
  async record<C, S, E extends DomainEvent>(
    decider: Decider<C, S, E>,
    id: string,
    on: Loaded<S>,
    decided: readonly E[],
    context: RequestContext,
  ): Promise<Executed<S, E>> {
    const stream = streamName(decider.category, id);
    const nowMs = this.clock.nowMs();
    const batch = newEvents(decided, context, nowMs, this.ids);
    const result = await this.appendSurely(stream, batch, on.revision).catch((error: unknown) => {
      this.forget(decider, id);
      throw error;
    });
    let state = on.state;
    for (const event of decided) state = decider.evolve(state, event);
    const updatedAt = timestamp(nowMs);
    const now = { state, revision: result.lastRevision, createdAt: on.createdAt ?? updatedAt, updatedAt };
    this.remember(stream, now, nowMs);
    return { ...now, events: decided };
  }

  /** A read that began before an append must not put back what stood before it. */
  private remember(stream: string, loaded: Loaded<unknown>, asOfMs: number): void {
    const known = this.cache.get(stream);
    const isNews = !known || known.loaded.revision < loaded.revision;
    const isConfirmed = known?.loaded.revision === loaded.revision && known.asOfMs < asOfMs;
    if (loaded.revision >= 0 && (isNews || isConfirmed)) this.cache.set(stream, { loaded, asOfMs });
  }

  /** Drops what is remembered of one aggregate. */
  forget<C, S, E extends DomainEvent>(decider: Decider<C, S, E>, id: string): void {
    this.cache.delete(streamName(decider.category, id));
  }

  /**
   * An append whose outcome is unknown is repeated identically: the store then says whether it is in. It stays unknown where
   * the repetition could not be made.
   */
  private async appendSurely(stream: string, batch: readonly NewEvent[], revision: number): Promise<AppendResult> {
    const options = { expectedRevision: revision === -1 ? ('no_stream' as const) : revision };
    let unknown: unknown;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.events.append(stream, batch, options);
      } catch (error) {
        if (isStoreError(error, 'AppendOutcomeUnknown')) unknown = error;
        else throw isStoreError(error, 'WrongExpectedRevision') ? error : (unknown ?? error);
        if (attempt === 3) throw error;
      }
    }
  }

  private async readOn<C, S, E extends DomainEvent>(
    decider: Decider<C, S, E>,
    stream: string,
    from: Loaded<S>,
    until: { readonly revision?: number; readonly atMs?: number } = {},
  ): Promise<Loaded<S>> {
    let loaded = from;
    try {
      for await (const event of this.events.readStream(stream, { from: from.revision + 1 })) {
        if (until.revision !== undefined && event.revision > until.revision) break;
        if (until.atMs !== undefined && effectiveAtMs(event) > until.atMs) break;
        loaded = {
          state: decider.evolve(loaded.state, event as unknown as E),
          revision: event.revision,
          createdAt: loaded.createdAt ?? event.metadata.occurredAt,
          updatedAt: event.metadata.occurredAt,
        };
      }
    } catch (error) {
      if (!isStoreError(error, 'StreamNotFound')) throw error;
    }
    return loaded;
  }
}

export function newEvents(
  decided: readonly DomainEvent[],
  context: RequestContext,
  nowMs: number,
  ids: IdSource,
): NewEvent[] {
  const metadata = metadataOf(context, nowMs);
  return decided.map((event) => ({ id: ids.next(), type: event.type, data: event.data, metadata }));
}

/** Decided before it is recorded; the earlier one all the same where two servers' clocks differ. */
function effectiveAtMs({ recordedAt, metadata }: RecordedEvent): number {
  return Math.min(Date.parse(recordedAt), Date.parse(metadata.occurredAt));
}

/** The caller decided on another revision than the one that stands. */
export function revisionConflict(expected: number, actual: number): Refusal {
  return refuse(
    'conflict',
    REVISION_CONFLICT,
    `the resource was changed meanwhile: revision ${expected} was expected, it is at ${actual}; read it again`,
  );
}
