// Throws the views in a PostgreSQL schema away: for operators who want them made anew. Nothing else in it is touched.
import { StoreError } from '@app/event-store';
import { PostgresDatabase } from '@app/event-store/nest';
import { PostgresViewWriter } from './postgres.view-writer.js';
import { prepareViewsSchema } from './postgres.views-schema.js';

export interface DiscardOptions {
  /** As PostgresDatabase takes it. */
  readonly url: string;
  readonly schema: string;
}

export interface DiscardedViews {
  /** Without credentials. */
  readonly place: string;
  /** Empty: there were none. */
  readonly names: readonly string[];
}

/**
 * The next server that opens them makes them anew from the log. Throws StoreError: StoreUnavailable also while a server folds
 * them, InvalidArgument, AccessDenied.
 */
export async function discardPostgresViews({ url, schema }: DiscardOptions): Promise<DiscardedViews> {
  const log = { error: (): void => undefined };
  const database = await PostgresDatabase.open({ url, schema, applicationName: 'runledger rebuild', poolMax: 2, log });
  const writer = new PostgresViewWriter(() => Promise.resolve(database));
  try {
    const place = `schema ${schema} of ${database.place}`;
    // Refuses what a newer version made.
    await prepareViewsSchema(database);
    if (!(await writer.claim())) {
      throw new StoreError('StoreUnavailable', `a server works with the views in ${place}: stop all servers first`);
    }
    return { place, names: await writer.discard() };
  } finally {
    await writer.close();
    await database.close();
  }
}
