// The entry of the projector's thread: the one list of all views.
import { workerData } from 'node:worker_threads';
import type { ProjectorThreadStart } from '@app/read-model/nest';
import { runProjectorThread } from '@app/read-model/nest';
import { projections } from './projections.js';

await runProjectorThread(projections, workerData as ProjectorThreadStart);
