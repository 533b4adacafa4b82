// Events that another store recorded first and that were carried over: where and when that was stands beside their metadata
// in every store, and comes back as if this store had always known it. docs/adr/0015-a-log-can-be-carried-over.md
import type { FirstRecording, RecordedEvent } from '@app/kernel';
import { StoreError } from './store-error.js';

/** Never a name of ordinary metadata: an append that has it is refused. */
export const CARRIED = '$carried';

const position = /^[a-z]{1,20}:[\x21-\x7e]{1,100}$/;
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Where and when the event was recorded first, wherever it is read now. */
export function firstRecordingOf(event: RecordedEvent): FirstRecording {
  return { position: event.firstPosition ?? event.position, recordedAt: event.recordedAt };
}

/** @param metadata a JSON object as text. Throws InvalidArgument. */
export function withFirstRecording(metadata: string, first: FirstRecording): string {
  if (!isFirstRecording(first)) {
    throw new StoreError('InvalidArgument', 'where an event was first recorded is a position and a time of some store');
  }
  const note = JSON.stringify({ position: first.position, recordedAt: first.recordedAt });
  return `{"${CARRIED}":${note}${metadata === '{}' ? '' : ','}${metadata.slice(1)}`;
}

/** @param stored as it lies in this store. Throws Corrupt when where it came from cannot be read. */
export function asFirstRecorded(stored: RecordedEvent): RecordedEvent {
  if (!Object.hasOwn(stored.metadata, CARRIED)) return stored;
  const { [CARRIED]: first, ...metadata } = stored.metadata as RecordedEvent['metadata'] & { [CARRIED]: unknown };
  if (!isFirstRecording(first)) {
    const { stream, revision } = stored;
    throw new StoreError('Corrupt', `where event ${revision} of ${stream} was carried from cannot be read`, { stream });
  }
  return { ...stored, recordedAt: first.recordedAt, metadata, firstPosition: first.position };
}

function isFirstRecording(value: unknown): value is FirstRecording {
  if (typeof value !== 'object' || value === null) return false;
  const found = value as Partial<Record<keyof FirstRecording, unknown>>;
  return (
    typeof found.position === 'string' &&
    position.test(found.position) &&
    typeof found.recordedAt === 'string' &&
    time.test(found.recordedAt)
  );
}
