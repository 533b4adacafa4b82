// The views in PostgreSQL, shared by any number of servers: one of them folds, in a thread of its own; each answers its
// queries itself. Resolves, answers and goes on by itself also after the database was away.
import type { GlobalPosition } from '@app/kernel';
import type { InProcessPostgresOptions } from './in-process.postgres.view-store.js';
import { InProcessPostgresViews } from './in-process.postgres.view-store.js';
import { LateDatabase } from './postgres.late-database.js';
import { PostgresViewReader } from './postgres.view-reader.js';
import { type ProjectorListener, ProjectorLink, WAIT_MS } from './projector-link.worker.js';
import { RequestedViews } from './requested-views.js';
import { startViewThread } from './start-view.thread.js';
import type { LogPlace, ProjectorThreadStart } from './view-messages.js';
import type { ReadRequest } from './view-request.js';
import type { ViewStatus } from './view-store.js';

export interface PostgresViewsOptions extends ProjectorListener {
  /** As PostgresDatabase takes it. */
  readonly url: string;
  /** Of this installation's tables; default `runledger`. */
  readonly schema?: string;
  readonly logPlace: LogPlace;
  /** The file that calls `runProjectorThread(projections, workerData)`. */
  readonly projectorThread: URL;
  readonly log: { error(message: string, details: object): void };
  /** Connections for queries, >= 1; default 10. */
  readonly poolMax?: number;
}

/** A page is a matter of milliseconds; what takes longer than this would only keep others waiting. */
const STATEMENT_TIMEOUT_MS = 10_000;
/** One batch is folded while another is taken in. */
const YOUNG_MB = 128;

export class PostgresViews extends RequestedViews {
  private reader: PostgresViewReader | undefined;

  private constructor(
    private readonly database: LateDatabase,
    private readonly projector: ProjectorLink,
  ) {
    super();
  }

  /**
   * Resolves once queries are answered, or once it is known why they cannot be yet: `status` says so. Throws StoreError:
   * InvalidArgument, AccessDenied.
   */
  static async open(options: PostgresViewsOptions): Promise<PostgresViews> {
    const { url, schema, logPlace, projectorThread, log, poolMax } = options;
    const place = { url, ...(schema === undefined ? {} : { schema }) };
    const start: ProjectorThreadStart = { log: logPlace, views: { kind: 'postgres', ...place } };
    const projector = new ProjectorLink(startViewThread(projectorThread, start, YOUNG_MB), options);
    const database = new LateDatabase({
      ...place,
      applicationName: 'runledger views',
      statementTimeoutMs: STATEMENT_TIMEOUT_MS,
      log,
      ...(poolMax === undefined ? {} : { poolMax }),
    });
    await projector.opened;
    return new PostgresViews(database, projector);
  }

  /** The same views without threads: for tests and tools. */
  static openInProcess(options: InProcessPostgresOptions): Promise<InProcessPostgresViews> {
    return InProcessPostgresViews.open(options);
  }

  status(): ViewStatus {
    return this.projector.status;
  }

  position(): GlobalPosition | undefined {
    return this.projector.position;
  }

  waitFor(position: GlobalPosition | undefined, timeoutMs = WAIT_MS): Promise<boolean> {
    return this.projector.waitFor(position, timeoutMs);
  }

  async close(): Promise<void> {
    await Promise.all([this.projector.close(), this.database.close()]);
  }

  protected async ask(request: ReadRequest): Promise<unknown> {
    const database = await this.database.get();
    this.reader ??= new PostgresViewReader(database);
    return this.reader.answer(request);
  }
}
