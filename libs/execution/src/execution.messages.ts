// What travels over the command bus about runs.
import type { Json, RequestContext } from '@app/kernel';
import type { RunState } from './execution-state.js';

export interface StartRequest {
  readonly workflowId: string;
  /** The run's input. */
  readonly input: Json;
  /** What the caller sent as body: the same key with another body is refused. */
  readonly body: Json;
  readonly trigger: 'rest' | 'webhook';
  /** The trigger node to begin at; default: the first of the version. */
  readonly nodeId?: string;
  /** Per workflow; absent: every request is a new run. */
  readonly idempotencyKey?: string;
  /** Milliseconds to wait for the run's end before answering; 0: do not wait. */
  readonly waitMs: number;
}

export interface StartedRun {
  readonly executionId: string;
  readonly state: RunState;
  /** A run of this key existed already. */
  readonly replayed: boolean;
}

/** Answers StartedRun; throws RefusalError. */
export class StartExecution {
  constructor(
    readonly request: StartRequest,
    readonly context: RequestContext,
  ) {}
}

/** Answers RunState; throws RefusalError. */
export class CancelExecution {
  constructor(
    readonly executionId: string,
    readonly reason: string | undefined,
    readonly context: RequestContext,
  ) {}
}

/** Goes on from the failed step, in the same run. Answers RunState; throws RefusalError. */
export class RetryExecution {
  constructor(
    readonly executionId: string,
    readonly context: RequestContext,
  ) {}
}
