// A run as its stream tells it.
import type { Actor } from '@app/kernel';
import { streamName } from '@app/kernel';
import type { BlobStore, EventStore } from '@app/event-store';
import { isStoreError } from '@app/event-store';
import { hydrate } from './blobs.js';
import type { ExecutionState, RunState, TimedExecutionEvent } from './execution-state.js';
import { evolveExecution } from './execution-state.js';

export interface ReadRun {
  readonly state: RunState;
  readonly revision: number;
  readonly startedBy: Actor;
  readonly correlationId: string;
  /** Id of the ExecutionStarted event. */
  readonly startEventId: string;
}

/** Folds the run's stream, blobs put back in place; undefined when there is no such run. */
export async function readRun(events: EventStore, blobs: BlobStore, runId: string): Promise<ReadRun | undefined> {
  let state: ExecutionState = null;
  let read: Omit<ReadRun, 'state'> | undefined;
  try {
    for await (const event of events.readStream(streamName('execution', runId))) {
      state = evolveExecution(state, event as unknown as TimedExecutionEvent);
      read = {
        startedBy: read?.startedBy ?? event.metadata.actor,
        correlationId: read?.correlationId ?? event.metadata.correlationId,
        startEventId: read?.startEventId ?? event.id,
        revision: event.revision,
      };
    }
  } catch (error) {
    if (!isStoreError(error, 'StreamNotFound')) throw error;
  }
  if (!state || !read) return undefined;
  return { ...read, state: await hydrate(state, blobs) };
}
