// A run folded from its stream: everything that its decisions depend on.
import type { Json, JsonObject } from '@app/kernel';
import { never } from '@app/kernel';
import type { BlobReference, ExecutionEvent, RunError } from './execution-events.js';

export type RunStatus = 'running' | 'completed' | 'failed' | 'cancelled';
export type StepEffect = 'idempotent' | 'at_least_once' | 'at_most_once';

export interface StepAttempt {
  readonly attempt: number;
  readonly startedAt: string;
  readonly durationMs?: number;
  readonly error?: RunError;
  readonly call?: JsonObject;
  readonly retryAt?: string;
}

export interface StepState {
  readonly stepNumber: number;
  readonly nodeId: string;
  readonly stepName: string;
  readonly nodeType: string;
  /** `waiting`: the last attempt failed and another one is due at `retryAt`. */
  readonly status: 'running' | 'waiting' | 'completed' | 'failed';
  readonly startedAt: string;
  readonly durationMs: number;
  readonly attempts: readonly StepAttempt[];
  /** Failed attempts since the run began or was retried by a person. */
  readonly failures: number;
  readonly effect: StepEffect;
  readonly input?: Json;
  readonly inputBlob?: BlobReference;
  readonly output?: Json;
  readonly outputBlob?: BlobReference;
  readonly takenEdges?: readonly string[];
  readonly error?: RunError;
  readonly retryAt?: string;
  readonly executorId?: string;
  readonly providerConfigId?: string;
}

export interface SkippedStep {
  readonly nodeId: string;
  readonly stepName: string;
  readonly nodeType: string;
  readonly reason: string;
}

export interface RunState {
  readonly status: RunStatus;
  readonly workflowId: string;
  readonly workflowName: string;
  readonly workflowVersion: number;
  readonly definitionHash: string;
  readonly trigger: { readonly kind: 'rest' | 'webhook'; readonly nodeId: string; readonly idempotencyKey?: string };
  readonly requestHash: string;
  readonly input: Json;
  readonly inputBlob?: BlobReference;
  readonly totalSteps: number;
  readonly deadlineAt: string;
  readonly startedAt: string;
  readonly completedAt?: string;
  /** By node id, in the order in which they were first claimed. */
  readonly steps: Readonly<Record<string, StepState>>;
  readonly stepCount: number;
  readonly skipped: Readonly<Record<string, SkippedStep>>;
  /** Outputs of finished executor nodes by node id. */
  readonly outputs: JsonObject;
  /** What `set_output` put out last. */
  readonly setOutput?: Json;
  readonly output?: Json;
  readonly outputBlob?: BlobReference;
  readonly error?: RunError;
  readonly cancelReason?: string;
}

/** Code of an attempt that ended because its server did; it does not count as a failure of the provider. */
export const INTERRUPTED = 'interrupted';

/** A run before its first event. */
export type ExecutionState = RunState | null;

/** When the event was decided is part of what it says: the fold of a stream must give the same state as the live run. */
export type TimedExecutionEvent = ExecutionEvent & { readonly metadata?: { readonly occurredAt: string } };

export function evolveExecution(state: ExecutionState, event: TimedExecutionEvent): ExecutionState {
  if (event.type === 'ExecutionStarted') return begun(event.data, event.metadata?.occurredAt ?? '');
  if (state === null) throw new Error(`${event.type} before ExecutionStarted`);
  const occurredAt = event.metadata?.occurredAt ?? '';
  switch (event.type) {
    case 'StepStarted':
      return claimed(state, event.data, occurredAt);
    case 'StepCompleted':
      return stepCompleted(state, event.data);
    case 'StepFailed':
      return stepFailed(state, event.data);
    case 'StepSkipped': {
      const { nodeId, stepName, nodeType, reason } = event.data;
      return { ...state, skipped: { ...state.skipped, [nodeId]: { nodeId, stepName, nodeType, reason } } };
    }
    case 'ExecutionCompleted':
      return {
        ...state,
        status: 'completed',
        completedAt: occurredAt,
        ...(event.data.output === undefined ? {} : { output: event.data.output }),
        ...(event.data.outputBlob === undefined ? {} : { outputBlob: event.data.outputBlob }),
      };
    case 'ExecutionFailed':
      return { ...state, status: 'failed', completedAt: occurredAt, error: event.data.error };
    case 'ExecutionCancelled':
      return {
        ...state,
        status: 'cancelled',
        completedAt: occurredAt,
        ...(event.data.reason === undefined ? {} : { cancelReason: event.data.reason }),
      };
    case 'ExecutionRetried':
      return retried(state, event.data.deadlineAt);
    default:
      return never(event);
  }
}

type DataOf<T extends ExecutionEvent['type']> = Extract<ExecutionEvent, { type: T }>['data'];

function begun(data: DataOf<'ExecutionStarted'>, startedAt: string): RunState {
  return {
    status: 'running',
    workflowId: data.workflowId,
    workflowName: data.workflowName,
    workflowVersion: data.workflowVersion,
    definitionHash: data.definitionHash,
    trigger: data.trigger,
    requestHash: data.requestHash,
    input: data.input,
    ...(data.inputBlob ? { inputBlob: data.inputBlob } : {}),
    totalSteps: data.totalSteps,
    deadlineAt: data.deadlineAt,
    startedAt,
    steps: {},
    stepCount: 0,
    skipped: {},
    outputs: {},
  };
}

function withStep(state: RunState, step: StepState): RunState {
  return {
    ...state,
    steps: { ...state.steps, [step.nodeId]: step },
    stepCount: Math.max(state.stepCount, step.stepNumber),
  };
}

function claimed(state: RunState, data: DataOf<'StepStarted'>, startedAt: string): RunState {
  const before = state.steps[data.nodeId];
  const { error: _error, retryAt: _retryAt, ...kept } = before ?? ({} as Partial<StepState>);
  return withStep(state, {
    ...kept,
    stepNumber: data.stepNumber,
    nodeId: data.nodeId,
    stepName: data.stepName,
    nodeType: data.nodeType,
    status: 'running',
    startedAt: before?.startedAt ?? startedAt,
    durationMs: 0,
    attempts: [...(before?.attempts ?? []), { attempt: data.attempt, startedAt }],
    failures: before?.failures ?? 0,
    effect: data.effect,
    ...(data.input === undefined ? {} : { input: data.input }),
    ...(data.inputBlob === undefined ? {} : { inputBlob: data.inputBlob }),
    ...(data.executorId === undefined ? {} : { executorId: data.executorId }),
    ...(data.providerConfigId === undefined ? {} : { providerConfigId: data.providerConfigId }),
  });
}

function attemptEnded(
  step: StepState | undefined,
  data: DataOf<'StepCompleted'> | DataOf<'StepFailed'>,
): readonly StepAttempt[] {
  const ended: StepAttempt = {
    attempt: data.attempt,
    startedAt: data.startedAt,
    durationMs: data.durationMs,
    ...('error' in data ? { error: data.error } : {}),
    ...(data.call === undefined ? {} : { call: data.call }),
    ...('retryAt' in data && data.retryAt !== undefined ? { retryAt: data.retryAt } : {}),
  };
  return [...(step?.attempts ?? []).filter((one) => one.attempt !== data.attempt), ended];
}

function stepCompleted(state: RunState, data: DataOf<'StepCompleted'>): RunState {
  const before = state.steps[data.nodeId];
  const { error: _error, retryAt: _retryAt, ...kept } = before ?? ({} as Partial<StepState>);
  const next = withStep(state, {
    ...kept,
    stepNumber: data.stepNumber,
    nodeId: data.nodeId,
    stepName: data.stepName,
    nodeType: data.nodeType,
    status: 'completed',
    startedAt: before?.startedAt ?? data.startedAt,
    durationMs: data.durationMs,
    attempts: attemptEnded(before, data),
    failures: before?.failures ?? 0,
    effect: before?.effect ?? 'idempotent',
    takenEdges: data.takenEdges ?? [],
    ...(data.output === undefined ? {} : { output: data.output }),
    ...(data.outputBlob === undefined ? {} : { outputBlob: data.outputBlob }),
  });
  return withOutput(next, data.nodeType, data.nodeId, data.output);
}

/** What a finished node leaves for those behind it: executors their output, `set_output` the run's. */
export function withOutput(state: RunState, nodeType: string, nodeId: string, output: Json | undefined): RunState {
  if (nodeType === 'executor') return { ...state, outputs: { ...state.outputs, [nodeId]: output ?? null } };
  if (nodeType !== 'action' || !isObject(output) || output['actionType'] !== 'set_output') return state;
  return { ...state, setOutput: output['output'] ?? null };
}

function stepFailed(state: RunState, data: DataOf<'StepFailed'>): RunState {
  const before = state.steps[data.nodeId];
  const { retryAt: _retryAt, ...kept } = before ?? ({} as Partial<StepState>);
  return withStep(state, {
    ...kept,
    stepNumber: data.stepNumber,
    nodeId: data.nodeId,
    stepName: data.stepName,
    nodeType: data.nodeType,
    status: data.retryAt === undefined ? 'failed' : 'waiting',
    startedAt: before?.startedAt ?? data.startedAt,
    durationMs: data.durationMs,
    attempts: attemptEnded(before, data),
    failures: (before?.failures ?? 0) + (data.error.code === INTERRUPTED ? 0 : 1),
    effect: before?.effect ?? 'idempotent',
    error: data.error,
    ...(data.retryAt === undefined ? {} : { retryAt: data.retryAt }),
  });
}

/** Failed steps become due at once, with their attempts kept and their failures forgiven. */
function retried(state: RunState, deadlineAt: string): RunState {
  const { error: _error, completedAt: _completedAt, ...open } = state;
  const steps = Object.fromEntries(
    Object.values(state.steps).map((step) => [
      step.nodeId,
      step.status === 'failed' || step.status === 'waiting' || step.status === 'running'
        ? { ...step, status: 'waiting' as const, retryAt: state.startedAt, failures: 0 }
        : step,
    ]),
  );
  return { ...open, status: 'running', deadlineAt, steps };
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
