// The thread in which events are folded into views. The server owns its entry file, because only the server knows all
// projections: that file calls `runProjectorThread(projections, workerData)` and nothing else.
import { setTimeout as pause } from 'node:timers/promises';
import { parentPort } from 'node:worker_threads';
import type { Projection } from '@app/kernel';
import type { EventStore } from '@app/event-store';
import { isStoreError } from '@app/event-store';
import { EsdbEventStore, SqliteEventStore } from '@app/event-store/nest';
import type { FoldingNews, FoldingPlace } from './folding-place.js';
import { PostgresFoldingPlace } from './postgres.folding-place.js';
import { Projector } from './projector.js';
import { ProjectorWorker } from './projector.worker.js';
import { sqliteFoldingPlace } from './sqlite.folding-place.js';
import type { FromProjector, LogPlace, ProjectorThreadStart, ToProjector, ViewsPlace } from './view-messages.js';
import type { ViewStatus } from './view-store.js';

const PAUSE_MS = 250;
const PAUSE_MAX_MS = 5_000;
/** While another server folds: how soon it is noticed that it does so no longer. */
const FOLLOW_MS = 1_000;
/** From this many events in one batch on, the log is busy. */
const BUSY_EVENTS = 50;
const GATHER_MS = 4;
const GATHER_BUSY_MS = 20;
/** One batch is made of what comes in pieces with less than this between them. */
const MOMENT_MS = 20;
/** So much longer while nobody waits for what was written. */
const UNHURRIED_MS = 120;

/** Runs until the main thread says stop; then the port and both stores are closed and the thread ends by itself. */
export async function runProjectorThread(
  projections: readonly Projection[],
  data: ProjectorThreadStart,
): Promise<void> {
  const port = parentPort;
  if (!port) throw new Error('the projector runs in a thread of its own');
  const tell = (message: FromProjector): void => port.postMessage(message);
  const stop = new AbortController();
  const pace = new Pace();
  const place = openViews(data.views, {
    progressed: (status) => tell({ kind: 'progressed', status }),
    hurried: () => pace.hurry(),
  });
  port.on('message', (message: ToProjector) => {
    if (message === 'stop') stop.abort();
    pace.hurry();
    if (message === 'hurry' && !place.writer.isClaimed) void place.hurry();
  });
  const events = await openLog(data.log);
  const elsewhere = data.log.kind !== 'sqlite' || data.views.kind !== 'sqlite';
  const folding = new Folding(place, events, projections, pace, tell, elsewhere);
  await folding.run(stop.signal);
  await events.close();
  await place.close();
  port.close();
}

function openViews(views: ViewsPlace, news: FoldingNews): FoldingPlace {
  if (views.kind === 'sqlite') return sqliteFoldingPlace(views.directory, views.wasDamaged);
  return new PostgresFoldingPlace(views, news);
}

/** The one place that knows which logs there are. */
async function openLog(log: LogPlace): Promise<EventStore> {
  switch (log.kind) {
    case 'sqlite':
      return SqliteEventStore.openReader({ directory: log.directory });
    case 'esdb':
      return EsdbEventStore.open({ connectionString: log.connectionString });
  }
}

function moment(work: Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, MOMENT_MS);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** Claims the views, folds while the claim lasts, and follows whoever else has it. */
class Folding {
  private readonly projector: Projector;
  private readonly worker: ProjectorWorker;
  private pauseMs = PAUSE_MS;
  /** Whether the main thread knows how it began. */
  private told = false;
  private opened = false;

  constructor(
    private readonly place: FoldingPlace,
    events: EventStore,
    projections: readonly Projection[],
    private readonly pace: Pace,
    private readonly tell: (message: FromProjector) => void,
    ahead: boolean,
  ) {
    this.projector = new Projector(place.writer, projections);
    const listener = {
      progressed: (status: ViewStatus): void => this.progressed(status),
      rebuilt: (views: Extract<FromProjector, { kind: 'rebuilt' }>['views']): void => tell({ kind: 'rebuilt', views }),
    };
    this.worker = new ProjectorWorker(this.projector, events, listener, place.batchMax, { moment, ahead });
  }

  async run(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      try {
        if (await this.isMine(stop)) await this.fold(stop);
      } catch (error) {
        if (stop.aborted) break;
        // What will not pass by itself is told before anything was promised.
        if (!this.told && !(isStoreError(error) && error.retryable)) throw error;
        this.fail(error);
        await pause(this.pauseMs, undefined, { signal: stop }).catch(() => undefined);
        this.pauseMs = Math.min(this.pauseMs * 2, PAUSE_MAX_MS);
      }
    }
    await this.worker.close();
  }

  /** Whether the views are claimed and open; else waits for a moment. */
  private async isMine(stop: AbortSignal): Promise<boolean> {
    if (this.opened && this.place.writer.isClaimed) return true;
    this.opened = false;
    if (await this.place.writer.claim()) {
      await this.worker.open();
      this.opened = true;
      this.begin(this.projector.status());
      return true;
    }
    this.begin(await this.place.follow());
    this.pauseMs = PAUSE_MS;
    await pause(FOLLOW_MS, undefined, { signal: stop }).catch(() => undefined);
    return false;
  }

  private async fold(stop: AbortSignal): Promise<void> {
    const lost = this.place.claimLost();
    const until = lost ? AbortSignal.any([stop, lost]) : stop;
    while (!until.aborted) {
      const { folded, full } = await this.worker.tick(until);
      this.pauseMs = PAUSE_MS;
      await this.place.share(this.projector.status().failed);
      if (folded > 0 && !full) await this.pace.gather(folded, until);
    }
  }

  private begin(status: ViewStatus): void {
    if (this.told) this.progressed(status);
    else this.tell({ kind: 'opened', status });
    this.told = true;
  }

  private progressed(status: ViewStatus): void {
    if (this.told) this.tell({ kind: 'progressed', status });
  }

  private fail(error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    const failed = `views cannot be written: ${text}${this.place.advice(error)}`;
    const passing = isStoreError(error) && error.retryable ? { passing: true as const } : {};
    this.begin({ ...this.projector.status(), failed, ...passing });
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
    if (!this.hurried && !signal.aborted) await this.untilHurried();
    this.hurried = false;
  }

  private async untilHurried(): Promise<void> {
    const hurried = new AbortController();
    this.wake = () => hurried.abort();
    await pause(UNHURRIED_MS, undefined, { signal: hurried.signal }).catch(() => undefined);
  }
}
