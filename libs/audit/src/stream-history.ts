// Replaying one stream: its events word for word, and the aggregate folded up to a point of it.
import type { Decider, DomainEvent, RecordedEvent, Refusal } from '@app/kernel';
import { categoryOf, isUuid, keyOf, refuse } from '@app/kernel';
import { apiKey } from '@app/access';
import type { AggregateStore, Direction, EventStore } from '@app/event-store';
import { isStoreError, reservation } from '@app/event-store';
import { execution } from '@app/execution';
import { providerConfiguration } from '@app/provider';
import { workflow } from '@app/workflow';
import { declaredEvents, isDeclared } from './event-vocabulary.js';
import { summaryOf } from './summary.js';

/** The recorded event word for word, with what its type means and what it says. */
export interface ReplayedEvent extends RecordedEvent {
  /** What an event of this type means; absent for a type that this server does not know. */
  readonly sentence?: string;
  readonly summary: string;
}

export interface StreamPage {
  readonly stream: string;
  readonly items: readonly ReplayedEvent[];
  /** The revision at which the next page begins; absent behind the last one. */
  readonly nextFrom?: number;
  readonly hasMore: boolean;
}

export interface StreamState {
  readonly stream: string;
  /** Of the last event folded. */
  readonly revision: number;
  readonly createdAt?: string;
  readonly updatedAt?: string;
  readonly state: unknown;
}

export interface StreamPageQuery {
  readonly direction: Direction;
  /** A revision, inclusive; default the first, or backward the last. */
  readonly from?: number;
  readonly limit: number;
}

type AnyDecider = Decider<never, unknown, DomainEvent>;

/** Every aggregate by the category of its streams. */
const aggregates: Readonly<Record<string, AnyDecider>> = Object.fromEntries(
  [workflow, providerConfiguration, execution, apiKey, reservation].map((decider) => [
    decider.category,
    decider as unknown as AnyDecider,
  ]),
);

const isKeyOf: Readonly<Record<string, (key: string) => boolean>> = {
  workflow: isUuid,
  providerConfiguration: isUuid,
  execution: isUuid,
  apiKey: isUuid,
  reservation: (key) => /^[0-9a-f]{64}$/.test(key),
  access: (key) => /^\d{8}$/.test(key),
  system: (key) => /^\d{8}$/.test(key),
};

/** Undefined when the text has the form of a stream's name; leases are not served: they tell of nobody's deed. */
export function streamNameDefect(text: string): Refusal | undefined {
  if (text.includes('-') && isKeyOf[categoryOf(text)]?.(keyOf(text))) return undefined;
  const message = `a stream is named <category>-<key>, as in workflow-<uuid>; known are ${Object.keys(isKeyOf).join(', ')}`;
  return refuse('invalid', 'FLK-0002', message, [{ field: 'stream', message }]);
}

export class StreamHistory {
  constructor(
    private readonly events: EventStore,
    private readonly store: AggregateStore,
  ) {}

  async page(stream: string, { direction, from, limit }: StreamPageQuery): Promise<StreamPage | Refusal> {
    const found: RecordedEvent[] = [];
    const options = { direction, limit: limit + 1, ...(from === undefined ? {} : { from }) };
    try {
      for await (const event of this.events.readStream(stream, options)) found.push(event);
    } catch (error) {
      if (isStoreError(error, 'StreamNotFound')) return streamNotFound(stream);
      throw error;
    }
    const next = found[limit];
    return {
      stream,
      items: found.slice(0, limit).map(replayed),
      ...(next ? { nextFrom: next.revision } : {}),
      hasMore: next !== undefined,
    };
  }

  /** The aggregate after `revision`, at an instant (inclusive), or now. */
  async state(
    stream: string,
    until: { readonly revision?: number; readonly atMs?: number },
  ): Promise<StreamState | Refusal> {
    const decider = aggregates[categoryOf(stream)];
    if (!decider) {
      const known = Object.keys(aggregates).join(', ');
      return refuse('invalid', 'FLK-0002', `${stream} has no state of its own; streams of ${known} have`);
    }
    const loaded = await this.store.loadAt(decider, keyOf(stream), until);
    if (loaded.revision < 0) return streamNotFound(stream);
    if (until.revision !== undefined && loaded.revision < until.revision) {
      return refuse('not_found', 'REVISION_NOT_FOUND', `${stream} ends at revision ${loaded.revision}`);
    }
    return { stream, ...loaded };
  }
}

function replayed(event: RecordedEvent): ReplayedEvent {
  const meaning = isDeclared(event) ? { sentence: declaredEvents[event.type].sentence } : {};
  return { ...event, ...meaning, summary: summaryOf(event) };
}

function streamNotFound(stream: string): Refusal {
  return refuse('not_found', 'STREAM_NOT_FOUND', `there is no stream ${stream}, or there was none then`);
}
