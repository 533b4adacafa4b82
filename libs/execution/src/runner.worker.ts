// Runs: claims steps, has providers called, records what came of it. One instance per server; it owns the runs it has
// begun or resumed. Every effect is preceded by an acknowledged claim; the result of one step and the claim of the next
// are one append. It never writes a view and reads none.
import { setMaxListeners } from 'node:events';
import type { RequestContext } from '@app/kernel';
import { refuse, RefusalError } from '@app/kernel';
import { isStoreError, StoreError } from '@app/event-store';
import type { NextTick, Ticking } from '@app/shell';
import { after, within } from '@app/shell/nest';
import { CallDesk } from './call-desk.js';
import type { CompiledDefinition } from './compiled-definition.js';
import type { RunCommand } from './run-command.js';
import type { RunState } from './execution-state.js';
import type { LiveRun } from './live-run.js';
import { engineContext, liveRun, nextDueMs, readLiveRun } from './live-run.js';
import { RunDriver, rejectAskers } from './run-driver.js';
import { RunRecorder, STALL_LONGEST_MS } from './run-recorder.js';
import { RunTally } from './run-tally.js';
import type { RunnerParts } from './runner-parts.js';

/** A run may have many calls under way, each of which listens. */
function widelyHeardAbort(): AbortController {
  const abort = new AbortController();
  setMaxListeners(0, abort.signal);
  return abort;
}

export class Runner implements Ticking {
  readonly name = 'runner';
  readonly tally = new RunTally();
  private readonly runs = new Map<string, LiveRun>();
  /** Starts on their way to the log. */
  private readonly starting = new Map<string, Promise<unknown>>();
  /** Runs that were to be begun here and exist already: begun by whom, and driven by whom, their streams tell. */
  private readonly suspects = new Set<string>();
  private readonly desk: CallDesk;
  private readonly recorder: RunRecorder;
  private readonly driver: RunDriver;
  private accepting = true;
  private wake: () => void = () => undefined;
  /** When the next tick is going to happen at the latest, in milliseconds of the clock. */
  private tickDueMs = Infinity;

  constructor(private readonly parts: RunnerParts) {
    const { caller, clock, limits, onFault } = parts;
    this.desk = new CallDesk(caller, clock, limits.stepConcurrencyMax, onFault, this.tally, widelyHeardAbort);
    this.recorder = new RunRecorder(parts, this.desk);
    this.driver = new RunDriver(parts, this.desk, this.recorder, this.tally, {
      paused: (run) => this.wakeAt(nextDueMs(run)),
      notBegun: (run) => {
        this.runs.delete(run.id);
        this.suspects.add(run.id);
        this.wakeAt(this.parts.clock.nowMs());
      },
      over: (run) => {
        if (this.runs.get(run.id) === run) this.runs.delete(run.id);
      },
    });
  }

  get liveRuns(): number {
    return this.runs.size;
  }

  get stepsUnderWay(): number {
    return this.desk.underWay;
  }

  /** State of a run that is under way here, without reading anything. */
  stateOf(runId: string): { readonly state: RunState; readonly revision: number } | undefined {
    const run = this.runs.get(runId);
    return run?.state ? { state: run.state, revision: run.revision } : undefined;
  }

  /**
   * Records the start and the claim of what runs first in one append, and goes on by itself.
   * Throws WrongExpectedRevision (StoreError) when a run of this id exists, RefusalError when the server is full. On
   * AppendOutcomeUnknown it may go on all the same, once the log says that it holds the start.
   * @param askedForMs when it was asked for, by the clock
   */
  async start(
    runId: string,
    command: Extract<RunCommand, { kind: 'StartRun' }>,
    definition: CompiledDefinition,
    context: RequestContext,
    askedForMs = this.parts.clock.nowMs(),
  ): Promise<RunState> {
    while (this.starting.has(runId)) await this.starting.get(runId);
    const known = this.runs.get(runId);
    if (known?.state === null) throw new StoreError('AppendOutcomeUnknown', 'an earlier start has no outcome yet');
    if (known) throw new StoreError('WrongExpectedRevision', 'the run exists', { expected: 'no_stream' });
    this.refuseWhenFull();
    const startId = this.parts.ids.next();
    const engine = engineContext(context.actor, context.correlationId, startId);
    const run = liveRun({ id: runId, workflowId: command.workflowId, definition, engine, askedForMs });
    this.runs.set(runId, run);
    const begun = this.begin(run, command, context, startId);
    this.starting.set(runId, Promise.allSettled([begun]));
    try {
      return await begun;
    } finally {
      this.starting.delete(runId);
    }
  }

  /**
   * Takes over a run that no one drives: after a restart, or when a start found it there. A run that cannot be
   * taken over is reported and left alone; throws only what a later attempt may overcome (StoreError).
   */
  async resume(runId: string): Promise<void> {
    while (this.starting.has(runId)) await this.starting.get(runId);
    if (!this.accepting) return;
    try {
      const run = await this.adoptFromLog(runId, 'running');
      if (run && this.isForeign(run)) this.runs.delete(runId);
      else if (run) await this.driver.ask(run, { kind: 'ResumeRun' }, run.engine);
    } catch (error) {
      if (isStoreError(error) && error.retryable) throw error;
      this.parts.onFault(runId, error);
    }
  }

  /** Cancels, or retries, a run, whether it is driven here or not. Throws RefusalError. */
  async command(runId: string, command: RunCommand, context: RequestContext): Promise<RunState> {
    while (this.starting.has(runId)) await this.starting.get(runId);
    const adopted = await this.adoptFromLog(runId);
    const run = this.runs.get(runId);
    if (!run) throw new RefusalError(refuse('not_found', 'FLK-0500', 'execution not found'));
    if (adopted) adopted.foreign = this.isForeign(adopted);
    const leftAlone = adopted?.state?.status === 'running' && !adopted.foreign;
    const answer = this.driver.ask(run, command, context);
    // Recovery passes over a run that it finds here: what it would have done is done here, whatever comes of the command.
    if (leftAlone) this.driver.ask(adopted, { kind: 'ResumeRun' }, adopted.engine).catch(() => undefined);
    return answer;
  }

  /** Somebody has written to a run's stream; one that is driven here and does not know of it yet is read again. */
  hear(runId: string, revision: number): void {
    const run = this.runs.get(runId);
    if (!run || revision <= run.revision) return;
    run.heardOf = Math.max(run.heardOf, revision);
    this.driver.keepMoving(run);
  }

  /** Resolves with the ended run, or undefined after `waitMs`; undefined at once for a run not driven here. */
  whenEnded(runId: string, waitMs: number): Promise<RunState | undefined> {
    const run = this.runs.get(runId);
    if (!run) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const stopWaiting = after(waitMs, () => resolve(undefined));
      run.ended.push((state) => {
        stopWaiting();
        resolve(state);
      });
    });
  }

  wakeBy(wake: () => void): void {
    this.wake = wake;
  }

  /** Does what has become due: retries, deadlines, appends that the log did not take. */
  async tick(): Promise<NextTick> {
    const nowMs = this.parts.clock.nowMs();
    this.tickDueMs = Infinity;
    for (const runId of [...this.suspects]) await this.resumeSuspect(runId);
    let dueMs = this.suspects.size > 0 ? nowMs + STALL_LONGEST_MS : Infinity;
    for (const run of this.runs.values()) {
      if (!run.busy && nextDueMs(run) <= nowMs) this.driver.lookAgain(run);
      if (!run.busy) dueMs = Math.min(dueMs, nextDueMs(run));
    }
    this.tickDueMs = Math.min(this.tickDueMs, dueMs);
    if (this.tickDueMs === Infinity) return { againInMs: 'idle' };
    return { againInMs: Math.max(1, this.tickDueMs - this.parts.clock.nowMs()) };
  }

  /** No new run and no new step from here on; calls under way may finish for a while, the rest is for recovery. */
  async drain(): Promise<void> {
    this.accepting = false;
    await within(this.parts.limits.drainMs, this.desk.close());
    for (const run of this.runs.values()) run.abort?.abort();
    await within(this.parts.limits.drainMs, this.settled());
  }

  private async settled(): Promise<void> {
    while ([...this.runs.values()].some((run) => run.busy)) await new Promise((resolve) => setImmediate(resolve));
  }

  private refuseWhenFull(): void {
    if (this.accepting && this.runs.size < this.parts.limits.liveRunsMax) return;
    const why = this.accepting ? 'too many runs are under way' : 'the server is shutting down';
    throw new RefusalError(refuse('unavailable', 'RUNS_LIMIT', `${why}; try again later`));
  }

  private async begin(run: LiveRun, command: RunCommand, context: RequestContext, startId: string): Promise<RunState> {
    run.busy = true;
    try {
      const pending = await this.recorder.prepare(run, command, context, startId);
      await this.recorder.recordStart(run, pending);
      this.driver.adopt(run, pending);
    } catch (error) {
      rejectAskers(run, error);
      if (run.stalled) this.wakeAt(run.stalledUntilMs);
      else this.runs.delete(run.id);
      throw error;
    } finally {
      run.busy = false;
    }
    const { state } = run;
    this.driver.letGo(run);
    return state as RunState;
  }

  private async resumeSuspect(runId: string): Promise<void> {
    try {
      await this.resume(runId);
      this.suspects.delete(runId);
    } catch {
      // The log does not answer yet.
    }
  }

  /** The run as its log tells it; undefined when there is none, or it is driven here already. */
  private async adoptFromLog(runId: string, onlyWhen?: RunState['status']): Promise<LiveRun | undefined> {
    if (this.runs.has(runId)) return undefined;
    const read = await readLiveRun(runId, this.parts, onlyWhen);
    if (!read || this.runs.has(runId)) return undefined;
    this.runs.set(runId, read);
    return read;
  }

  private isForeign({ state }: LiveRun): boolean {
    return state?.status === 'running' && !this.parts.ownership.owns(state.server);
  }

  private wakeAt(dueMs: number): void {
    if (dueMs >= this.tickDueMs) return;
    this.tickDueMs = dueMs;
    this.wake();
  }
}
