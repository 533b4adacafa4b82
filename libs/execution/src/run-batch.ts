// A decision as the batch that is appended: whose doing each event is.
import type { IdSource, NewEvent, RequestContext } from '@app/kernel';
import { newEvents } from '@app/event-store';
import type { RunCommand } from './run-command.js';
import type { ExecutionEvent } from './execution-events.js';

/** Events that say what the asker himself did; everything else of a decision is the engine's doing. */
const ownEvents: Readonly<Record<RunCommand['kind'], ExecutionEvent['type'] | undefined>> = {
  StartRun: 'ExecutionStarted',
  CancelRun: 'ExecutionCancelled',
  RetryRun: 'ExecutionRetried',
  AdvanceRun: undefined,
  ResumeRun: undefined,
  ExpireRun: undefined,
};

export interface Batch {
  readonly events: readonly ExecutionEvent[];
  readonly command: RunCommand;
  readonly asker: RequestContext;
  readonly engine: RequestContext;
  readonly nowMs: number;
  /** Id of the first event, where the engine's context names it as the cause. */
  readonly firstId?: string;
}

export function batchOf({ events, command, asker, engine, nowMs, firstId }: Batch, ids: IdSource): NewEvent[] {
  const batch = newEvents(events, engine, nowMs, ids);
  const own = ownEvents[command.kind];
  const at = own === undefined ? -1 : events.findIndex((event) => event.type === own);
  if (at !== -1) batch[at] = newEvents([events[at] as ExecutionEvent], asker, nowMs, ids)[0] as NewEvent;
  if (firstId !== undefined && batch[0]) batch[0] = { ...batch[0], id: firstId };
  return batch;
}
