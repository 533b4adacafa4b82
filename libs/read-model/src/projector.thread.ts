// The thread in which events are folded into views. The server owns its entry file, because only the server knows all
// projections: that file calls `runProjectorThread(projections, workerData)` and nothing else.
import { writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { parentPort } from 'node:worker_threads';
import type { Projection } from '@app/kernel';
import { SqliteEventStore } from '@app/event-store/nest';
import { Projector } from './projector.js';
import { ProjectorWorker } from './projector.worker.js';
import type { FromProjector, ProjectorThreadStart, ToProjector } from './sqlite.view-messages.js';
import { SqliteViewWriter } from './sqlite.view-writer.js';
import { damageMark, isDamage, openViewsForWriting } from './sqlite.views-file.js';

const PAUSE_MS = 250;
const PAUSE_MAX_MS = 30_000;
/** From this many events in one batch on, the log is busy. */
const BUSY_EVENTS = 50;
const GATHER_MS = 4;
const GATHER_BUSY_MS = 20;
/** So much longer while nobody waits for what was written. */
const UNHURRIED = 6;

/** Runs until the main thread says stop; then the port and both files are closed and the thread ends by itself. */
export async function runProjectorThread(
  projections: readonly Projection[],
  data: ProjectorThreadStart,
): Promise<void> {
  const port = parentPort;
  if (!port) throw new Error('the projector runs in a thread of its own');
  const tell = (message: FromProjector): void => port.postMessage(message);
  const stop = new AbortController();
  const pace = new Pace();
  port.on('message', (message: ToProjector) => {
    if (message === 'stop') stop.abort();
    pace.hurry();
  });
  const events = await SqliteEventStore.openReader({ directory: data.directory });
  const writer = new SqliteViewWriter(openViewsForWriting(data.directory), data.wasDamaged);
  const projector = new Projector(writer, projections);
  const worker = new ProjectorWorker(projector, events, {
    progressed: (status) => tell({ kind: 'progressed', status }),
    rebuilt: (views) => tell({ kind: 'rebuilt', views }),
  });
  await worker.open();
  tell({ kind: 'opened', status: projector.status() });
  await keepTicking(worker, projector, data.directory, tell, pace, stop.signal);
  await worker.close();
  await events.close();
  await writer.close();
  port.close();
}

async function keepTicking(
  worker: ProjectorWorker,
  projector: Projector,
  directory: string,
  tell: (message: FromProjector) => void,
  pace: Pace,
  signal: AbortSignal,
): Promise<void> {
  let pauseMs = PAUSE_MS;
  while (!signal.aborted) {
    try {
      const { folded, full } = await worker.tick(signal);
      pauseMs = PAUSE_MS;
      if (folded > 0 && !full) await pace.gather(folded, signal);
    } catch (error) {
      if (signal.aborted) return;
      const text = error instanceof Error ? error.message : String(error);
      if (isDamage(error)) writeFileSync(damageMark(directory), text);
      const advice = isDamage(error) ? '; the views are made anew at the next start' : '';
      tell({
        kind: 'progressed',
        status: { ...projector.status(), failed: `views cannot be written: ${text}${advice}` },
      });
      await pause(pauseMs, undefined, { signal }).catch(() => undefined);
      pauseMs = Math.min(pauseMs * 2, PAUSE_MAX_MS);
    }
  }
}

/**
 * A transaction costs nearly the same for one event as for fifty. The first event after a quiet time is folded at once;
 * those that follow are gathered: for a moment that nobody notices when somebody waits for them, else for longer.
 */
class Pace {
  private hurried = false;
  private wake: () => void = () => undefined;

  hurry(): void {
    this.hurried = true;
    this.wake();
  }

  async gather(folded: number, signal: AbortSignal): Promise<void> {
    const ms = folded < BUSY_EVENTS ? GATHER_MS : GATHER_BUSY_MS;
    await pause(ms, undefined, { signal }).catch(() => undefined);
    if (!this.hurried && !signal.aborted) await this.untilHurried(ms * UNHURRIED);
    this.hurried = false;
  }

  private async untilHurried(ms: number): Promise<void> {
    const hurried = new AbortController();
    this.wake = () => hurried.abort();
    await pause(ms, undefined, { signal: hurried.signal }).catch(() => undefined);
  }
}
