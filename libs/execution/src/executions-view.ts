// The list of runs, and how many there were of each kind in each minute.
import type { DocumentProjection, RecordedEvent } from '@app/kernel';
import { keyOf } from '@app/kernel';
import type { ExecutionItem } from './execution-wire.js';
import type { ExecutionEvent } from './execution-events.js';

export const EXECUTIONS_VIEW = 'executions';
export const EXECUTION_STATISTICS_VIEW = 'execution-statistics';

type Recorded = RecordedEvent & ExecutionEvent;

/** A row of the list, and whose run it is. */
export type ExecutionRow = ExecutionItem & { readonly server?: string };

export const executionsView: DocumentProjection<ExecutionRow> = {
  kind: 'document',
  name: EXECUTIONS_VIEW,
  version: 2,
  categories: ['execution'],
  key: (event) => (event.type === 'StepSkipped' ? undefined : keyOf(event.stream)),
  fold: (doc, event) => foldExecution(doc, event as Recorded),
  fields: {
    workflowId: { type: 'text', of: (doc) => doc.workflowId },
    status: { type: 'text', of: (doc) => doc.status },
    startedAt: { type: 'text', of: (doc) => doc.startedAt },
    completedAt: { type: 'text', of: (doc) => doc.completedAt },
  },
  indexes: [
    ['startedAt'],
    ['completedAt'],
    ['workflowId', 'startedAt'],
    ['workflowId', 'completedAt'],
    ['status', 'startedAt'],
    ['status', 'completedAt'],
    ['workflowId', 'status', 'startedAt'],
  ],
};

function foldExecution(doc: ExecutionRow | undefined, event: Recorded): ExecutionRow | undefined {
  if (event.type === 'ExecutionStarted') {
    const { workflowId, workflowName, workflowVersion, totalSteps, server } = event.data;
    return {
      executionId: keyOf(event.stream),
      workflowId,
      workflowName,
      workflowVersion,
      status: 'running',
      currentStepNumber: 0,
      totalSteps,
      startedAt: event.metadata.occurredAt,
      ...(server === undefined ? {} : { server }),
    };
  }
  if (!doc) throw new Error(`${event.type} before ExecutionStarted in ${event.stream}`);
  const completedAt = event.metadata.occurredAt;
  switch (event.type) {
    case 'ExecutionCompleted':
      return { ...doc, status: 'completed', completedAt };
    case 'ExecutionCancelled':
      return { ...doc, status: 'cancelled', completedAt };
    case 'ExecutionFailed':
      return {
        ...doc,
        status: 'failed',
        completedAt,
        errorMessage: event.data.error.message,
        error: event.data.error,
      };
    case 'ExecutionRetried': {
      const { completedAt: _completedAt, errorMessage: _errorMessage, error: _error, server: _server, ...open } = doc;
      const { server } = event.data;
      return { ...open, status: 'running', ...(server === undefined ? {} : { server }) };
    }
    case 'StepSkipped':
      return doc;
    default: {
      const currentStepNumber = Math.max(doc.currentStepNumber, event.data.stepNumber);
      return currentStepNumber === doc.currentStepNumber ? doc : { ...doc, currentStepNumber };
    }
  }
}

/** Runs by the minute in which they started. Running ones are `started` less all that ended. */
export interface MinuteOfRuns {
  /** As in `2026-05-02T13:05`. */
  readonly minute: string;
  readonly started: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
}

const changes: Readonly<Partial<Record<ExecutionEvent['type'], Partial<Record<keyof MinuteOfRuns, number>>>>> = {
  ExecutionStarted: { started: 1 },
  ExecutionCompleted: { completed: 1 },
  ExecutionFailed: { failed: 1 },
  ExecutionCancelled: { cancelled: 1 },
  ExecutionRetried: { failed: -1 },
};

export function minuteOf(instant: string): string {
  return instant.slice(0, 16);
}

function startOf(event: RecordedEvent): string {
  const { startedAt } = event.data as { startedAt?: string };
  return event.type === 'ExecutionStarted' || startedAt === undefined ? event.metadata.occurredAt : startedAt;
}

export const executionStatisticsView: DocumentProjection<MinuteOfRuns> = {
  kind: 'document',
  name: EXECUTION_STATISTICS_VIEW,
  version: 1,
  categories: ['execution'],
  key: (event) => (changes[event.type as ExecutionEvent['type']] ? minuteOf(startOf(event)) : undefined),
  fold: (doc, event) => {
    const change = changes[event.type as ExecutionEvent['type']] ?? {};
    const before = doc ?? { minute: minuteOf(startOf(event)), started: 0, completed: 0, failed: 0, cancelled: 0 };
    return {
      minute: before.minute,
      started: before.started + (change.started ?? 0),
      completed: before.completed + (change.completed ?? 0),
      failed: before.failed + (change.failed ?? 0),
      cancelled: before.cancelled + (change.cancelled ?? 0),
    };
  },
  fields: {
    minute: { type: 'text', of: (doc) => doc.minute },
    started: { type: 'number', of: (doc) => doc.started },
    completed: { type: 'number', of: (doc) => doc.completed },
    failed: { type: 'number', of: (doc) => doc.failed },
    cancelled: { type: 'number', of: (doc) => doc.cancelled },
  },
  indexes: [['minute']],
};
