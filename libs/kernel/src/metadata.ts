// The one place that fills an event's metadata.
import type { RequestContext } from './actor.js';
import { timestamp } from './clock.js';
import type { EventMetadata } from './event.js';

export const METADATA_SCHEMA_VERSION = 1;

export function metadataOf(context: RequestContext, occurredAtMs: number): EventMetadata {
  // Set one by one, in the order in which people read them; copying into a larger literal costs ten times as much.
  const metadata = { actor: context.actor } as { -readonly [K in keyof EventMetadata]: EventMetadata[K] };
  if (context.onBehalfOf !== undefined) metadata.onBehalfOf = context.onBehalfOf;
  metadata.channel = context.channel;
  if (context.ip !== undefined) metadata.ip = context.ip;
  if (context.userAgent !== undefined) metadata.userAgent = context.userAgent;
  if (context.requestId !== undefined) metadata.requestId = context.requestId;
  metadata.correlationId = context.correlationId;
  if (context.causationId !== undefined) metadata.causationId = context.causationId;
  if (context.traceparent !== undefined) metadata.traceparent = context.traceparent;
  if (context.reason !== undefined) metadata.reason = context.reason;
  metadata.occurredAt = timestamp(occurredAtMs);
  metadata.schemaVersion = METADATA_SCHEMA_VERSION;
  return metadata;
}
