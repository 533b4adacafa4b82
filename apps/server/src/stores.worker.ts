// The stores of one server, as its settings name them: the log in a file or in EventStoreDB; the views, the evidence, the
// secrets and the large contents in files or in PostgreSQL.
import type { Clock } from '@app/kernel';
import type { BlobStore, EventStore, KeyChecks } from '@app/event-store';
import { isStoreError, StoreError } from '@app/event-store';
import {
  EsdbEventStore,
  FileBlobStore,
  lockDataDirectory,
  PostgresBlobStore,
  PostgresDatabase,
  PostgresKeyChecks,
  SqliteEventStore,
} from '@app/event-store/nest';
import type { PinoLogger } from '@app/shell/nest';
import { within } from '@app/shell/nest';
import type { RebuiltView, ViewStatus, ViewStore } from '@app/read-model';
import type { LogPlace } from '@app/read-model/nest';
import { PostgresViews, SqliteViews } from '@app/read-model/nest';
import type { OpenedEvidence } from '@app/evidence/nest';
import { openServerEvidence } from './server-evidence.worker.js';
import type { Settings } from './settings.js';
import type { WaitingRoom } from './waiting-room.worker.js';

export interface Stores {
  readonly events: EventStore;
  readonly views: ViewStore;
  readonly blobs: BlobStore;
  readonly evidence: OpenedEvidence;
  /** What servers that share their stores have in common besides the log; undefined: this one is alone. */
  readonly shared?: { readonly database: PostgresDatabase; readonly keyChecks: KeyChecks };
}

export interface StoreUsers {
  readonly clock: Clock;
  readonly log: PinoLogger;
  readonly onRebuilt: (views: readonly RebuiltView[]) => void;
}

type Closers = (() => Promise<unknown>)[];

/** The log must answer within this, or the server is not started with it. */
const ANSWER_MS = 5_000;
const PAUSE_MS = 250;
const PAUSE_MAX_MS = 5_000;

/**
 * Waits for stores that are elsewhere, and says so to whoever asks meanwhile. Throws what more waiting would not help: a bad
 * address, a locked directory, a refused password.
 */
export async function awaitStores(
  settings: Settings,
  users: StoreUsers,
  closers: Closers,
  waitingRoom: WaitingRoom,
): Promise<Stores> {
  const isElsewhere = settings.eventStoreUrl !== undefined || settings.viewsUrl !== undefined;
  for (let pauseMs = PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, PAUSE_MAX_MS)) {
    try {
      return await openStores(settings, users, closers);
    } catch (error) {
      if (!isElsewhere || !isStoreError(error) || !error.retryable) throw error;
      if (waitingRoom.reason !== error.message) users.log.warn('waiting for the stores', { reason: error.message });
      waitingRoom.reason = error.message;
      await waitingRoom.open(settings.host, settings.port);
      await within(pauseMs, new Promise(() => undefined));
    }
  }
}

/**
 * All of them, or none: what was opened is closed again when one cannot be. Whoever calls closes them with `closers`, the last
 * one first. Throws DataDirectoryLocked, StoreError.
 */
async function openStores(settings: Settings, users: StoreUsers, closers: Closers): Promise<Stores> {
  const own: Closers = [];
  try {
    const stores = await openInOrder(settings, users, own);
    closers.push(...own);
    return stores;
  } catch (error) {
    for (const close of own.reverse()) await close().catch(() => undefined);
    throw error;
  }
}

async function openInOrder(settings: Settings, users: StoreUsers, closers: Closers): Promise<Stores> {
  const { dataDirectory: directory } = settings;
  const lock = await lockDataDirectory(directory);
  closers.push(() => lock.release());
  const events = await openLog(settings, users);
  closers.push(() => events.close());
  const shared = await openShared(settings, users, closers);
  const [views, evidence] = await Promise.allSettled([
    openViews(settings, users),
    openServerEvidence(settings, events, shared?.database, users.log),
  ]);
  if (views.status === 'fulfilled') closers.push(() => views.value.close());
  if (evidence.status === 'fulfilled') closers.push(() => evidence.value.close());
  if (views.status === 'rejected') throw views.reason;
  if (evidence.status === 'rejected') throw evidence.reason;
  const blobs = shared ? await PostgresBlobStore.open(shared.database) : new FileBlobStore(directory);
  return { events, views: views.value, blobs, evidence: evidence.value, ...(shared ? { shared } : {}) };
}

async function openLog({ eventStoreUrl, dataDirectory }: Settings, { clock, log }: StoreUsers): Promise<EventStore> {
  if (eventStoreUrl === undefined) return SqliteEventStore.open({ directory: dataDirectory, clock });
  const events = await EsdbEventStore.open({ connectionString: eventStoreUrl, log: (line) => log.warn(line) });
  const { status, reason } = await events.health(ANSWER_MS);
  if (status === 'up') {
    const problem = await events.accessProblem();
    if (problem !== undefined) log.warn(`the log is not protected in EventStoreDB: ${problem}; see npm run bootstrap`);
    return events;
  }
  await events.close();
  throw new StoreError('StoreUnavailable', `EventStoreDB cannot be reached: ${reason ?? 'no reason was given'}`);
}

async function openShared(
  { viewsUrl: url, viewsSchema: schema }: Settings,
  { log }: StoreUsers,
  closers: Closers,
): Promise<Stores['shared']> {
  if (url === undefined) return undefined;
  const database = await PostgresDatabase.open({ url, schema, applicationName: 'runledger server', log });
  closers.push(() => database.close());
  return { database, keyChecks: await PostgresKeyChecks.open(database) };
}

async function openViews(settings: Settings, { log, onRebuilt }: StoreUsers): Promise<ViewStore> {
  const { eventStoreUrl, viewsUrl: url, viewsSchema: schema, dataDirectory: directory } = settings;
  const file = import.meta.url.endsWith('.ts') ? './projector.thread.ts' : './projector.thread.js';
  const logPlace: LogPlace =
    eventStoreUrl === undefined ? { kind: 'sqlite', directory } : { kind: 'esdb', connectionString: eventStoreUrl };
  const common = {
    logPlace,
    projectorThread: new URL(file, import.meta.url),
    onStatus: ({ failed }: ViewStatus) =>
      failed !== undefined && log.error('the views stand still', { reason: failed }),
    onRebuilt,
  };
  return url === undefined
    ? SqliteViews.open({ ...common, directory, log: (line) => log.warn(line) })
    : PostgresViews.open({ ...common, url, schema, log });
}
