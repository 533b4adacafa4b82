// Background work as the heartbeat sees it.

/** When the worker wants its next tick; `idle`: not before somebody wakes it. */
export interface NextTick {
  readonly againInMs: number | 'idle';
}

/** A background thing. It owns no timer: it does a bounded piece of work each time it is asked. */
export interface Ticking {
  readonly name: string;
  /**
   * Never called again before it has settled. A fault of the store (StoreError, retryable) is met with back-off; any
   * other error is a bug, and ends this worker.
   */
  tick(): Promise<NextTick>;
  /** Handed over once, before the first tick: calling `wake` asks for a tick soon, also during one. */
  wakeBy?(wake: () => void): void;
  /** Called when the work shall end, after the last tick; resolves once nothing of it goes on. */
  drain?(): Promise<void>;
}

export type WorkerCondition = 'running' | 'retrying' | 'failed' | 'stopped';

export interface WorkerStatus {
  readonly name: string;
  readonly condition: WorkerCondition;
  /** What went wrong last, for operators; absent while all is well. */
  readonly reason?: string;
}
