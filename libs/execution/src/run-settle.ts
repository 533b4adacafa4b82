// What comes of a claimed attempt: its output, another attempt later, or the end of the step.
import { jsonDefect, timestamp } from '@app/kernel';
import type { CallOutcome, CallRecord } from '@app/provider';
import type { ExecutorStep } from './compiled-definition.js';
import type { RunError } from './execution-events.js';
import type { StepState } from './execution-state.js';
import { retryDelayMs } from './retry-policy.js';
import type { StepResult } from './run-command.js';
import type { Draft } from './run-draft.js';
import { add, recordable, stepEnded, stepIdentity } from './run-draft.js';
import { CONTENT_DEPTH_MAX } from './run-command.js';

/** Records what came of one claimed attempt. A result nobody waits for any more is dropped. */
export function settle(draft: Draft, result: StepResult): void {
  const step = draft.state?.steps[result.nodeId];
  const compiled = draft.situation.definition.steps.get(result.nodeId);
  if (step?.status !== 'running' || step.attempts.at(-1)?.attempt !== result.attempt) return;
  if (compiled?.kind !== 'executor') throw new Error(`"${result.nodeId}" is no executor node`);
  if (!result.outcome.ok) {
    callFailed(draft, step, compiled, result, result.outcome);
    return;
  }
  const output = compiled.output.evaluate(result.outcome.envelope);
  const defect = output.ok ? jsonDefect(output.value, CONTENT_DEPTH_MAX) : undefined;
  if (defect) {
    const message = `the provider's answer cannot be recorded: ${defect.path} ${defect.problem}`;
    attemptFailed(draft, step, result, { code: 'invalid_response', message }, result.outcome.call);
    return;
  }
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
      error: { ...recordable(error), nodeId: step.nodeId, attempt: result.attempt },
      ...(call === undefined ? {} : { call }),
      ...(retryAt === undefined ? {} : { retryAt }),
    },
  });
}
