// How one run moves: commands and results in turn, one decision at a time, each recorded before it takes effect.
import type { Clock, RequestContext } from '@app/kernel';
import { isStoreError, StoreError } from '@app/event-store';
import type { CallDesk } from './call-desk.js';
import type { RunCommand } from './run-command.js';
import type { RunState } from './execution-state.js';
import type { LiveRun, PendingAppend } from './live-run.js';
import type { Recorded, RunRecorder } from './run-recorder.js';
import type { RunTally } from './run-tally.js';

export interface DriverHooks {
  /** Nothing is being decided: something may become due by time alone. */
  readonly paused: (run: LiveRun) => void;
  /** It turns out that there was a run of this id already: this one is none. */
  readonly notBegun: (run: LiveRun) => void;
  /** The run has ended and nobody asks anything of it. */
  readonly over: (run: LiveRun) => void;
}

export class RunDriver {
  constructor(
    private readonly parts: {
      readonly clock: Clock;
      readonly onFault: (runId: string, error: unknown) => void;
    },
    private readonly desk: CallDesk,
    private readonly recorder: RunRecorder,
    private readonly tally: RunTally,
    private readonly hooks: DriverHooks,
  ) {}

  /** Has the run decide on somebody's command, in turn. Rejects with RefusalError, StoreError. */
  ask(run: LiveRun, command: RunCommand, context: RequestContext): Promise<RunState> {
    return new Promise((resolve, reject) => {
      run.askedForMs = this.parts.clock.nowMs();
      run.askers.push({ command, context, resolve, reject });
      // A person may ask of a faulted run what the engine cannot do: to cancel it.
      run.faulted = false;
      this.keepMoving(run);
    });
  }

  /** One decision of a run after the other, until there is nothing to decide. */
  keepMoving(run: LiveRun): void {
    if (run.busy || run.faulted) return;
    run.busy = true;
    this.move(run)
      .catch((error: unknown) => {
        run.faulted = true;
        rejectAskers(run, error);
        this.parts.onFault(run.id, error);
      })
      .finally(() => {
        run.busy = false;
        this.letGo(run);
      });
  }

  private async move(run: LiveRun): Promise<void> {
    for (;;) {
      if (run.stalled) {
        if (this.parts.clock.nowMs() < run.stalledUntilMs) return;
        if ((await this.repeat(run, run.stalled)) !== 'stalled') continue;
        rejectAskers(run, new StoreError('StoreUnavailable', 'the log does not answer'));
        return;
      } else if (isOvertaken(run) && !this.isPaused(run)) {
        await this.catchUp(run);
      } else if (run.askers.length > 0) {
        await this.answer(run);
      } else if (isDriven(run) && (run.results.length > 0 || run.look)) {
        if (this.isPaused(run)) return;
        await this.goOn(run);
      } else {
        return;
      }
    }
  }

  private async repeat(run: LiveRun, stalled: PendingAppend): Promise<Recorded> {
    const isStart = run.state === null;
    let outcome: Recorded;
    try {
      outcome = await this.record(run, stalled);
    } catch (error) {
      if (!isStoreError(error) || !error.retryable) throw error;
      // The stream had moved, and cannot be read now.
      run.results = [...stalled.results, ...run.results];
      run.heardOf = Math.max(run.heardOf, run.revision + 1);
      this.recorder.pause(run);
      outcome = 'void';
    }
    if (isStart && outcome === 'void') {
      run.foreign = true;
      rejectAskers(run, new StoreError('StoreUnavailable', 'the run is being read'));
      this.hooks.notBegun(run);
    }
    return outcome;
  }

  private async answer(run: LiveRun): Promise<void> {
    const [asker] = run.askers;
    if (!asker) return;
    try {
      const pending = await this.recorder.prepare(run, asker.command, asker.context);
      // Who is told that his command was not recorded must not see it carried out later.
      const outcome = await this.record(run, pending, asker.command.kind === 'ResumeRun');
      if (outcome === 'void') return;
      run.askers.shift();
      if (outcome === 'recorded') asker.resolve(run.state as RunState);
      else asker.reject(new StoreError('AppendOutcomeUnknown', 'the log does not answer'));
    } catch (error) {
      run.askers.shift();
      asker.reject(error);
    }
  }

  private async goOn(run: LiveRun): Promise<void> {
    const { results } = run;
    run.results = [];
    run.look = false;
    const expired = run.state !== null && Date.parse(run.state.deadlineAt) <= this.parts.clock.nowMs();
    const command: RunCommand = { kind: expired ? 'ExpireRun' : 'AdvanceRun', results };
    try {
      await this.record(run, await this.recorder.prepare(run, command, run.engine));
    } catch (error) {
      run.results = [...results, ...run.results];
      if (!isStoreError(error) || !error.retryable) throw error;
      run.look = true;
      this.recorder.pause(run);
    }
  }

  private async catchUp(run: LiveRun): Promise<void> {
    try {
      await this.recorder.readAgain(run);
    } catch (error) {
      if (!isStoreError(error) || !error.retryable) throw error;
    }
    if (isOvertaken(run)) {
      this.recorder.pause(run);
      return;
    }
    run.stalledTimes = 0;
    if (run.state?.status !== 'running') this.ended(run);
  }

  private isPaused(run: LiveRun): boolean {
    return run.stalledTimes > 0 && this.parts.clock.nowMs() < run.stalledUntilMs;
  }

  private async record(run: LiveRun, pending: PendingAppend, waits = true): Promise<Recorded> {
    const outcome = await this.recorder.record(run, pending, waits);
    if (outcome === 'recorded') this.adopt(run, pending);
    if (outcome === 'void') run.results = [...pending.results, ...run.results];
    if (outcome === 'void' && run.state?.status !== 'running') this.ended(run);
    return outcome;
  }

  /** The decision is in the log: it is the run's state now, and its claims may take effect. */
  adopt(run: LiveRun, { decision, batch, claimed }: PendingAppend): void {
    run.state = decision.state;
    run.revision += batch.length;
    if (run.state?.status !== 'running') {
      this.desk.giveBack(run, claimed.length);
      if (run.state && batch.length > 0) this.tally.runs[run.state.status] += 1;
      this.ended(run);
      return;
    }
    for (const step of claimed) this.desk.call(run, step, () => this.keepMoving(run));
    if (decision.blocked.length > 0) this.desk.wait(run, () => this.lookAgain(run));
  }

  lookAgain(run: LiveRun): void {
    run.look = true;
    this.keepMoving(run);
  }

  private ended(run: LiveRun): void {
    this.desk.abort(run);
    for (const tell of run.ended.splice(0)) tell(run.state as RunState);
  }

  /** Nobody decides on it for now: goes on at once when there is something to decide, else leaves it. */
  letGo(run: LiveRun): void {
    this.hooks.paused(run);
    if (run.stalled || run.faulted) return;
    const running = isDriven(run);
    const hasWork = run.results.length > 0 || run.look || isOvertaken(run);
    if (run.askers.length > 0 || (running && hasWork && !this.isPaused(run))) {
      this.keepMoving(run);
    } else if (!running) {
      this.desk.leave(run);
      this.hooks.over(run);
    }
  }
}

/** It goes on, and here. */
function isDriven(run: LiveRun): boolean {
  return run.state?.status === 'running' && !run.foreign;
}

function isOvertaken(run: LiveRun): boolean {
  return run.heardOf > run.revision;
}

export function rejectAskers(run: LiveRun, reason: unknown): void {
  for (const asker of run.askers.splice(0)) asker.reject(reason);
}
