// The same views without threads, for tests and tools: one connection writes and reads, and folding happens on demand.
import type { GlobalPosition, Projection } from '@app/kernel';
import type { EventStore } from '@app/event-store';
import { Projector } from './projector.js';
import { ProjectorWorker } from './projector.worker.js';
import { RequestedViews } from './requested-views.js';
import { answerTo, SqliteViewReader } from './sqlite.view-reader.js';
import { SqliteViewWriter } from './sqlite.view-writer.js';
import { openViewsForWriting, prepareViewsFile } from './sqlite.views-file.js';
import type { ReadRequest } from './view-request.js';
import type { RebuiltView, ViewStatus } from './view-store.js';

export interface InProcessOptions {
  /** Where `views.db` lies, or `:memory:`. */
  readonly directory: string;
  readonly events: EventStore;
  readonly projections: readonly Projection[];
  /** Called with the views that were made anew. */
  readonly onRebuilt?: (views: readonly RebuiltView[]) => void;
  /** Events a batch; default 1000. */
  readonly batchMax?: number;
}

export class InProcessViews extends RequestedViews {
  private folding: Promise<void> = Promise.resolve();
  private closed = false;

  private constructor(
    private readonly projector: Projector,
    private readonly worker: ProjectorWorker,
    private readonly reader: SqliteViewReader,
    private readonly writer: SqliteViewWriter,
  ) {
    super();
  }

  static async open({
    directory,
    events,
    projections,
    onRebuilt,
    batchMax,
  }: InProcessOptions): Promise<InProcessViews> {
    const wasDamaged = prepareViewsFile(directory) !== undefined;
    const database = openViewsForWriting(directory);
    const writer = new SqliteViewWriter(database, wasDamaged);
    const projector = new Projector(writer, projections);
    const listener = { progressed: () => undefined, rebuilt: onRebuilt ?? (() => undefined) };
    const worker = new ProjectorWorker(projector, events, listener, batchMax);
    await worker.open();
    return new InProcessViews(projector, worker, new SqliteViewReader(database), writer);
  }

  /** Folds everything that is in the log now. */
  catchUp(): Promise<void> {
    const next = this.folding.then(() => this.worker.catchUp());
    this.folding = next.catch(() => undefined);
    return next;
  }

  status(): ViewStatus {
    return this.projector.status();
  }

  position(): GlobalPosition | undefined {
    return this.projector.position();
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
    this.writer.close();
  }

  protected async ask(request: ReadRequest): Promise<unknown> {
    return answerTo(this.reader, request);
  }
}
