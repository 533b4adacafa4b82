// Takes over every run that nobody drives: after a restart, and from servers that are gone. A view names them, the stream
// of each decides.
import type { EventStore } from '@app/event-store';
import type { DocumentRow, ViewStore } from '@app/read-model';
import type { NextTick, Ticking } from '@app/shell';
import type { ExecutionRow } from './executions-view.js';
import { EXECUTIONS_VIEW } from './executions-view.js';
import type { RunOwnership } from './run-ownership.js';
import type { Runner } from './runner.worker.js';

const PAGE = 50;
const RETRY_MS = 500;

export class Recovery implements Ticking {
  readonly name = 'recovery';
  private after: DocumentRow<ExecutionRow>['place'] | undefined;
  private caughtUp = false;
  /** The view was being made anew when the last pass over it began: it may not have known every run. */
  private partial = false;
  /** Servers that this one stands in for, and which of their runs it has taken over. */
  private readonly inherited = new Map<string, Set<string>>();

  /** True once every run that nobody drove has been taken over. */
  done = false;

  constructor(
    private readonly events: EventStore,
    private readonly views: ViewStore,
    private readonly runner: Runner,
    private readonly ownership: RunOwnership,
    private readonly liveRunsMax: number,
  ) {}

  /** One page of unfinished runs; waits first until the views know everything that was recorded before. */
  async tick(): Promise<NextTick> {
    const looksAgain: NextTick = { againInMs: this.ownership.lookEveryMs ?? 'idle' };
    await this.takeOver();
    if (this.done) {
      await this.settle();
      return looksAgain;
    }
    const rebuilding = this.views.status().rebuilding.includes(EXECUTIONS_VIEW);
    const begins = this.after === undefined;
    if (begins && this.partial && rebuilding) return { againInMs: RETRY_MS };
    if (!this.caughtUp) {
      this.caughtUp = await this.views.waitFor(await this.events.head());
      if (!this.caughtUp) return { againInMs: RETRY_MS };
    }
    if (this.runner.liveRuns >= this.liveRunsMax) return { againInMs: RETRY_MS };
    if (begins) this.partial = rebuilding;
    if (await this.resumePage()) return { againInMs: 0 };
    this.after = undefined;
    this.done = !this.partial;
    return this.done ? looksAgain : { againInMs: RETRY_MS };
  }

  /** @returns whether there may be another page. */
  private async resumePage(): Promise<boolean> {
    const page = await this.views.find<ExecutionRow>(EXECUTIONS_VIEW, {
      filters: [{ field: 'status', equals: 'running' }],
      sort: { field: 'startedAt', descending: false },
      ...(this.after === undefined ? {} : { after: this.after }),
      limit: PAGE,
    });
    for (const { key, doc, place } of page) {
      if (this.ownership.owns(doc.server)) {
        await this.runner.resume(key);
        if (doc.server !== undefined) this.inherited.get(doc.server)?.add(key);
      }
      this.after = place;
    }
    return page.length === PAGE;
  }

  /** Whatever is newly this server's asks for a pass over the whole list. */
  private async takeOver(): Promise<void> {
    const gained = await this.ownership.takeOver();
    if (gained.length === 0) return;
    for (const server of gained) this.inherited.set(server, new Set());
    this.after = undefined;
    this.caughtUp = false;
    this.done = false;
  }

  private async settle(): Promise<void> {
    for (const [server, runs] of this.inherited) {
      for (const run of runs) if (!this.runner.stateOf(run)) runs.delete(run);
      if (runs.size > 0) continue;
      await this.ownership.settled(server);
      this.inherited.delete(server);
    }
  }
}
