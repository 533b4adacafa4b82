// The calls under way: who may make one, what comes of it, and how they are ended.
import type { Clock } from '@app/kernel';
import type { CallOutcome, ProviderCall, ProviderCaller } from '@app/provider';
import type { ExecutorStep } from './compiled-definition.js';
import type { LiveRun } from './live-run.js';
import type { RunTally } from './run-tally.js';
import { Slots } from './slots.js';

export class CallDesk {
  private readonly slots: Slots;
  private settled: (() => void)[] = [];
  private open = true;

  /** @param concurrencyMax calls under way at the same time, >= 1 */
  constructor(
    private readonly caller: ProviderCaller,
    private readonly clock: Clock,
    concurrencyMax: number,
    private readonly onFault: (runId: string, error: unknown) => void,
    private readonly tally: RunTally,
    /** For any number of calls at once. */
    private readonly newAbort: () => AbortController,
  ) {
    this.slots = new Slots(concurrencyMax);
  }

  get underWay(): number {
    return this.slots.inUse;
  }

  /** The right to make one more call for this run; each one granted is used by `call` or given back. */
  grant(run: LiveRun): boolean {
    return this.open && this.slots.tryAcquire(slotKey(run));
  }

  giveBack(run: LiveRun, count: number): void {
    for (let given = 0; given < count; given += 1) this.slots.release(slotKey(run));
    if (count > 0) for (const tell of this.settled.splice(0)) tell();
  }

  /** Calls `look` when a slot may be free for this run: at once when one came free while the run was on its way here. */
  wait(run: LiveRun, look: () => void): void {
    if (this.open && this.slots.hasFree(slotKey(run))) {
      this.leave(run);
      look();
      return;
    }
    run.inLine = true;
    this.slots.wait(run.id, slotKey(run), () => {
      run.inLine = false;
      look();
    });
  }

  leave(run: LiveRun): void {
    run.inLine = false;
    this.slots.leave(run.id);
  }

  /** The claim of these calls is being recorded. */
  prepare({ askedForMs }: LiveRun, steps: readonly ExecutorStep[]): void {
    for (const { providerConfigId } of steps) this.caller.prepare({ providerConfigId, askedForMs });
  }

  /** Makes the claimed call; its result lands among the run's results, then `look` runs. */
  call(run: LiveRun, step: ExecutorStep, look: () => void): void {
    const nodeId = step.node.id;
    const claimed = run.state?.steps[nodeId];
    const attempt = claimed?.attempts.at(-1)?.attempt ?? 1;
    const { signal } = (run.abort ??= this.newAbort());
    const startedMs = this.clock.nowMs();
    const call: ProviderCall = {
      executorId: step.executorId,
      providerConfigId: step.providerConfigId,
      nodeData: step.data,
      body: claimed?.input,
      timeoutMs: step.timeoutMs,
      idempotencyKey: `${run.id}:${nodeId}`,
      correlationId: run.engine.correlationId,
      askedForMs: run.askedForMs,
      signal,
    };
    run.calls.set(nodeId, call);
    this.caller
      .call(call)
      .catch((error: unknown): CallOutcome => {
        this.onFault(run.id, error);
        return { ok: false, error: { code: 'internal', message: 'internal error', retryable: false } };
      })
      .then((outcome) => {
        if (run.calls.get(nodeId) !== call) return;
        run.calls.delete(nodeId);
        const durationMs = this.clock.nowMs() - startedMs;
        this.tally.calls[outcome.ok ? 'succeeded' : 'failed'] += 1;
        if (!signal.aborted) run.results.push({ nodeId, attempt, outcome, durationMs });
        this.giveBack(run, 1);
        look();
      })
      .catch((error: unknown) => this.onFault(run.id, error));
  }

  /** Ends the run's calls; whatever they still bring is dropped. */
  abort(run: LiveRun): void {
    const count = run.calls.size;
    if (count > 0) run.abort?.abort();
    run.abort = undefined;
    run.calls.clear();
    this.giveBack(run, count);
  }

  /** Grants nothing from now on; resolves once no call is under way. */
  async close(): Promise<void> {
    this.open = false;
    while (this.slots.inUse > 0) await new Promise<void>((resolve) => this.settled.push(resolve));
  }
}

function slotKey(run: LiveRun): { key: string; max?: number } {
  const max = run.definition.settings.stepConcurrencyMax;
  return max === undefined ? { key: run.workflowId } : { key: run.workflowId, max };
}
