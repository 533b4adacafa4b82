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
  /** Drives it; undefined in a log with one server only. */
  readonly server?: string;
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
  return applyExecutionEvent(state === null ? null : runCopy(state), event, event.metadata?.occurredAt ?? '');
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type MutableStep = Mutable<StepState>;

/** A run that its owner may change in place; its steps are replaced, never changed. */
export type MutableRun = Mutable<Omit<RunState, 'steps' | 'skipped' | 'outputs'>> & {
  readonly steps: Record<string, StepState>;
  readonly skipped: Record<string, SkippedStep>;
  readonly outputs: JsonObject;
};

export function runCopy(state: RunState): MutableRun {
  return { ...state, steps: { ...state.steps }, skipped: { ...state.skipped }, outputs: { ...state.outputs } };
}

/** `evolve` without the copy: every step of every run passes here several times. Returns the run itself. */
export function applyExecutionEvent(run: MutableRun | null, event: ExecutionEvent, occurredAt: string): MutableRun {
  if (event.type === 'ExecutionStarted') return begun(event.data, occurredAt);
  if (run === null) throw new Error(`${event.type} before ExecutionStarted`);
  switch (event.type) {
    case 'StepStarted':
      claimed(run, event.data, occurredAt);
      break;
    case 'StepCompleted':
      stepCompleted(run, event.data);
      break;
    case 'StepFailed':
      stepFailed(run, event.data);
      break;
    case 'StepSkipped': {
      const { nodeId, stepName, nodeType, reason } = event.data;
      run.skipped[nodeId] = { nodeId, stepName, nodeType, reason };
      break;
    }
    case 'ExecutionCompleted':
      run.status = 'completed';
      run.completedAt = occurredAt;
      if (event.data.output !== undefined) run.output = event.data.output;
      if (event.data.outputBlob !== undefined) run.outputBlob = event.data.outputBlob;
      break;
    case 'ExecutionFailed':
      run.status = 'failed';
      run.completedAt = occurredAt;
      run.error = event.data.error;
      break;
    case 'ExecutionCancelled':
      run.status = 'cancelled';
      run.completedAt = occurredAt;
      if (event.data.reason !== undefined) run.cancelReason = event.data.reason;
      break;
    case 'ExecutionRetried':
      retried(run, event.data);
      break;
    default:
      return never(event);
  }
  return run;
}

type DataOf<T extends ExecutionEvent['type']> = Extract<ExecutionEvent, { type: T }>['data'];

function begun(data: DataOf<'ExecutionStarted'>, startedAt: string): MutableRun {
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
    ...(data.server === undefined ? {} : { server: data.server }),
    deadlineAt: data.deadlineAt,
    startedAt,
    steps: {},
    stepCount: 0,
    skipped: {},
    outputs: {},
  };
}

/** The step as it stands next: what lasts over its attempts is kept, how the last attempt ended is not. */
function nextStep(
  run: MutableRun,
  data: DataOf<'StepStarted'> | DataOf<'StepCompleted'> | DataOf<'StepFailed'>,
  status: StepState['status'],
  startedAt: string,
  attempt: StepAttempt,
): MutableStep {
  const before = run.steps[data.nodeId];
  const step: MutableStep = {
    stepNumber: data.stepNumber,
    nodeId: data.nodeId,
    stepName: data.stepName,
    nodeType: data.nodeType,
    status,
    startedAt: before === undefined ? startedAt : before.startedAt,
    durationMs: attempt.durationMs ?? 0,
    attempts: withAttempt(before, attempt),
    failures: before === undefined ? 0 : before.failures,
    effect: before === undefined ? 'idempotent' : before.effect,
  };
  if (before?.input !== undefined) step.input = before.input;
  if (before?.inputBlob !== undefined) step.inputBlob = before.inputBlob;
  if (before?.executorId !== undefined) step.executorId = before.executorId;
  if (before?.providerConfigId !== undefined) step.providerConfigId = before.providerConfigId;
  run.steps[data.nodeId] = step;
  if (data.stepNumber > run.stepCount) run.stepCount = data.stepNumber;
  return step;
}

function withAttempt(before: StepState | undefined, attempt: StepAttempt): readonly StepAttempt[] {
  if (before === undefined) return [attempt];
  const others = before.attempts.filter((one) => one.attempt !== attempt.attempt);
  others.push(attempt);
  return others;
}

function claimed(run: MutableRun, data: DataOf<'StepStarted'>, startedAt: string): void {
  const step = nextStep(run, data, 'running', startedAt, { attempt: data.attempt, startedAt });
  step.effect = data.effect;
  if (data.input !== undefined) step.input = data.input;
  if (data.inputBlob !== undefined) step.inputBlob = data.inputBlob;
  if (data.executorId !== undefined) step.executorId = data.executorId;
  if (data.providerConfigId !== undefined) step.providerConfigId = data.providerConfigId;
}

function attemptOf(data: DataOf<'StepCompleted'> | DataOf<'StepFailed'>): Mutable<StepAttempt> {
  const { attempt, startedAt, durationMs, call } = data;
  const ended: Mutable<StepAttempt> = { attempt, startedAt, durationMs };
  if (call !== undefined) ended.call = call;
  return ended;
}

function stepCompleted(run: MutableRun, data: DataOf<'StepCompleted'>): void {
  const step = nextStep(run, data, 'completed', data.startedAt, attemptOf(data));
  step.takenEdges = data.takenEdges ?? [];
  if (data.output !== undefined) step.output = data.output;
  if (data.outputBlob !== undefined) step.outputBlob = data.outputBlob;
  leaveOutput(run, data.nodeType, data.nodeId, data.output);
}

/** What a finished node leaves for those behind it: executors their output, `set_output` the run's. */
export function leaveOutput(run: MutableRun, nodeType: string, nodeId: string, output: Json | undefined): void {
  if (nodeType === 'executor') run.outputs[nodeId] = output ?? null;
  else if (nodeType === 'action' && isObject(output) && output['actionType'] === 'set_output') {
    run.setOutput = output['output'] ?? null;
  }
}

function stepFailed(run: MutableRun, data: DataOf<'StepFailed'>): void {
  const attempt = attemptOf(data);
  attempt.error = data.error;
  if (data.retryAt !== undefined) attempt.retryAt = data.retryAt;
  const step = nextStep(run, data, data.retryAt === undefined ? 'failed' : 'waiting', data.startedAt, attempt);
  step.failures += data.error.code === INTERRUPTED ? 0 : 1;
  step.error = data.error;
  if (data.retryAt !== undefined) step.retryAt = data.retryAt;
}

/** Failed steps become due at once, with their attempts kept and their failures forgiven. */
function retried(run: MutableRun, { deadlineAt, server }: DataOf<'ExecutionRetried'>): void {
  delete run.error;
  delete run.completedAt;
  run.status = 'running';
  run.deadlineAt = deadlineAt;
  if (server === undefined) delete run.server;
  else run.server = server;
  for (const step of Object.values(run.steps)) {
    if (step.status === 'completed') continue;
    run.steps[step.nodeId] = { ...step, status: 'waiting', retryAt: run.startedAt, failures: 0 };
  }
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
