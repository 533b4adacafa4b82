// Folding into PostgreSQL, where one of several servers folds at a time and the others follow it. Nothing of it needs the
// database to be there when it is made: every step that does may be tried again.
import type { PostgresDatabase } from '@app/event-store/nest';
import type { FoldingNews, FoldingPlace } from './folding-place.js';
import { LateDatabase } from './postgres.late-database.js';
import { channelsOf, statusOf, storedStatus } from './postgres.views-schema.js';
import { PostgresViewWriter } from './postgres.view-writer.js';
import type { ViewStatus } from './view-store.js';

/** A transaction has a fixed price of several round trips. */
const BATCH_MAX = 2_000;
/** Folding needs one connection, and one while the other is being renewed. */
const POOL_MAX = 2;

type Listener = Awaited<ReturnType<PostgresDatabase['listen']>>;

export class PostgresFoldingPlace implements FoldingPlace {
  readonly writer: PostgresViewWriter;
  readonly batchMax = BATCH_MAX;
  private readonly database: LateDatabase;
  private listener: Listener | undefined;
  private shared: string | undefined;
  /** The newest that was announced, since it was last asked for. */
  private announced: ViewStatus | undefined;

  constructor(
    { url, schema }: { readonly url: string; readonly schema?: string },
    private readonly news: FoldingNews,
  ) {
    // What goes wrong is told by the status.
    const options = { url, applicationName: 'runledger projector', poolMax: POOL_MAX, log: { error: () => undefined } };
    this.database = new LateDatabase(schema === undefined ? options : { ...options, schema });
    this.writer = new PostgresViewWriter(async () => {
      const database = await this.database.get();
      await this.listen(database);
      this.shared = undefined;
      return database;
    });
  }

  advice(): string {
    return '';
  }

  claimLost(): AbortSignal | undefined {
    return this.writer.lost;
  }

  async follow(): Promise<ViewStatus> {
    const database = await this.database.get();
    this.announced = undefined;
    const stored = await storedStatus(database);
    // An announcement that came meanwhile is newer than the answer.
    return this.announced ?? stored;
  }

  async hurry(): Promise<void> {
    // A server that cannot be reached learns of it in no other way either.
    await this.announceHurry().catch(() => undefined);
  }

  async share(failed: string | undefined): Promise<void> {
    if (failed === this.shared) return;
    await this.writer.tellFailure(failed);
    this.shared = failed;
  }

  async close(): Promise<void> {
    await this.writer.close();
    await this.listener?.release();
    await this.database.close();
  }

  private async announceHurry(): Promise<void> {
    const database = await this.database.get();
    await database.execute("SELECT pg_notify($1, '')", [channelsOf(database.schema).hurry]);
  }

  private async listen(database: PostgresDatabase): Promise<void> {
    if (this.listener && !this.listener.lost.aborted) return;
    await this.listener?.release();
    const { progress, hurry } = channelsOf(database.schema);
    this.listener = await database.listen([progress, hurry], (channel, payload) => {
      if (channel === hurry) this.news.hurried();
      else if (!this.writer.isClaimed) {
        this.announced = statusOf(payload);
        this.news.progressed(this.announced);
      }
    });
  }
}
