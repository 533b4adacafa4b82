// Where a benchmark keeps its views: `--views sqlite` (default), `--views postgres` for a private cluster of its own, or
// `--views postgres://...` for one that is there.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventStore } from '@app/event-store';
import { PostgresDatabase } from '@app/event-store/nest';
import type { Projection } from '@app/kernel';
import type { ViewStore } from '@app/read-model';
import { InProcessPostgresViews, InProcessViews } from '@app/read-model/nest';
import { startPostgres } from '../support/postgres.js';

export interface FoldedViews extends ViewStore {
  catchUp(): Promise<void>;
}

export interface ViewPlace {
  readonly durability: string;
  /** `kept`: under this name the views are found again the next time. */
  open(events: EventStore, projections: readonly Projection[], kept?: string): Promise<OpenedPlace>;
  close(): Promise<void>;
}

export interface OpenedPlace {
  readonly views: FoldedViews;
  /** Of everything on disk. */
  bytes(): Promise<number>;
  /** Removes what was not to be kept. */
  close(): Promise<void>;
}

/** The words of a command line without `<name> <value>`, and that value. */
export function optionIn(name: string, words: readonly string[]): { value?: string; rest: readonly string[] } {
  const at = words.indexOf(name);
  if (at === -1) return { rest: words };
  return { value: words[at + 1] ?? '', rest: [...words.slice(0, at), ...words.slice(at + 2)] };
}

/** The words of the command line without `--views <store>`, and the place that it names. */
export async function viewPlaceOf(words: readonly string[]): Promise<{ place: ViewPlace; rest: readonly string[] }> {
  const { value: store = 'sqlite', rest } = optionIn('--views', words);
  if (store === 'sqlite') return { place: sqlitePlace, rest };
  if (store === 'postgres') return { place: await privateCluster(), rest };
  if (/^postgres(ql)?:\/\//.test(store)) return { place: postgresPlace(store, async () => undefined), rest };
  throw new Error('usage: --views sqlite | postgres | postgres://user:password@host:port/database');
}

const sqlitePlace: ViewPlace = {
  durability: 'views: SQLite, WAL, synchronous=NORMAL (they are folded again from the log)',
  async open(events, projections, kept) {
    const directory = kept ?? mkdtempSync(join(tmpdir(), 'bench-views-'));
    const views = await InProcessViews.open({ directory, events, projections });
    return {
      views,
      bytes: async () => statSync(join(directory, 'views.db')).size,
      close: async () => {
        await views.close();
        if (kept === undefined) rmSync(directory, { recursive: true });
      },
    };
  },
  close: async () => undefined,
};

async function privateCluster(): Promise<ViewPlace> {
  const cluster = await startPostgres({ settings: { shared_buffers: '256MB', max_wal_size: '4GB' } });
  return postgresPlace(cluster.url, () => cluster.remove());
}

function postgresPlace(url: string, close: () => Promise<void>): ViewPlace {
  return {
    durability: 'views: PostgreSQL, fsync=on, synchronous_commit=off (they are folded again from the log)',
    async open(events, projections, kept) {
      const schema = `bench_${kept === undefined ? randomBytes(6).toString('hex') : kept.replace(/[^a-z0-9]/g, '_')}`;
      const log = { error: (message: string): void => console.error(message) };
      const database = await PostgresDatabase.open({ url, schema, applicationName: 'bench', log });
      const views = await InProcessPostgresViews.open({ database, events, projections, batchMax: 2_000 });
      return {
        views,
        bytes: () => bytesOf(database),
        close: async () => {
          await views.close();
          if (kept === undefined) await database.execute(`DROP SCHEMA ${schema} CASCADE`);
          await database.close();
        },
      };
    },
    close,
  };
}

async function bytesOf(database: PostgresDatabase): Promise<number> {
  const [row] = await database.rows<[number]>(
    'SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind = $2',
    [database.schema, 'r'],
  );
  return row?.[0] ?? 0;
}
