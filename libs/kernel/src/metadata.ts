// The one place that fills an event's metadata.
import type { RequestContext } from './actor.js';
import { timestamp } from './clock.js';
import type { EventMetadata } from './event.js';

export const METADATA_SCHEMA_VERSION = 1;

export function metadataOf(context: RequestContext, occurredAtMs: number): EventMetadata {
  // Set one by one, because copying into a larger literal costs ten times as much; in alphabetical order, which makes the
  // stored text canonical as it is.
  const metadata = { actor: context.actor } as { -readonly [K in keyof EventMetadata]: EventMetadata[K] };
  if (context.causationId !== undefined) metadata.causationId = context.causationId;
  metadata.channel = context.channel;
  metadata.correlationId = context.correlationId;
  if (context.ip !== undefined) metadata.ip = context.ip;
  metadata.occurredAt = timestamp(occurredAtMs);
  if (context.onBehalfOf !== undefined) metadata.onBehalfOf = context.onBehalfOf;
  if (context.reason !== undefined) metadata.reason = context.reason;
  if (context.requestId !== undefined) metadata.requestId = context.requestId;
  metadata.schemaVersion = METADATA_SCHEMA_VERSION;
  if (context.traceparent !== undefined) metadata.traceparent = context.traceparent;
  if (context.userAgent !== undefined) metadata.userAgent = context.userAgent;
  return metadata;
}
