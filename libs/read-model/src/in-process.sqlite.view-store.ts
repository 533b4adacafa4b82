// The SQLite views without threads, for tests and tools: one connection writes and reads.
import { type OnDemandOptions, OnDemandViews } from './on-demand-views.worker.js';
import { Projector } from './projector.js';
import { ProjectorWorker } from './projector.worker.js';
import { answerTo, SqliteViewReader } from './sqlite.view-reader.js';
import { SqliteViewWriter } from './sqlite.view-writer.js';
import { openViewsForWriting, prepareViewsFile } from './sqlite.views-file.js';

export interface InProcessOptions extends OnDemandOptions {
  /** Where `views.db` lies, or `:memory:`. */
  readonly directory: string;
}

export class InProcessViews extends OnDemandViews {
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
    const worker = new ProjectorWorker(projector, events, listener, batchMax, { ahead: false });
    await worker.open();
    const reader = new SqliteViewReader(database);
    return new InProcessViews({
      projector,
      worker,
      answer: (request) => answerTo(reader, request),
      end: () => writer.close(),
    });
  }
}
