// A place in the log from which nobody can read on: when that is a failure, and when it may pass.
import type { EventStore, ReadAllOptions } from '@app/event-store';
import { StoreError } from '@app/event-store';
import { sha256 } from '@app/kernel';
import { EvidenceFailure } from './evidence-failure.js';
import { LogCheck } from './log-check.js';
import { treeHasher } from './tree-hasher.js';

const place = 'esdb:00000000000000000007/00000000000000000007';
const placing = { log: 'runledger.example/log', hasher: treeHasher(sha256) };
const noLeaves = { leaves: () => Promise.resolve([]), leavesAt: () => Promise.resolve([]) };

/** A log that fails when it is told to: by what is read, and the how manieth time that is. */
function checkOf(fails: (options: ReadAllOptions, time: number) => StoreError | undefined): LogCheck {
  let time = 0;
  const readAll: EventStore['readAll'] = async function* (options = {}) {
    const error = fails(options, (time += 1));
    if (error) throw error;
    yield* [];
  };
  return new LogCheck(noLeaves, { readAll }, placing);
}

const away = new StoreError('StoreUnavailable', 'the event store cannot be read: Unexpected ReadAllResult: Error');

describe('a place that the log was followed to', () => {
  it('is a failure when the log can be read, but not from there', async () => {
    const check = checkOf(({ after }) => (after === place ? away : undefined));
    await expect(check.place(place)).rejects.toThrow(EvidenceFailure);
    await expect(check.place(place)).rejects.toThrow(`the log can be read, but not from ${place}, to where it was`);
  });

  it.each([
    ['nothing can be read', () => away],
    ['it is read the second time', (_options: ReadAllOptions, time: number) => (time === 1 ? away : undefined)],
    ['all is well', () => undefined],
  ])('is none when %s', async (_what, fails) => {
    await expect(checkOf(fails).place(place)).resolves.toBeUndefined();
  });

  it('leaves errors that are something else as they are', async () => {
    const denied = new StoreError('AccessDenied', 'reading the log is not allowed');
    await expect(checkOf(() => denied).place(place)).rejects.toBe(denied);
  });
});
