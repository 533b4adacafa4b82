// After a restart: takes over every run that nobody drives. A view names them, the stream of each decides.
import type { EventStore } from '@app/event-store';
import type { DocumentRow, ViewStore } from '@app/read-model';
import type { NextTick, Ticking } from '@app/shell';
import type { ExecutionItem } from './execution-wire.js';
import { EXECUTIONS_VIEW } from './executions-view.js';
import type { Runner } from './runner.worker.js';

const PAGE = 50;
const RETRY_MS = 500;

export class Recovery implements Ticking {
  readonly name = 'recovery';
  private after: DocumentRow<ExecutionItem>['place'] | undefined;
  private caughtUp = false;
  /** The view was being made anew when the last pass over it began: it may not have known every run. */
  private partial = false;

  /** True once every run that was under way when the server started has been taken over. */
  done = false;

  constructor(
    private readonly events: EventStore,
    private readonly views: ViewStore,
    private readonly runner: Runner,
    private readonly liveRunsMax: number,
  ) {}

  /** One page of unfinished runs; waits first until the views know everything that was recorded before the start. */
  async tick(): Promise<NextTick> {
    if (this.done) return { againInMs: 'idle' };
    const rebuilding = this.views.status().rebuilding.includes(EXECUTIONS_VIEW);
    const begins = this.after === undefined;
    if (begins && this.partial && rebuilding) return { againInMs: RETRY_MS };
    if (!this.caughtUp) {
      this.caughtUp = await this.views.waitFor(await this.events.head());
      if (!this.caughtUp) return { againInMs: RETRY_MS };
    }
    if (this.runner.liveRuns >= this.liveRunsMax) return { againInMs: RETRY_MS };
    if (begins) this.partial = rebuilding;
    const page = await this.views.find<ExecutionItem>(EXECUTIONS_VIEW, {
      filters: [{ field: 'status', equals: 'running' }],
      sort: { field: 'startedAt', descending: false },
      ...(this.after === undefined ? {} : { after: this.after }),
      limit: PAGE,
    });
    for (const row of page) {
      await this.runner.resume(row.key);
      this.after = row.place;
    }
    if (page.length === PAGE) return { againInMs: 0 };
    this.after = undefined;
    this.done = !this.partial;
    return { againInMs: this.done ? 'idle' : RETRY_MS };
  }
}
