// Runs as they are answered: the shapes of the wire contract and what we add to them. Pure.
import type { Json, JsonObject } from '@app/kernel';
import type { RunError } from './execution-events.js';
import type { RunState, StepAttempt, StepState } from './execution-state.js';
import { isObject } from './execution-state.js';
import { contextOf } from './run-draft.js';

/** An item of the list and the answer to a status question. */
export interface ExecutionItem {
  readonly executionId: string;
  readonly workflowId: string;
  readonly workflowName: string;
  readonly workflowVersion: number;
  readonly status: string;
  readonly currentStepNumber: number;
  readonly totalSteps: number;
  readonly startedAt: string;
  readonly completedAt?: string;
  /** Only of a failed run. */
  readonly errorMessage?: string;
  readonly error?: RunError;
}

export function executionItemOf(executionId: string, state: RunState): ExecutionItem {
  return {
    executionId,
    workflowId: state.workflowId,
    workflowName: state.workflowName,
    workflowVersion: state.workflowVersion,
    status: state.status,
    currentStepNumber: state.stepCount,
    totalSteps: state.totalSteps,
    startedAt: state.startedAt,
    ...(state.completedAt === undefined ? {} : { completedAt: state.completedAt }),
    ...(state.status === 'failed' && state.error ? { errorMessage: state.error.message, error: state.error } : {}),
  };
}

export interface StepResultItem {
  readonly stepNumber: number;
  readonly stepName: string;
  readonly nodeId: string;
  readonly status: 'completed' | 'failed';
  readonly output?: Json;
  readonly errorMessage?: string;
  readonly executedAt: string;
  readonly durationMs: number;
}

export interface ExecutionResults {
  readonly executionId: string;
  readonly workflowId: string;
  readonly status: string;
  readonly stepResults: readonly StepResultItem[];
  readonly finalOutput?: Json;
  readonly startedAt: string;
  readonly completedAt?: string;
}

export function executionResultsOf(executionId: string, state: RunState): ExecutionResults {
  const output = finalOutputOf(state);
  return {
    executionId,
    workflowId: state.workflowId,
    status: state.status,
    stepResults: finishedSteps(state).map(stepResultOf),
    ...(output === undefined ? {} : { finalOutput: output }),
    startedAt: state.startedAt,
    ...(state.completedAt === undefined ? {} : { completedAt: state.completedAt }),
  };
}

/** What `set_output` put out, else everything the run knows, its input included; undefined unless it completed. */
export function finalOutputOf(state: RunState): Json | undefined {
  if (state.status !== 'completed') return undefined;
  return state.output ?? (isObject(state.setOutput) ? state.setOutput : contextOf(state));
}

function stepsInOrder(state: RunState): StepState[] {
  return Object.values(state.steps).sort((a, b) => a.stepNumber - b.stepNumber);
}

function finishedSteps(state: RunState): StepState[] {
  return stepsInOrder(state).filter((step) => step.status === 'completed' || step.status === 'failed');
}

function stepResultOf(step: StepState): StepResultItem {
  return {
    stepNumber: step.stepNumber,
    stepName: step.stepName,
    nodeId: step.nodeId,
    status: step.status === 'completed' ? 'completed' : 'failed',
    ...(step.status === 'completed' && step.output !== undefined ? { output: step.output } : {}),
    ...(step.status === 'failed' && step.error ? { errorMessage: step.error.message } : {}),
    executedAt: step.startedAt,
    durationMs: step.durationMs,
  };
}

/** Every step with input, output and attempts, those under way and those skipped included. */
export interface StepDetail {
  readonly nodeId: string;
  readonly stepName: string;
  readonly nodeType: string;
  readonly status: StepState['status'] | 'skipped';
  readonly stepNumber?: number;
  readonly input?: Json;
  readonly output?: Json;
  readonly error?: RunError;
  readonly attempts?: readonly StepAttempt[];
  readonly effect?: string;
  readonly executorId?: string;
  readonly providerConfigId?: string;
  readonly startedAt?: string;
  readonly durationMs?: number;
  readonly retryAt?: string;
  /** Why it was skipped. */
  readonly reason?: string;
}

export function stepDetailsOf(state: RunState): readonly StepDetail[] {
  const run = stepsInOrder(state).map((step): StepDetail => {
    const { failures: _failures, takenEdges: _takenEdges, inputBlob: _in, outputBlob: _out, ...shown } = step;
    return shown;
  });
  const skipped = Object.values(state.skipped).map((step): StepDetail => ({ ...step, status: 'skipped' }));
  return [...run, ...skipped];
}

/** The answer to a start that did not ask to wait: as the contract has it, to the last key. */
export function startAnswerOf(executionId: string, state: RunState, status: string = state.status): JsonObject {
  return { executionId, workflowId: state.workflowId, status, startedAt: state.startedAt };
}

/** The answer to a start that waited: with the outcome, once the run has ended. */
export function waitedAnswerOf(executionId: string, state: RunState): JsonObject {
  const started = startAnswerOf(executionId, state);
  if (state.status === 'running') return started;
  const output = finalOutputOf(state);
  const { errorMessage, error, completedAt } = executionItemOf(executionId, state);
  return {
    ...started,
    ...(completedAt === undefined ? {} : { completedAt }),
    ...(output === undefined ? {} : { finalOutput: output }),
    ...(errorMessage === undefined ? {} : { errorMessage }),
    ...(error === undefined ? {} : { error: error }),
  };
}
