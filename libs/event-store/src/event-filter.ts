import type { EventFilter } from './event-store.js';

export function passes(
  filter: EventFilter | undefined,
  event: { readonly stream: string; readonly type: string },
): boolean {
  if (!filter) return true;
  return hasPrefix(event.stream, filter.streamPrefixes) && hasPrefix(event.type, filter.typePrefixes);
}

function hasPrefix(text: string, prefixes: readonly string[] | undefined): boolean {
  return !prefixes || prefixes.some((prefix) => text.startsWith(prefix));
}
