// How a run goes on: skips what is dead, decides what has no effect, claims what may run, ends when nothing is left.
import type { Json } from '@app/kernel';
import { jsonDefect } from '@app/kernel';
import { stepNameOf } from '@app/workflow';
import type { CompiledStep, ExecutorStep } from './compiled-definition.js';
import type { ExecutionEvent, RunError } from './execution-events.js';
import type { RunState, StepState } from './execution-state.js';
import { isObject } from './execution-state.js';
import type { NodeOutcome } from './planner.js';
import { plan } from './planner.js';
import { CONTENT_DEPTH_MAX } from './run-command.js';
import type { Draft } from './run-draft.js';
import {
  add,
  endOf,
  identityOf,
  instantFailed,
  nextAttempt,
  runOf,
  scopeOf,
  stepEnded,
  stepOf,
  takenEdges,
} from './run-draft.js';

/**
 * Goes on from where the run stands: skips what is dead, decides what has no effect, claims what may run, and ends the
 * run when nothing is left. A failed step stops new claims; the run fails once those under way are settled.
 * @returns steps that wait for a slot
 */
export function advance(draft: Draft): readonly ExecutorStep[] {
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
  if (step?.status === 'completed') return { kind: 'completed', takenEdges: step.takenEdges ?? [] };
  if (blocked.has(nodeId) || (step !== undefined && !isToBegin(step))) return { kind: 'pending' };
  if (state.skipped[nodeId] !== undefined) return { kind: 'skipped' };
  return passed.get(nodeId);
}

/** Failed before it was ever claimed and is tried again by a person: it is decided as if it were met for the first time. */
function isToBegin(step: StepState): boolean {
  return step.status === 'waiting' && step.executorId === undefined;
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
  const taken = takenEdges(draft, step, undefined, () => scopeOf(draft, runOf(draft)));
  if ('error' in taken) return taken.error;
  passed.set(step.node.id, { kind: 'completed', takenEdges: taken.edges });
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
    const put = 'output' in given ? { ...given, output: output.value } : given;
    const defect = jsonDefect(put, CONTENT_DEPTH_MAX);
    if (defect) {
      const message = `output evaluation failed: ${defect.path} ${defect.problem}`;
      instantFailed(draft, step, { code: 'output_failed', message });
    } else {
      stepEnded(draft, step, undefined, put, 0);
    }
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
    return;
  }
  const defect = jsonDefect(body.value, CONTENT_DEPTH_MAX);
  if (defect) {
    const message = `input transformation failed: ${defect.path} ${defect.problem}`;
    instantFailed(draft, step, { code: 'input_transformation_failed', message });
  } else if (draft.situation.claim(step)) {
    claim(draft, step, nextAttempt(runOf(draft).steps[step.node.id]), body.value);
  } else {
    blocked.set(step.node.id, step);
  }
}

function claimDueRetries(draft: Draft, blocked: Map<string, ExecutorStep>): void {
  for (const waiting of Object.values(runOf(draft).steps)) {
    if (waiting.status !== 'waiting' || isToBegin(waiting)) continue;
    if (Date.parse(waiting.retryAt ?? '') > draft.situation.nowMs) continue;
    const step = stepOf(draft, waiting.nodeId);
    if (step.kind !== 'executor') throw new Error(`"${waiting.nodeId}" waits, but is no executor node`);
    if (draft.situation.claim(step)) claim(draft, step, nextAttempt(waiting));
    else blocked.set(waiting.nodeId, step);
  }
}

type Claim = Extract<ExecutionEvent, { type: 'StepStarted' }>['data'];

/** @param input given with the first attempt only; later ones send the same */
function claim(draft: Draft, step: ExecutorStep, attempt: number, input?: Json): void {
  const data = identityOf(draft, step) as Claim;
  data.attempt = attempt;
  data.effect = step.effect;
  data.executorId = step.executorId;
  data.providerConfigId = step.providerConfigId;
  if (input !== undefined) data.input = input;
  add(draft, { type: 'StepStarted', data });
}

function nothingLeft(state: RunState, blocked: ReadonlyMap<string, unknown>): boolean {
  if (someStep(state, 'running')) return false;
  if (someStep(state, 'failed')) return true;
  return blocked.size === 0 && !someStep(state, 'waiting');
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

function hasFailed(draft: Draft): boolean {
  return someStep(runOf(draft), 'failed');
}

function someStep(state: RunState, status: StepState['status']): boolean {
  for (const nodeId in state.steps) if (state.steps[nodeId]?.status === status) return true;
  return false;
}
