// Views without threads, for tests and tools: folding happens when somebody asks for it.
import type { GlobalPosition, Projection } from '@app/kernel';
import type { EventStore } from '@app/event-store';
import type { Projector } from './projector.js';
import type { ProjectorWorker } from './projector.worker.js';
import { RequestedViews } from './requested-views.js';
import type { ReadRequest } from './view-request.js';
import type { RebuiltView, ViewStatus } from './view-store.js';

export interface OnDemandOptions {
  readonly events: EventStore;
  readonly projections: readonly Projection[];
  /** Called with the views that were made anew. */
  readonly onRebuilt?: (views: readonly RebuiltView[]) => void;
  /** Events a batch; default 1000. */
  readonly batchMax?: number;
}

/** Where the views lie: who writes them, and who answers. */
export interface OpenedViews {
  readonly projector: Projector;
  readonly worker: ProjectorWorker;
  readonly answer: (request: ReadRequest) => unknown;
  /** Closes what was opened for them. */
  readonly end: () => Promise<void>;
}

export class OnDemandViews extends RequestedViews {
  private folding: Promise<void> = Promise.resolve();
  private closed = false;

  constructor(private readonly opened: OpenedViews) {
    super();
  }

  /** Folds everything that is in the log now. */
  catchUp(): Promise<void> {
    const next = this.folding.then(() => this.opened.worker.catchUp());
    this.folding = next.catch(() => undefined);
    return next;
  }

  status(): ViewStatus {
    return this.opened.projector.status();
  }

  position(): GlobalPosition | undefined {
    return this.opened.projector.position();
  }

  /** Folds up to there instead of waiting. */
  async waitFor(position: GlobalPosition | undefined): Promise<boolean> {
    const passed = (): boolean => position === undefined || (this.position() ?? '') >= position;
    if (!passed()) await this.catchUp();
    return passed();
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.folding;
    await this.opened.end();
  }

  protected async ask(request: ReadRequest): Promise<unknown> {
    return this.opened.answer(request);
  }
}
