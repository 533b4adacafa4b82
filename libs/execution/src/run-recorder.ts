// From a decision to the log: decides, makes the batch, appends it on the revision it was decided on.
import type { RequestContext } from '@app/kernel';
import { isRefusal, RefusalError } from '@app/kernel';
import { isStoreError } from '@app/event-store';
import { offload } from './blobs.js';
import type { CallDesk } from './call-desk.js';
import type { ExecutorStep } from './compiled-definition.js';
import { decideRun } from './execution.js';
import type { LiveRun, PendingAppend } from './live-run.js';
import { batchOf } from './run-batch.js';
import type { RunCommand } from './run-command.js';
import { readRun } from './run-reader.js';
import type { RecorderParts } from './runner-parts.js';

/** recorded: it is in the log; stalled: the log did not take it now; void: the stream had moved, decide again. */
export type Recorded = 'recorded' | 'stalled' | 'void';

const STALL_FIRST_MS = 50;
export const STALL_LONGEST_MS = 5_000;

export class RunRecorder {
  constructor(
    private readonly parts: RecorderParts,
    private readonly desk: CallDesk,
  ) {}

  /** Decides and makes the batch. Throws RefusalError; gives claimed slots back when it throws. */
  async prepare(run: LiveRun, command: RunCommand, asker: RequestContext, firstId?: string): Promise<PendingAppend> {
    const claimed: ExecutorStep[] = [];
    const nowMs = this.parts.clock.nowMs();
    try {
      const decision = decideRun(command, run.state, {
        runId: run.id,
        definition: run.definition,
        nowMs,
        server: this.parts.ownership.self,
        random: this.parts.random(),
        claim: (step) => {
          const granted = this.desk.grant(run);
          if (granted) claimed.push(step);
          return granted;
        },
      });
      if (isRefusal(decision)) throw new RefusalError(decision);
      const events = await offload(decision.events, this.parts.blobs);
      const { engine } = run;
      const batch = batchOf(
        { events, command, asker, engine, nowMs, ...(firstId === undefined ? {} : { firstId }) },
        this.parts.ids,
      );
      const results = command.kind === 'AdvanceRun' ? command.results : [];
      return { batch, expectedRevision: run.revision, decision, claimed, results };
    } catch (error) {
      this.desk.giveBack(run, claimed.length);
      throw error;
    }
  }

  /**
   * On `stalled` the run keeps the batch, to be repeated identically at `stalledUntilMs`; on `void` it was read again and
   * its claims were given back. Throws what is no passing fault of the log.
   * @param waits false: a batch that surely was not appended is thrown away, with StoreUnavailable.
   */
  async record(run: LiveRun, pending: PendingAppend, waits = true): Promise<Recorded> {
    try {
      if (pending.batch.length > 0) await this.append(run, pending);
    } catch (error) {
      if (isStoreError(error, 'WrongExpectedRevision')) {
        delete run.stalled;
        this.desk.giveBack(run, pending.claimed.length);
        await this.readAgain(run);
        return 'void';
      }
      const didNotHappen = isStoreError(error, 'StoreUnavailable');
      if (!isStoreError(error) || !error.retryable || (didNotHappen && !waits)) {
        delete run.stalled;
        this.desk.giveBack(run, pending.claimed.length);
        throw error;
      }
      run.stalled = pending;
      this.pause(run);
      return 'stalled';
    }
    delete run.stalled;
    run.stalledTimes = 0;
    return 'recorded';
  }

  /**
   * Throws StoreError. On AppendOutcomeUnknown the run keeps the batch, to be repeated identically: only to look whether it
   * is there would not do, for it may be on its way yet. Otherwise the claims were given back.
   */
  async recordStart(run: LiveRun, pending: PendingAppend): Promise<void> {
    try {
      await this.append(run, pending);
    } catch (error) {
      if (isStoreError(error, 'AppendOutcomeUnknown')) {
        run.stalled = pending;
        this.pause(run);
      } else {
        this.desk.giveBack(run, pending.claimed.length);
      }
      throw error;
    }
  }

  private async append(run: LiveRun, { batch, expectedRevision, claimed }: PendingAppend): Promise<void> {
    this.desk.prepare(run, claimed);
    await this.parts.events.append(run.stream, batch, {
      expectedRevision: expectedRevision === -1 ? 'no_stream' : expectedRevision,
    });
  }

  /** The stores do not take anything now: nothing is decided on the run before `stalledUntilMs`. */
  pause(run: LiveRun): void {
    run.stalledTimes += 1;
    const ceilingMs = Math.min(STALL_LONGEST_MS, STALL_FIRST_MS * 2 ** (run.stalledTimes - 1));
    run.stalledUntilMs = this.parts.clock.nowMs() + Math.ceil(ceilingMs * (0.5 + this.parts.random() / 2));
  }

  /** Somebody else wrote to the run's stream: what was thought of it is void. Throws StoreError. */
  async readAgain(run: LiveRun): Promise<void> {
    const read = await readRun(this.parts.events, this.parts.blobs, run.id);
    run.state = read?.state ?? null;
    run.revision = read?.revision ?? -1;
    run.look = true;
  }
}
