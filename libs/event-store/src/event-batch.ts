// What may be appended: checked and turned into text before any driver sees it.
import type { NewEvent } from '@app/kernel';
import { isUuid, jsonTextOf } from '@app/kernel';
import { CARRIED, withFirstRecording } from './carried-event.js';
import type { ExpectedRevision } from './event-store.js';
import { StoreError } from './store-error.js';

export interface AppendLimits {
  /** Bytes of one event in UTF-8: its data, metadata, type and id. */
  readonly eventBytesMax: number;
  /** Bytes of all events of one append. */
  readonly appendBytesMax: number;
  readonly appendEventsMax: number;
}

export const appendLimits: AppendLimits = {
  eventBytesMax: 256 * 1024,
  appendBytesMax: 900_000,
  appendEventsMax: 500,
};

export interface EncodedEvent {
  readonly id: string;
  readonly type: string;
  /** JSON text. */
  readonly data: string;
  readonly metadata: string;
}

export interface EncodedBatch {
  readonly events: readonly EncodedEvent[];
  /** At least the bytes that the batch takes in UTF-8; exact near a limit. */
  readonly bytes: number;
}

/** Stream names and event types: printable ASCII without blanks; `$` begins what belongs to a store itself. */
const name = /^(?!\$)[\x21-\x7e]{1,250}$/;

/** Throws StoreError: InvalidArgument, Serialization, EventTooLarge, AppendTooLarge. */
export function encodeBatch(
  stream: string,
  events: readonly NewEvent[],
  expected: ExpectedRevision,
  limits: AppendLimits,
): EncodedBatch {
  checkArguments(stream, events, expected);
  if (events.length > limits.appendEventsMax) {
    throw new StoreError('AppendTooLarge', `${events.length} events in one append, at most ${limits.appendEventsMax}`);
  }
  const encoded: EncodedEvent[] = [];
  let bytes = 0;
  let shared: { readonly of: unknown; readonly text: string } | undefined;
  for (const event of events) {
    checkEvent(event);
    if (shared?.of !== event.metadata) shared = { of: event.metadata, text: metadataText(event) };
    const one = { id: event.id, type: event.type, data: jsonText(event.data, event, 'data'), metadata: shared.text };
    const size = sizeOf(one, limits.eventBytesMax);
    if (size > limits.eventBytesMax) {
      throw new StoreError('EventTooLarge', `${event.type} takes ${size} bytes, at most ${limits.eventBytesMax}`);
    }
    bytes += size;
    // What is added to a carried event does not count, or some that fitted one store would not fit the next.
    encoded.push(event.carried ? { ...one, metadata: withFirstRecording(one.metadata, event.carried) } : one);
  }
  if (bytes > limits.appendBytesMax) bytes = encoded.reduce((sum, event) => sum + sizeOf(event, 0), 0);
  if (bytes > limits.appendBytesMax) {
    throw new StoreError('AppendTooLarge', `the append takes ${bytes} bytes, at most ${limits.appendBytesMax}`);
  }
  return { events: encoded, bytes };
}

function checkArguments(stream: string, events: readonly NewEvent[], expected: ExpectedRevision): void {
  if (typeof stream !== 'string' || !name.test(stream)) {
    throw new StoreError('InvalidArgument', 'a stream name is 1 to 250 printable ASCII characters, the first not "$"');
  }
  if (!Array.isArray(events) || events.length === 0) {
    throw new StoreError('InvalidArgument', `an append to ${stream} needs at least one event`);
  }
  const known = expected === 'any' || expected === 'no_stream' || expected === 'stream_exists';
  if (!known && !(Number.isSafeInteger(expected) && expected >= 0)) {
    throw new StoreError('InvalidArgument', 'expectedRevision is an integer >= 0, no_stream, stream_exists or any');
  }
}

function checkEvent(event: NewEvent): void {
  if (!isUuid(event.id)) throw new StoreError('InvalidArgument', 'an event id is a UUID');
  if (typeof event.type !== 'string' || !name.test(event.type)) {
    throw new StoreError('InvalidArgument', 'an event type is 1 to 250 printable ASCII characters, the first not "$"');
  }
}

function metadataText(event: NewEvent): string {
  const text = jsonText(event.metadata, event, 'metadata');
  if (!Object.hasOwn(event.metadata, CARRIED)) return text;
  throw new StoreError('InvalidArgument', `${event.type}: metadata have no member ${CARRIED}`);
}

function jsonText(value: unknown, event: NewEvent, part: string): string {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  const found = isObject ? jsonTextOf(value) : { path: '', problem: 'must be an object' };
  if (typeof found === 'string') return found;
  throw new StoreError('Serialization', `${event.type}: ${part} ${found.path} ${found.problem}`.replace('  ', ' '));
}

const BYTES_PER_UNIT_MAX = 3;
const utf8 = new TextEncoder();

/** An upper bound while that cannot exceed `limit`, else exact: most events are far from it and need no counting. */
function sizeOf(event: EncodedEvent, limit: number): number {
  const fixed = event.id.length + event.type.length;
  const bound = fixed + (event.data.length + event.metadata.length) * BYTES_PER_UNIT_MAX;
  if (bound <= limit) return bound;
  return fixed + utf8.encode(event.data).length + utf8.encode(event.metadata).length;
}
