// A decision in the making: the events so far and the run as it stands after them; and the facts that events repeat.
import type { Json, JsonObject } from '@app/kernel';
import type { EvaluationScope } from '@app/expression';
import type { CallRecord } from '@app/provider';
import { stepNameOf } from '@app/workflow';
import type { CompiledStep } from './compiled-definition.js';
import type { ExecutionEvent, RunError } from './execution-events.js';
import type { MutableRun, RunState, StepState } from './execution-state.js';
import { applyExecutionEvent, isObject, leaveOutput, runCopy } from './execution-state.js';
import type { Situation } from './run-command.js';

/** The run after its own decision, while the decision is being made. */
export interface Draft {
  /** Its own copy, changed in place. */
  state: MutableRun | null;
  readonly events: ExecutionEvent[];
  readonly situation: Situation;
  readonly nowIso: string;
}

export function add(draft: Draft, event: ExecutionEvent): void {
  draft.events.push(event);
  draft.state = applyExecutionEvent(draft.state, event, draft.nowIso);
}

export function stepEnded(
  draft: Draft,
  step: CompiledStep,
  claimed: StepState | undefined,
  output: Json,
  durationMs: number,
  call?: CallRecord,
): void {
  const taken = takenEdges(draft, step, output, () => {
    const after = runCopy(runOf(draft));
    leaveOutput(after, step.node.type, step.node.id, output);
    return scopeOf(draft, after);
  });
  const attempt = claimed?.attempts.at(-1);
  // Set one by one: copying an object into a larger literal costs ten times as much, for every step of every run.
  const data = identityOf(draft, step) as EndedStep;
  data.attempt = attempt === undefined ? nextAttempt(runOf(draft).steps[step.node.id]) : attempt.attempt;
  data.startedAt = attempt === undefined ? draft.nowIso : attempt.startedAt;
  data.durationMs = durationMs;
  if (call !== undefined) data.call = call;
  if ('error' in taken) {
    add(draft, { type: 'StepFailed', data: { ...data, error: taken.error } });
    return;
  }
  data.output = output;
  data.takenEdges = taken.edges;
  add(draft, { type: 'StepCompleted', data });
}

type EndedStep = Extract<ExecutionEvent, { type: 'StepCompleted' }>['data'];

export function nextAttempt(step: StepState | undefined): number {
  return (step?.attempts.at(-1)?.attempt ?? 0) + 1;
}

const MESSAGE_LENGTH_MAX = 1_000;

/** An error as it may be recorded: its message can repeat names that somebody else chose, of any length and content. */
export function recordable(error: RunError): RunError {
  const { message } = error;
  if (message.length <= MESSAGE_LENGTH_MAX) return { ...error, message: message.toWellFormed() };
  return { ...error, message: `${message.slice(0, MESSAGE_LENGTH_MAX).toWellFormed()}...` };
}

export function instantFailed(draft: Draft, step: CompiledStep, error: RunError): void {
  const attempt = nextAttempt(runOf(draft).steps[step.node.id]);
  add(draft, {
    type: 'StepFailed',
    data: {
      ...identityOf(draft, step),
      attempt,
      startedAt: draft.nowIso,
      durationMs: 0,
      error: { ...recordable(error), nodeId: step.node.id, attempt },
    },
  });
}

/** A conditional takes the edges of the handle it decided for; any other node those whose own condition holds. */
export function takenEdges(
  draft: Draft,
  step: CompiledStep,
  output: Json | undefined,
  scope: () => EvaluationScope,
): { readonly edges: string[] } | { readonly error: RunError } {
  const { graph, edgeConditions } = draft.situation.definition;
  const outgoing = graph.outgoing.get(step.node.id) ?? [];
  if (step.kind === 'conditional') {
    const handle = isObject(output) ? output['branchTaken'] : undefined;
    return { edges: outgoing.filter((edge) => edge.sourceHandle === handle).map((edge) => edge.id) };
  }
  const edges: string[] = [];
  for (const edge of outgoing) {
    const condition = edgeConditions.get(edge.id);
    if (condition === undefined) {
      edges.push(edge.id);
      continue;
    }
    const holds = condition.evaluate(scope());
    if (!holds.ok) {
      const message = `condition evaluation failed: edge "${edge.id}": ${holds.message}`;
      return { error: { code: 'condition_failed', message, nodeId: step.node.id } };
    }
    if (holds.value) edges.push(edge.id);
  }
  return { edges };
}

export function endOf(draft: Draft): Extract<ExecutionEvent, { type: 'ExecutionCompleted' }>['data'] {
  const { workflowId, workflowName, workflowVersion, startedAt } = runOf(draft);
  const durationMs = draft.situation.nowMs - Date.parse(startedAt);
  return { workflowId, workflowName, workflowVersion, startedAt, durationMs };
}

export function scopeOf(draft: Draft, state: RunState): EvaluationScope {
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

export function runOf(draft: Draft): RunState {
  if (draft.state === null) throw new Error('the run has not begun');
  return draft.state;
}

export function stepOf(draft: Draft, nodeId: string): CompiledStep {
  const step = draft.situation.definition.steps.get(nodeId);
  if (!step) throw new Error(`the version has no node "${nodeId}"`);
  return step;
}

export function runningSteps(state: RunState): StepState[] {
  return Object.values(state.steps).filter((step) => step.status === 'running');
}

export function identityOf(draft: Draft, { node }: CompiledStep): ReturnType<typeof stepIdentity> {
  const known = runOf(draft).steps[node.id];
  return stepIdentity(draft, {
    stepNumber: known?.stepNumber ?? runOf(draft).stepCount + 1,
    nodeId: node.id,
    stepName: stepNameOf(node),
    nodeType: node.type,
  });
}

export function stepIdentity(draft: Draft, step: Pick<StepState, 'stepNumber' | 'nodeId' | 'stepName' | 'nodeType'>) {
  const { workflowId, workflowName } = runOf(draft);
  const { stepNumber, nodeId, stepName, nodeType } = step;
  return { workflowId, workflowName, stepNumber, nodeId, stepName, nodeType };
}
