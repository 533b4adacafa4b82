// The port's filters in the words of EventStoreDB: one regular expression, on stream names or on event types.
import type { EventFilter } from './event-store.js';

export interface ServerFilter {
  readonly on: 'stream' | 'type';
  readonly regex: string;
}

/** The node looks at so many events before it answers, and tells how far it is after so many. */
export const FILTER_WINDOW = 500;

/**
 * What the node can leave out by itself; the reader still checks each event, for a node takes one of the two only. Prefixes
 * are sent as a regular expression because a node compares plain prefixes by the rules of its language, not by bytes.
 */
export function serverFilter(filter: EventFilter | undefined): ServerFilter {
  if (filter?.streamPrefixes) return { on: 'stream', regex: anyOf(filter.streamPrefixes) };
  if (filter?.typePrefixes) return { on: 'type', regex: anyOf(filter.typePrefixes) };
  return { on: 'stream', regex: '^[^$]' };
}

/** Events that belong to the node itself. */
export function isSystemEvent(event: { readonly stream: string; readonly type: string }): boolean {
  return event.stream.startsWith('$') || event.type.startsWith('$');
}

function anyOf(prefixes: readonly string[]): string {
  if (prefixes.length === 0) return '^(?!)';
  return `^(?:${prefixes.map(literal).join('|')})`;
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|#\s]/g, '\\$&');
}
