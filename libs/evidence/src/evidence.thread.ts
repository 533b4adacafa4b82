// The thread in which the log becomes evidence.
import { parentPort, workerData } from 'node:worker_threads';
import { isStoreError } from '@app/event-store';
import { EvidenceError } from './evidence-error.js';
import { IdentityError } from './evidence-identity.js';
import { EvidenceKeeping } from './evidence-keeping.worker.js';
import type { EvidenceThreadStart, FromEvidence, ToEvidence } from './evidence-messages.js';
import { openEvidencePlace, openFollowedLog, settleIdentity } from './evidence-parts.thread.js';

/** Runs until the main thread says stop; then both stores are closed and the thread ends by itself. */
async function main(start: EvidenceThreadStart): Promise<void> {
  const port = parentPort;
  if (!port) throw new Error('evidence is made in a thread of its own');
  const stop = new AbortController();
  const tell = (message: FromEvidence): void => port.postMessage(message);
  let keeping: EvidenceKeeping | undefined;
  port.on('message', (message: ToEvidence) => {
    if (message === 'stop') stop.abort();
    else void keeping?.suspect(message.suspect);
  });
  const closers: { close(): Promise<void> }[] = [];
  try {
    const store = await openEvidencePlace(start.place);
    closers.push(store);
    const events = await openFollowedLog(start.log);
    closers.push(events);
    const identity = await settleIdentity(store, start);
    keeping = new EvidenceKeeping(start, store, events, identity, tell);
    await keeping.run(stop.signal);
  } catch (error) {
    const isSaid = isStoreError(error) || error instanceof IdentityError || error instanceof EvidenceError;
    if (keeping || !isSaid) throw error;
    tell({ kind: 'refused', message: error.message, mayPass: isStoreError(error) && error.retryable });
  }
  for (const closer of closers.reverse()) await closer.close();
  port.close();
}

await main(workerData as EvidenceThreadStart);
