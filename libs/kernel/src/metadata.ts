// The one place that fills an event's metadata.
import type { RequestContext } from './actor.js';
import { timestamp } from './clock.js';
import type { EventMetadata } from './event.js';

export const METADATA_SCHEMA_VERSION = 1;

export function metadataOf(context: RequestContext, occurredAtMs: number): EventMetadata {
  return { ...context, occurredAt: timestamp(occurredAtMs), schemaVersion: METADATA_SCHEMA_VERSION };
}
