// Stream names: `<category>-<key>`. No user text ever stands in one.
import { sha256Hex } from './hash.js';

export const streamCategories = [
  'workflow',
  'providerConfiguration',
  'execution',
  'apiKey',
  'reservation',
  'access',
  'system',
  'lease',
] as const;
export type StreamCategory = (typeof streamCategories)[number];

export function streamName(category: StreamCategory, key: string): string {
  return `${category}-${key}`;
}

/** The part before the first `-`: which kind of thing this stream tells about. */
export function categoryOf(stream: string): string {
  const dash = stream.indexOf('-');
  return dash === -1 ? stream : stream.slice(0, dash);
}

/** The part after the first `-`: for aggregates, the id. */
export function keyOf(stream: string): string {
  return stream.slice(stream.indexOf('-') + 1);
}

/** The stream that holds the claim on one unique value; the value is hashed, so it needs no escaping and leaks nothing. */
export function reservationStream(scope: string, value: string): string {
  return streamName('reservation', sha256Hex(`${scope}\u0000${value}`));
}
