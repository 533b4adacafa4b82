// What may be asked of a run, and what a decision needs from outside its stream.
import type { Json } from '@app/kernel';
import type { CallOutcome } from '@app/provider';
import type { CompiledDefinition, ExecutorStep } from './compiled-definition.js';
import type { ExecutionEvent } from './execution-events.js';
import type { ExecutionState, RunState } from './execution-state.js';

/** Levels of nesting that content of a run may have: the event around it adds some of its own. */
export const CONTENT_DEPTH_MAX = 56;

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
  /** Its time is up; results that came in at the last moment are recorded all the same. */
  | { readonly kind: 'ExpireRun'; readonly results: readonly StepResult[] }
  /** The time it gets unless its workflow says otherwise. */
  | { readonly kind: 'RetryRun'; readonly runTimeoutMs: number };

/** What a decision needs from outside its stream. */
export interface Situation {
  readonly runId: string;
  readonly definition: CompiledDefinition;
  readonly nowMs: number;
  /** Whose the run becomes that begins or is reopened; undefined: there is one server only. */
  readonly server: string | undefined;
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
