// Entry file of a projector's thread over the sample views, as the server has one over its own.
import { workerData } from 'node:worker_threads';
import { projection } from '@app/kernel';
import { runProjectorThread } from './projector.thread.js';
import type { ProjectorThreadStart } from './view-messages.js';
import { sampleDocuments, sampleEntries } from './view-samples.contract.js';

await runProjectorThread([projection(sampleEntries), projection(sampleDocuments)], workerData as ProjectorThreadStart);
