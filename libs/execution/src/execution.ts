// A run decides: what to claim, what to skip, when to end. Pure: time, randomness, slots and the compiled version come
// with the command. How it goes on stands in run-advance.ts, what comes of a call in run-settle.ts.
import type { Decider, Decision, Refusal } from '@app/kernel';
import { isRefusal, never, refuse, timestamp } from '@app/kernel';
import type { ExecutorStep } from './compiled-definition.js';
import type { ExecutionEvent, RunError } from './execution-events.js';
import type { ExecutionState, RunState, StepState } from './execution-state.js';
import { evolveExecution, INTERRUPTED, runCopy } from './execution-state.js';
import { advance } from './run-advance.js';
import type { RunCommand, RunDecision, Situation } from './run-command.js';
import type { Draft } from './run-draft.js';
import { add, endOf, runningSteps, runOf, stepIdentity } from './run-draft.js';
import { settle } from './run-settle.js';

export function decideRun(command: RunCommand, state: ExecutionState, situation: Situation): RunDecision | Refusal {
  const draft: Draft = {
    state: state === null ? null : runCopy(state),
    events: [],
    situation,
    nowIso: timestamp(situation.nowMs),
  };
  if (command.kind === 'StartRun') {
    start(draft, command);
    return ended(draft, advance(draft));
  }
  if (state === null) return refuse('not_found', 'FLK-0500', 'execution not found');
  if (command.kind === 'RetryRun') {
    if (state.status !== 'failed') return refuse('state', 'FLK-0501', `a ${state.status} run cannot be retried`);
    const seconds = situation.definition.settings.runTimeoutSeconds;
    retry(draft, state, seconds === undefined ? command.runTimeoutMs : seconds * 1000);
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
      if (Date.parse(state.deadlineAt) > situation.nowMs) return ended(draft, advance(draft));
      expire(draft);
      return ended(draft, []);
    case 'CancelRun':
      cancel(draft, state, command.reason);
      return ended(draft, []);
    case 'ExpireRun':
      for (const result of command.results) settle(draft, result);
      expire(draft);
      return ended(draft, []);
    default:
      return never(command);
  }
}

function ended(draft: Draft, blocked: readonly ExecutorStep[]): RunDecision {
  return { events: draft.events, state: draft.state, blocked };
}

function start(draft: Draft, command: Extract<RunCommand, { kind: 'StartRun' }>): void {
  const { kind: _kind, runTimeoutMs, ...data } = command;
  add(draft, {
    type: 'ExecutionStarted',
    data: {
      ...data,
      totalSteps: draft.situation.definition.totalSteps,
      deadlineAt: timestamp(draft.situation.nowMs + runTimeoutMs),
      ...serverOf(draft),
    },
  });
}

function serverOf({ situation: { server } }: Draft): { readonly server?: string } {
  return server === undefined ? {} : { server };
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
      ...serverOf(draft),
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

function expire(draft: Draft): void {
  const message = 'execution timeout: context deadline exceeded';
  for (const step of runningSteps(runOf(draft))) failStep(draft, step, { code: 'timeout', message });
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
