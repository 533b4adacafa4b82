// What an append's expectation means: one truth for every adapter.
import type { ExpectedRevision } from './event-store.js';
import { StoreError } from './store-error.js';

/** `repeated`: the identical batch is in already, right behind the revision it expected. */
export type Verdict = 'write' | 'repeated' | 'refused';

/**
 * @param last the stream's last revision, -1 when it does not exist.
 * @param recordedIds ids of up to `count` events from revision `first` on; asked only about a moved stream.
 */
export function verdictOn(
  expected: ExpectedRevision,
  last: number,
  ids: readonly string[],
  recordedIds: (first: number, count: number) => readonly string[],
): Verdict {
  if (expected === 'any') return 'write';
  if (expected === 'stream_exists') return last >= 0 ? 'write' : 'refused';
  const revision = expected === 'no_stream' ? -1 : expected;
  if (revision === last) return 'write';
  if (revision + ids.length > last) return 'refused';
  const recorded = recordedIds(revision + 1, ids.length);
  return ids.every((id, index) => id === recorded[index]) ? 'repeated' : 'refused';
}

/** The revision that an identical batch starts at, given that it was recorded already. */
export function firstRevisionOf(expected: ExpectedRevision): number {
  return typeof expected === 'number' ? expected + 1 : 0;
}

export function wrongExpectedRevision(stream: string, expected: ExpectedRevision, actual: number): StoreError {
  const found = actual === -1 ? 'it does not exist' : `it is at ${actual}`;
  return new StoreError('WrongExpectedRevision', `stream ${stream} was expected at ${expected}, ${found}`, {
    stream,
    expected,
    actual,
  });
}
