import { PostgresDatabase } from '@app/event-store/nest';
import { postgresForTests } from '../../../test/support/postgres.js';
import { InProcessPostgresViews } from './in-process.postgres.view-store.js';
import { viewStoreContract } from './view-store.contract.js';

const log = { error: (): void => undefined };
const databases: PostgresDatabase[] = [];
afterAll(() => Promise.all(databases.map((database) => database.close())));

async function freshDatabase(): Promise<PostgresDatabase> {
  const { url, schema } = await postgresForTests();
  const database = await PostgresDatabase.open({ url, schema: schema(), applicationName: 'views', poolMax: 2, log });
  databases.push(database);
  return database;
}

describe('the PostgreSQL views', () => {
  // A block holds 4096 entries: a tail alone, exactly one block, and closed blocks with a tail.
  viewStoreContract(
    async (events, projections, batchMax) =>
      InProcessPostgresViews.open({
        database: await freshDatabase(),
        events,
        projections,
        ...(batchMax ? { batchMax } : {}),
      }),
    [300, 4_096, 9_000],
  );
});
