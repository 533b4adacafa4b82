// The two places between which a log is carried over: a data directory, and an EventStoreDB with what stands beside it.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { BlobStore, EventStore } from '@app/event-store';
import { StoreError } from '@app/event-store';
import {
  describeEsdb,
  EsdbEventStore,
  FileBlobStore,
  lockDataDirectory,
  PostgresBlobStore,
  PostgresDatabase,
  SqliteEventStore,
} from '@app/event-store/nest';
import type { EvidenceStore } from '@app/evidence';
import { openEvidenceIn, openSharedEvidence } from '@app/evidence/nest';
import type { SealedSecrets } from '@app/provider';
import { PostgresSealedSecrets, SqliteSealedSecrets } from '@app/provider/nest';

/** What belongs to a log and does not stand in it. */
export interface Belongings {
  readonly secrets: SealedSecrets;
  readonly blobs: BlobStore;
  readonly evidence: EvidenceStore;
}

export interface Place {
  /** Without credentials. */
  readonly name: string;
  readonly events: EventStore;
  readonly belongings: Belongings;
}

export interface MigrationAddresses {
  readonly directory: string;
  readonly eventStoreUrl: string;
  /** The PostgreSQL beside the EventStoreDB; undefined: all that is not the log is in the data directory, before and after. */
  readonly viewsUrl?: string;
  readonly viewsSchema: string;
  /** Whether the log goes from the data directory to the EventStoreDB; else back. */
  readonly outwards: boolean;
  readonly warn: (line: string) => void;
}

type Closers = (() => Promise<unknown>)[];

const ANSWER_MS = 10_000;

/**
 * Both, with everything that is in use by nobody else. Whoever calls closes what was opened with `closers`, the last one first.
 * Throws DataDirectoryLocked, StoreError.
 */
export async function openPlaces(
  addresses: MigrationAddresses,
  closers: Closers,
): Promise<{ readonly from: Place; readonly to: Place }> {
  const { directory, outwards } = addresses;
  if (outwards && !existsSync(join(directory, 'log.db'))) {
    throw new StoreError('InvalidArgument', `there is no log in ${directory}`);
  }
  const lock = await lockDataDirectory(directory);
  closers.push(() => lock.release());
  const server = await openEsdb(addresses, closers);
  const log = outwards
    ? await SqliteEventStore.openReader({ directory })
    : await SqliteEventStore.open({ directory, evenIfMoved: true });
  closers.push(() => log.close());
  const own = await belongingsIn(directory, closers);
  const here = { name: directory, events: log, belongings: own };
  const there = {
    name: describeEsdb(addresses.eventStoreUrl),
    events: server,
    belongings: (await sharedBelongings(addresses, closers)) ?? own,
  };
  return outwards ? { from: here, to: there } : { from: there, to: here };
}

async function openEsdb({ eventStoreUrl, warn }: MigrationAddresses, closers: Closers): Promise<EventStore> {
  const events = await EsdbEventStore.open({ connectionString: eventStoreUrl, log: warn });
  closers.push(() => events.close());
  const { status, reason } = await events.health(ANSWER_MS);
  if (status === 'up') return events;
  throw new StoreError('StoreUnavailable', `EventStoreDB cannot be reached: ${reason ?? 'no reason was given'}`);
}

async function belongingsIn(directory: string, closers: Closers): Promise<Belongings> {
  const secrets = SqliteSealedSecrets.open(directory);
  closers.push(() => secrets.close());
  const evidence = await openEvidenceIn(directory);
  closers.push(() => evidence.close());
  return { secrets, blobs: new FileBlobStore(directory), evidence };
}

async function sharedBelongings(
  { viewsUrl, viewsSchema, warn }: MigrationAddresses,
  closers: Closers,
): Promise<Belongings | undefined> {
  if (viewsUrl === undefined) return undefined;
  const log = { error: (message: string): void => warn(message) };
  const database = await PostgresDatabase.open({
    url: viewsUrl,
    schema: viewsSchema,
    applicationName: 'runledger migrate',
    log,
  });
  closers.push(() => database.close());
  const evidence = await openSharedEvidence(database);
  const claim = await evidence.claim();
  if (!claim) {
    throw new StoreError(
      'StoreUnavailable',
      `a server works with ${database.place}: stop it, it must begin after the move`,
    );
  }
  closers.push(() => claim.release());
  return {
    secrets: await PostgresSealedSecrets.open(database),
    blobs: await PostgresBlobStore.open(database),
    evidence,
  };
}
