// The envelope of every event, and how an event type is declared once: as sentence, schema and TypeScript type.
import type { Static, TObject } from '@sinclair/typebox';
import type { Actor, Channel } from './actor.js';

/** Opaque; within one store its lexicographic order is the order of the log. */
export type GlobalPosition = string;

export interface EventMetadata {
  readonly actor: Actor;
  /** Who asked for the run that this event belongs to, when the engine itself acts. */
  readonly onBehalfOf?: Actor;
  readonly channel: Channel;
  /** The peer's address, or the first untrusted hop behind a trusted proxy. */
  readonly ip?: string;
  readonly userAgent?: string;
  readonly requestId?: string;
  /** One id for everything that one request set in motion. */
  readonly correlationId: string;
  /** The event or request that directly caused this one. */
  readonly causationId?: string;
  readonly traceparent?: string;
  /** When it was decided, by the deciding server's clock; `recordedAt` is the store's. */
  readonly occurredAt: string;
  /** Why, in the actor's own words. */
  readonly reason?: string;
  readonly schemaVersion: number;
}

/** What a decision yields: what became true. Who and when stand in the envelope. */
export interface DomainEvent {
  readonly type: string;
  readonly data: object;
}

/** By which store an event was recorded first, when its log was carried over to another one. */
export interface FirstRecording {
  readonly position: GlobalPosition;
  /** RFC 3339, milliseconds. */
  readonly recordedAt: string;
}

export interface NewEvent {
  /** A UUID, random per attempt. */
  readonly id: string;
  readonly type: string;
  readonly data: object;
  readonly metadata: EventMetadata;
  /** Only where a log is carried over; a decision never yields it. */
  readonly carried?: FirstRecording;
}

export interface RecordedEvent<Data = unknown> {
  readonly id: string;
  readonly type: string;
  readonly stream: string;
  /** Index in its stream, from 0, without gaps. */
  readonly revision: number;
  readonly position: GlobalPosition;
  /** RFC 3339, milliseconds, by the store that recorded it first. */
  readonly recordedAt: string;
  /** Its position in that store, when the log was carried over from there. */
  readonly firstPosition?: GlobalPosition;
  readonly data: Data;
  readonly metadata: EventMetadata;
}

export interface EventDefinition<T extends string = string, S extends TObject = TObject> {
  readonly type: T;
  /** One sentence saying what became true; the event catalogue is made of these. */
  readonly sentence: string;
  readonly schema: S;
}

/** Declares an event type. Events are for ever: later, add types or optional fields; never change or remove one. */
export function defineEvent<T extends string, S extends TObject>(
  type: T,
  sentence: string,
  schema: S,
): EventDefinition<T, S> {
  return { type, sentence, schema };
}

export type EventOf<D> =
  D extends EventDefinition<infer T, infer S> ? { readonly type: T; readonly data: Static<S> } : never;

/** The union of all events of a catalogue: `type WorkflowEvent = EventsOf<typeof workflowEvents>`. */
export type EventsOf<C extends Record<string, EventDefinition>> = { [K in keyof C]: EventOf<C[K]> }[keyof C];
