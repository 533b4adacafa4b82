// A run decides: what to claim, what to skip, when to end. Pure: time, randomness, slots and the compiled version come
// with the command. Reading order: commands, situation, decide, the steps of a decision.
import type { Decision, Decider, Json, JsonObject } from '@app/kernel';
import { isRefusal, never, refuse, timestamp } from '@app/kernel';
import type { EvaluationScope } from '@app/expression';
import type { CallOutcome, CallRecord } from '@app/provider';
import { stepNameOf } from '@app/workflow';
import type { CompiledDefinition, CompiledStep, ExecutorStep } from './compiled-definition.js';
import type { ExecutionEvent, RunError } from './execution-events.js';
import type { ExecutionState, RunState, StepState } from './execution-state.js';
import { evolveExecution, INTERRUPTED, isObject, withOutput } from './execution-state.js';
import type { NodeOutcome } from './planner.js';
import { plan } from './planner.js';
import { retryDelayMs } from './retry-policy.js';

export interface StepResult {
  readonly nodeId: string;
  readonly attempt: number;
  readonly outcome: CallOutcome;
  readonly durationMs: number;
}

export type RunCommand =
  | {
      readonly kind: 'StartRun';
      readonly workflowId: string;
      readonly workflowName: string;
      readonly workflowVersion: number;
      readonly definitionHash: string;
      readonly trigger: RunState['trigger'];
      readonly input: Json;
      readonly requestHash: string;
      readonly runTimeoutMs: number;
    }
  /** Results of claimed steps came in; none: look again, because a slot is free or a retry is due. */
  | { readonly kind: 'AdvanceRun'; readonly results: readonly StepResult[] }
  /** Its server stopped: claims without a result are of an unknown outcome. */
  | { readonly kind: 'ResumeRun' }
  | { readonly kind: 'CancelRun'; readonly reason?: string }
  | { readonly kind: 'ExpireRun' }
  | { readonly kind: 'RetryRun'; readonly runTimeoutMs: number };

/** What a decision needs from outside its stream. */
export interface Situation {
  readonly runId: string;
  readonly definition: CompiledDefinition;
  readonly nowMs: number;
  /** In [0, 1), for the jitter of retries. */
  readonly random: number;
  /** Asks for the right to run one more step; a granted one is used. */
  readonly claim: (step: ExecutorStep) => boolean;
}

export interface RunDecision {
  readonly events: readonly ExecutionEvent[];
  readonly state: ExecutionState;
  /** Steps that could run but for a free slot. */
  readonly blocked: readonly ExecutorStep[];
}

/** The run after its own decision, while the decision is being made. */
interface Draft {
  state: ExecutionState;
  readonly events: ExecutionEvent[];
  readonly situation: Situation;
  readonly nowIso: string;
}

export function decideRun(
  command: RunCommand,
  state: ExecutionState,
  situation: Situation,
): RunDecision | ReturnType<typeof refuse> {
  const draft: Draft = { state, events: [], situation, nowIso: timestamp(situation.nowMs) };
  if (command.kind === 'StartRun') {
    start(draft, command);
    return ended(draft, advance(draft));
  }
  if (state === null) return refuse('not_found', 'FLK-0500', 'execution not found');
  if (command.kind === 'RetryRun') {
    if (state.status !== 'failed') return refuse('state', 'FLK-0501', `a ${state.status} run cannot be retried`);
    retry(draft, state, command.runTimeoutMs);
    return ended(draft, advance(draft));
  }
  if (state.status !== 'running') {
    if (command.kind !== 'CancelRun' || state.status === 'cancelled') return ended(draft, []);
    return refuse('state', 'FLK-0501', `a ${state.status} run cannot be cancelled`);
  }
  switch (command.kind) {
    case 'AdvanceRun':
      for (const result of command.results) settle(draft, result);
      return ended(draft, advance(draft));
    case 'ResumeRun':
      for (const step of runningSteps(state)) interrupt(draft, step);
      return ended(draft, advance(draft));
    case 'CancelRun':
      cancel(draft, state, command.reason);
      return ended(draft, []);
    case 'ExpireRun':
      expire(draft, state);
      return ended(draft, []);
    default:
      return never(command);
  }
}

function ended(draft: Draft, blocked: readonly ExecutorStep[]): RunDecision {
  return { events: draft.events, state: draft.state, blocked };
}

function add(draft: Draft, event: ExecutionEvent): void {
  draft.events.push(event);
  draft.state = evolveExecution(draft.state, { ...event, metadata: { occurredAt: draft.nowIso } });
}

function start(draft: Draft, command: Extract<RunCommand, { kind: 'StartRun' }>): void {
  const { kind: _kind, runTimeoutMs, ...data } = command;
  add(draft, {
    type: 'ExecutionStarted',
    data: {
      ...data,
      totalSteps: draft.situation.definition.totalSteps,
      deadlineAt: timestamp(draft.situation.nowMs + runTimeoutMs),
    },
  });
}

function retry(draft: Draft, state: RunState, runTimeoutMs: number): void {
  const failed = Object.values(state.steps).find((step) => step.status === 'failed');
  add(draft, {
    type: 'ExecutionRetried',
    data: {
      workflowId: state.workflowId,
      workflowName: state.workflowName,
      workflowVersion: state.workflowVersion,
      fromNodeId: failed?.nodeId ?? state.error?.nodeId ?? state.trigger.nodeId,
      stepNumber: failed?.stepNumber ?? state.stepCount,
      startedAt: state.startedAt,
      deadlineAt: timestamp(draft.situation.nowMs + runTimeoutMs),
    },
  });
}

function cancel(draft: Draft, state: RunState, reason: string | undefined): void {
  const message = 'the run was cancelled during the call, whose outcome is not known';
  for (const step of runningSteps(state)) failStep(draft, step, { code: 'cancelled', message });
  add(draft, {
    type: 'ExecutionCancelled',
    data: { ...endOf(draft), ...(reason === undefined ? {} : { reason }) },
  });
}

function expire(draft: Draft, state: RunState): void {
  const message = 'execution timeout: context deadline exceeded';
  for (const step of runningSteps(state)) failStep(draft, step, { code: 'timeout', message });
  add(draft, { type: 'ExecutionFailed', data: { ...endOf(draft), error: { code: 'timeout', message } } });
}

/** A claim whose server stopped: repeated when its effect allows that, else left to a person. */
function interrupt(draft: Draft, step: StepState): void {
  if (step.effect === 'at_most_once') {
    const message = 'the server stopped during the call; whether it took effect is not known';
    failStep(draft, step, { code: 'outcome_unknown', message });
  } else {
    failStep(draft, step, { code: INTERRUPTED, message: 'the server stopped during the call' }, draft.nowIso);
  }
}

function failStep(draft: Draft, step: StepState, error: RunError, retryAt?: string): void {
  const attempt = step.attempts.at(-1);
  add(draft, {
    type: 'StepFailed',
    data: {
      ...stepIdentity(draft, step),
      attempt: attempt?.attempt ?? 1,
      startedAt: attempt?.startedAt ?? draft.nowIso,
      durationMs: attempt ? draft.situation.nowMs - Date.parse(attempt.startedAt) : 0,
      error: { ...error, nodeId: step.nodeId, attempt: attempt?.attempt ?? 1 },
      ...(retryAt === undefined ? {} : { retryAt }),
    },
  });
}

/** Records what came of one claimed attempt. A result nobody waits for any more is dropped. */
function settle(draft: Draft, result: StepResult): void {
  const step = draft.state?.steps[result.nodeId];
  const compiled = draft.situation.definition.steps.get(result.nodeId);
  if (step?.status !== 'running' || step.attempts.at(-1)?.attempt !== result.attempt) return;
  if (compiled?.kind !== 'executor') throw new Error(`"${result.nodeId}" is no executor node`);
  if (!result.outcome.ok) {
    callFailed(draft, step, compiled, result, result.outcome);
    return;
  }
  const output = compiled.output.evaluate(result.outcome.envelope);
  if (output.ok) {
    stepEnded(draft, compiled, step, output.value, result.durationMs, result.outcome.call);
    return;
  }
  const message = `output transformation failed: ${output.message}`;
  attemptFailed(draft, step, result, { code: 'output_transformation_failed', message }, result.outcome.call);
}

function callFailed(
  draft: Draft,
  step: StepState,
  compiled: ExecutorStep,
  result: StepResult,
  { error, call }: Extract<CallOutcome, { ok: false }>,
): void {
  const { nowMs, random } = draft.situation;
  const failures = step.failures + 1;
  const delayMs = error.retryable ? retryDelayMs(compiled.retry, failures, random, error.retryAfterMs) : undefined;
  const attempts = failures === 1 ? '1 attempt' : `${failures} attempts`;
  const recorded: RunError = {
    code: error.code,
    message: delayMs === undefined ? `executor call failed after ${attempts}: ${error.message}` : error.message,
    ...(error.httpStatus === undefined ? {} : { httpStatus: error.httpStatus }),
    ...(error.bodyExcerpt === undefined ? {} : { bodyExcerpt: error.bodyExcerpt }),
  };
  attemptFailed(draft, step, result, recorded, call, delayMs === undefined ? undefined : timestamp(nowMs + delayMs));
}

function attemptFailed(
  draft: Draft,
  step: StepState,
  result: StepResult,
  error: RunError,
  call: CallRecord | undefined,
  retryAt?: string,
): void {
  add(draft, {
    type: 'StepFailed',
    data: {
      ...stepIdentity(draft, step),
      attempt: result.attempt,
      startedAt: step.attempts.at(-1)?.startedAt ?? draft.nowIso,
      durationMs: result.durationMs,
      error: { ...error, nodeId: step.nodeId, attempt: result.attempt },
      ...(call === undefined ? {} : { call }),
      ...(retryAt === undefined ? {} : { retryAt }),
    },
  });
}

/**
 * Goes on from where the run stands: skips what is dead, decides what has no effect, claims what may run, and ends the
 * run when nothing is left. A failed step stops new claims; the run fails once those under way are settled.
 * @returns steps that wait for a slot
 */
function advance(draft: Draft): readonly ExecutorStep[] {
  const passed = new Map<string, NodeOutcome>();
  const blocked = new Map<string, ExecutorStep>();
  let fault: RunError | undefined;
  for (let moved = true; moved && fault === undefined && !hasFailed(draft);) {
    moved = false;
    const next = plan(draft.situation.definition.graph, runOf(draft).trigger.nodeId, (nodeId) =>
      outcomeOf(runOf(draft), nodeId, passed, blocked),
    );
    for (const nodeId of next.skipped) skip(draft, nodeId, passed);
    for (const nodeId of next.ready) {
      const step = stepOf(draft, nodeId);
      moved = true;
      if (step.kind === 'executor') claimFirst(draft, step, blocked);
      else if (step.kind === 'pass') fault ??= pass(draft, step, passed);
      else decideInstantly(draft, step);
    }
  }
  if (fault === undefined && !hasFailed(draft)) claimDueRetries(draft, blocked);
  if (fault !== undefined || nothingLeft(runOf(draft), blocked)) end(draft, fault);
  return runOf(draft).status === 'running' ? [...blocked.values()] : [];
}

function outcomeOf(
  state: RunState,
  nodeId: string,
  passed: ReadonlyMap<string, NodeOutcome>,
  blocked: ReadonlyMap<string, ExecutorStep>,
): NodeOutcome | undefined {
  const step = state.steps[nodeId];
  if (step?.status === 'completed') return { kind: 'completed', takenEdges: new Set(step.takenEdges) };
  if (step !== undefined || blocked.has(nodeId)) return { kind: 'pending' };
  if (state.skipped[nodeId] !== undefined) return { kind: 'skipped' };
  return passed.get(nodeId);
}

function skip(draft: Draft, nodeId: string, passed: Map<string, NodeOutcome>): void {
  const { node } = stepOf(draft, nodeId);
  if (node.type === 'trigger') {
    passed.set(nodeId, { kind: 'skipped' });
    return;
  }
  add(draft, {
    type: 'StepSkipped',
    data: {
      workflowId: runOf(draft).workflowId,
      workflowName: runOf(draft).workflowName,
      nodeId,
      stepName: stepNameOf(node),
      nodeType: node.type,
      reason: 'no edge that was taken leads to it',
    },
  });
}

/** Nodes without a step of their own: their edges are decided on the spot. */
function pass(draft: Draft, step: CompiledStep, passed: Map<string, NodeOutcome>): RunError | undefined {
  const taken = takenEdges(draft, step, scopeOf(draft, runOf(draft)));
  if ('error' in taken) return taken.error;
  passed.set(step.node.id, { kind: 'completed', takenEdges: new Set(taken.edges) });
  return undefined;
}

function decideInstantly(draft: Draft, step: Extract<CompiledStep, { kind: 'conditional' | 'action' }>): void {
  const scope = scopeOf(draft, runOf(draft));
  if (step.kind === 'action') {
    const output = step.output.evaluate(scope);
    if (!output.ok) {
      instantFailed(draft, step, { code: 'output_failed', message: `output evaluation failed: ${output.message}` });
      return;
    }
    const given = step.node.data ?? {};
    stepEnded(draft, step, undefined, 'output' in given ? { ...given, output: output.value } : given, 0);
    return;
  }
  const result = step.condition.evaluate(scope);
  if (!result.ok) {
    const message = `condition evaluation failed: ${result.message}`;
    instantFailed(draft, step, { code: 'condition_failed', message });
    return;
  }
  const branchTaken = result.value ? 'true' : 'false';
  stepEnded(draft, step, undefined, { condition: step.text, result: result.value, branchTaken }, 0);
}

function claimFirst(draft: Draft, step: ExecutorStep, blocked: Map<string, ExecutorStep>): void {
  const body = step.input.evaluate(scopeOf(draft, runOf(draft)));
  if (!body.ok) {
    const message = `input transformation failed: ${body.message}`;
    instantFailed(draft, step, { code: 'input_transformation_failed', message });
  } else if (draft.situation.claim(step)) {
    claim(draft, step, 1, body.value);
  } else {
    blocked.set(step.node.id, step);
  }
}

function claimDueRetries(draft: Draft, blocked: Map<string, ExecutorStep>): void {
  for (const waiting of Object.values(runOf(draft).steps)) {
    if (waiting.status !== 'waiting' || Date.parse(waiting.retryAt ?? '') > draft.situation.nowMs) continue;
    const step = stepOf(draft, waiting.nodeId);
    if (step.kind !== 'executor') throw new Error(`"${waiting.nodeId}" waits, but is no executor node`);
    if (draft.situation.claim(step)) claim(draft, step, (waiting.attempts.at(-1)?.attempt ?? 0) + 1);
    else blocked.set(waiting.nodeId, step);
  }
}

/** @param input given with the first attempt only; later ones send the same */
function claim(draft: Draft, step: ExecutorStep, attempt: number, input?: Json): void {
  add(draft, {
    type: 'StepStarted',
    data: {
      ...identityOf(draft, step),
      attempt,
      ...(input === undefined ? {} : { input }),
      effect: step.effect,
      executorId: step.executorId,
      providerConfigId: step.providerConfigId,
    },
  });
}

function stepEnded(
  draft: Draft,
  step: CompiledStep,
  claimed: StepState | undefined,
  output: Json,
  durationMs: number,
  call?: CallRecord,
): void {
  const after = withOutput(runOf(draft), step.node.type, step.node.id, output);
  const taken = takenEdges(draft, step, scopeOf(draft, after), output);
  const attempt = claimed?.attempts.at(-1);
  const about = {
    ...identityOf(draft, step),
    attempt: attempt?.attempt ?? 1,
    startedAt: attempt?.startedAt ?? draft.nowIso,
    durationMs,
    ...(call === undefined ? {} : { call }),
  };
  if ('error' in taken) add(draft, { type: 'StepFailed', data: { ...about, error: taken.error } });
  else add(draft, { type: 'StepCompleted', data: { ...about, output, takenEdges: taken.edges } });
}

function instantFailed(draft: Draft, step: CompiledStep, error: RunError): void {
  add(draft, {
    type: 'StepFailed',
    data: {
      ...identityOf(draft, step),
      attempt: 1,
      startedAt: draft.nowIso,
      durationMs: 0,
      error: { ...error, nodeId: step.node.id, attempt: 1 },
    },
  });
}

/** A conditional takes the edges of the handle it decided for; any other node those whose own condition holds. */
function takenEdges(
  draft: Draft,
  step: CompiledStep,
  scope: EvaluationScope,
  output?: Json,
): { readonly edges: string[] } | { readonly error: RunError } {
  const { graph, edgeConditions } = draft.situation.definition;
  const outgoing = graph.outgoing.get(step.node.id) ?? [];
  if (step.kind === 'conditional') {
    const handle = isObject(output) ? output['branchTaken'] : undefined;
    return { edges: outgoing.filter((edge) => edge.sourceHandle === handle).map((edge) => edge.id) };
  }
  const edges: string[] = [];
  for (const edge of outgoing) {
    const holds = edgeConditions.get(edge.id)?.evaluate(scope) ?? { ok: true as const, value: true };
    if (!holds.ok) {
      const message = `condition evaluation failed: edge "${edge.id}": ${holds.message}`;
      return { error: { code: 'condition_failed', message, nodeId: step.node.id } };
    }
    if (holds.value) edges.push(edge.id);
  }
  return { edges };
}

function nothingLeft(state: RunState, blocked: ReadonlyMap<string, unknown>): boolean {
  const steps = Object.values(state.steps);
  if (steps.some((step) => step.status === 'running')) return false;
  if (steps.some((step) => step.status === 'failed')) return true;
  return blocked.size === 0 && !steps.some((step) => step.status === 'waiting');
}

function end(draft: Draft, fault: RunError | undefined): void {
  const state = runOf(draft);
  const failed = Object.values(state.steps).find((step) => step.status === 'failed');
  const error = fault ?? failed?.error;
  if (error !== undefined) {
    const nodeId = error.nodeId ?? failed?.nodeId;
    const told = { ...error, message: nodeId === undefined ? error.message : `node "${nodeId}": ${error.message}` };
    add(draft, {
      type: 'ExecutionFailed',
      data: { ...endOf(draft), error: told, ...(nodeId === undefined ? {} : { nodeId }) },
    });
    return;
  }
  const output = isObject(state.setOutput) ? { output: state.setOutput } : {};
  add(draft, { type: 'ExecutionCompleted', data: { ...endOf(draft), ...output } });
}

function endOf(draft: Draft): Extract<ExecutionEvent, { type: 'ExecutionCompleted' }>['data'] {
  const { workflowId, workflowName, workflowVersion, startedAt } = runOf(draft);
  const durationMs = draft.situation.nowMs - Date.parse(startedAt);
  return { workflowId, workflowName, workflowVersion, startedAt, durationMs };
}

function scopeOf(draft: Draft, state: RunState): EvaluationScope {
  return {
    context: contextOf(state),
    input: state.input,
    steps: state.outputs,
    run: {
      id: draft.situation.runId,
      startedAt: state.startedAt,
      workflowId: state.workflowId,
      version: state.workflowVersion,
    },
  };
}

/** What plain paths see: the input as `workflow`, each finished executor under its id, what was put out as `output`. */
export function contextOf(state: RunState): JsonObject {
  const context: JsonObject = { workflow: state.input, ...state.outputs };
  if (state.setOutput !== undefined) context['output'] = state.setOutput;
  return context;
}

function runOf(draft: Draft): RunState {
  if (draft.state === null) throw new Error('the run has not begun');
  return draft.state;
}

function stepOf(draft: Draft, nodeId: string): CompiledStep {
  const step = draft.situation.definition.steps.get(nodeId);
  if (!step) throw new Error(`the version has no node "${nodeId}"`);
  return step;
}

function runningSteps(state: RunState): StepState[] {
  return Object.values(state.steps).filter((step) => step.status === 'running');
}

function hasFailed(draft: Draft): boolean {
  return Object.values(runOf(draft).steps).some((step) => step.status === 'failed');
}

function identityOf(draft: Draft, { node }: CompiledStep): ReturnType<typeof stepIdentity> {
  const known = runOf(draft).steps[node.id];
  return stepIdentity(draft, {
    stepNumber: known?.stepNumber ?? runOf(draft).stepCount + 1,
    nodeId: node.id,
    stepName: stepNameOf(node),
    nodeType: node.type,
  });
}

function stepIdentity(draft: Draft, step: Pick<StepState, 'stepNumber' | 'nodeId' | 'stepName' | 'nodeType'>) {
  const { workflowId, workflowName } = runOf(draft);
  const { stepNumber, nodeId, stepName, nodeType } = step;
  return { workflowId, workflowName, stepNumber, nodeId, stepName, nodeType };
}

/** The run as an aggregate like any other, for those who load and replay it. */
export const execution: Decider<{ command: RunCommand; situation: Situation }, ExecutionState, ExecutionEvent> = {
  category: 'execution',
  initial: null,
  decide({ command, situation }, state): Decision<ExecutionEvent> {
    const decided = decideRun(command, state, situation);
    return isRefusal(decided) ? decided : decided.events;
  },
  evolve: evolveExecution,
};
