// An event as the node keeps it, and as the port gives it.
import type { RecordedEvent } from '@app/kernel';
import { timestamp } from '@app/kernel';
import { asFirstRecorded } from './carried-event.js';
import type { EsdbRecord } from './esdb-messages.js';
import { esdbPosition } from './esdb-position.js';
import { StoreError } from './store-error.js';

/** Throws Corrupt when the event was not written by this store: its data and metadata are JSON objects, always. */
export function recordedEvent(record: EsdbRecord): RecordedEvent {
  return asFirstRecorded({
    id: record.id,
    type: record.type,
    stream: record.stream,
    revision: record.revision,
    position: esdbPosition(record),
    recordedAt: timestamp(record.createdMs),
    data: objectIn(record, 'data'),
    metadata: objectIn(record, 'metadata') as RecordedEvent['metadata'],
  });
}

function objectIn(record: EsdbRecord, part: 'data' | 'metadata'): object {
  if (record.isJson) {
    try {
      const value: unknown = JSON.parse(record[part]);
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
    } catch {
      // Told below, for the reason of JSON.parse shows the text.
    }
  }
  const { stream, revision } = record;
  throw new StoreError('Corrupt', `the ${part} of event ${revision} of ${stream} is no JSON object`, { stream });
}
