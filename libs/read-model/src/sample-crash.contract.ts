// A process that folds the log in the directory it is given, in small batches, and is killed while it does.
import { projection } from '@app/kernel';
import { SqliteEventStore } from '@app/event-store/nest';
import { InProcessViews } from './in-process.sqlite.view-store.js';
import { sampleDocuments, sampleEntries } from './view-samples.contract.js';

const directory = process.argv[2] ?? '';
const events = await SqliteEventStore.openReader({ directory });
const projections = [projection(sampleEntries), projection(sampleDocuments)];
const views = await InProcessViews.open({ directory, events, projections, batchMax: 97 });
process.stdout.write('folding\n');
await views.catchUp();
