// The PostgreSQL views without threads, for tests and tools: folding happens on demand, by the one process that may fold.
import type { PostgresDatabase } from '@app/event-store/nest';
import { StoreError } from '@app/event-store';
import { type OnDemandOptions, OnDemandViews } from './on-demand-views.worker.js';
import { PostgresViewReader } from './postgres.view-reader.js';
import { PostgresViewWriter } from './postgres.view-writer.js';
import { prepareViewsSchema } from './postgres.views-schema.js';
import { Projector } from './projector.js';
import { ProjectorWorker } from './projector.worker.js';

export interface InProcessPostgresOptions extends OnDemandOptions {
  /** Whose schema holds the views; it stays open when they are closed. */
  readonly database: PostgresDatabase;
}

export class InProcessPostgresViews extends OnDemandViews {
  /** Throws StoreError StoreUnavailable while another process folds these views. */
  static async open({
    database,
    events,
    projections,
    onRebuilt,
    batchMax,
  }: InProcessPostgresOptions): Promise<InProcessPostgresViews> {
    await prepareViewsSchema(database);
    const writer = new PostgresViewWriter(() => Promise.resolve(database));
    if (!(await writer.claim())) throw new StoreError('StoreUnavailable', 'another process folds these views');
    const projector = new Projector(writer, projections);
    const listener = { progressed: () => undefined, rebuilt: onRebuilt ?? (() => undefined) };
    const worker = new ProjectorWorker(projector, events, listener, batchMax);
    await worker.open();
    const reader = new PostgresViewReader(database);
    return new InProcessPostgresViews({
      projector,
      worker,
      answer: (request) => reader.answer(request),
      end: () => writer.close(),
    });
  }
}
