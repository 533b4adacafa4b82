// What the suites of the event store share: the store under test, and events to put into it.
import { randomUUID } from 'node:crypto';
import type { EventMetadata, NewEvent, RecordedEvent } from '@app/kernel';
import { anonymousActor } from '@app/kernel';
import type { AppendResult, EventStore, ExpectedRevision } from './event-store.js';
import type { StoreErrorCode } from './store-error.js';
import { StoreError } from './store-error.js';

export interface Subject {
  readonly store: EventStore;
  /** Appends so that the events are recorded but the answer does not arrive. */
  appendLosingReply(
    stream: string,
    events: readonly NewEvent[],
    expectedRevision: ExpectedRevision,
  ): Promise<AppendResult>;
  /** Closes the store and removes what it left. */
  end(): Promise<void>;
}

export type SubjectFactory = () => Promise<Subject>;

export const metadata: EventMetadata = {
  actor: anonymousActor,
  channel: 'rest',
  correlationId: '0190a1b2-0000-7000-8000-000000000000',
  occurredAt: '2026-01-02T03:04:05.678Z',
  schemaVersion: 1,
};

export function newEvent(data: object = {}, type = 'ThingHappened'): NewEvent {
  return { id: randomUUID(), type, data, metadata };
}

export function newEvents(count: number): NewEvent[] {
  return Array.from({ length: count }, (_, index) => newEvent({ index }));
}

export function newStream(category = 'thing'): string {
  return `${category}-${randomUUID()}`;
}

export async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of source) all.push(one);
  return all;
}

export function idsOf(events: readonly { readonly id: string }[]): string[] {
  return events.map((event) => event.id);
}

export function revisionsOf(events: readonly RecordedEvent[]): number[] {
  return events.map((event) => event.revision);
}

/** The code of the StoreError that the promise ends with; `none` when it succeeds. */
export async function codeOf(work: Promise<unknown>): Promise<StoreErrorCode | 'none'> {
  try {
    await work;
    return 'none';
  } catch (error) {
    if (error instanceof StoreError) return error.code;
    throw error;
  }
}

export async function isEmpty(store: EventStore): Promise<boolean> {
  return (await store.head()) === undefined;
}
