// A process that folds the log in the directory it is given, in small batches, and is killed while it does: into SQLite there,
// or into the PostgreSQL schema that it is given besides.
import { projection } from '@app/kernel';
import { PostgresDatabase, SqliteEventStore } from '@app/event-store/nest';
import { InProcessPostgresViews } from './in-process.postgres.view-store.js';
import { InProcessViews } from './in-process.sqlite.view-store.js';
import { sampleDocuments, sampleEntries } from './view-samples.contract.js';

const [directory = '', url, schema = ''] = process.argv.slice(2);
const events = await SqliteEventStore.openReader({ directory });
const projections = [projection(sampleEntries), projection(sampleDocuments)];
const log = { error: (): void => undefined };
const views =
  url === undefined
    ? await InProcessViews.open({ directory, events, projections, batchMax: 97 })
    : await InProcessPostgresViews.open({
        database: await PostgresDatabase.open({ url, schema, applicationName: 'crash', log }),
        events,
        projections,
        batchMax: 97,
      });
process.stdout.write('folding\n');
await views.catchUp();
