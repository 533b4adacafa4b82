// Every view from an empty database, beside reading the log alone.
//   npm run bench:rebuild -- [events=1000000] [directory] [--log esdb://...] [--views sqlite|postgres|postgres://...]
// With a directory the log is kept there and used again. A log in EventStoreDB has to be empty, or to hold what an earlier
// round has put there.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as access from '@app/access';
import * as audit from '@app/audit';
import type { EventStore } from '@app/event-store';
import { EsdbEventStore, SqliteEventStore } from '@app/event-store/nest';
import * as execution from '@app/execution';
import type { NewEvent, Projection } from '@app/kernel';
import * as provider from '@app/provider';
import * as workflow from '@app/workflow';
import { generatedAppend } from './generated-log.js';
import { optionIn, viewPlaceOf } from './view-places.js';

const { value: logUrl, rest: words } = optionIn('--log', process.argv.slice(2));
const { place, rest } = await viewPlaceOf(words);
const count = Number(rest[0] ?? 1_000_000);
if (!Number.isInteger(count) || count < 1) throw new Error('usage: rebuild.bench.ts [events >= 1] [directory to keep]');
const kept = rest[1];
/** Events whose appends are in flight together, one append a stream: they share the log's commits. */
const AT_ONCE = 5_000;

interface Measured {
  readonly work: string;
  readonly seconds: number;
  readonly eventsPerSecond: number;
  readonly cpuUsAnEvent: number;
  readonly megabytes?: number;
}

const directory = kept ?? mkdtempSync(join(tmpdir(), 'rebuild-bench-'));
try {
  await main();
} finally {
  await place.close();
  if (!kept) rmSync(directory, { recursive: true });
}

async function main(): Promise<void> {
  const log = await filledLog();
  const reading = await measure('reading the log', async () => {
    let read = 0;
    for await (const event of log.readAll()) if (event.id !== '') read += 1;
    if (read !== count) throw new Error(`the log holds ${read} events, not ${count}`);
  });
  const measured = [reading];
  const all = projections();
  measured.push(await rebuild(log, `all ${all.length} views`, all));
  for (const projection of all) measured.push(await rebuild(log, projection.name, [projection]));
  await log.close();
  const durability = logUrl === undefined ? 'SQLite, synchronous=FULL' : 'EventStoreDB, as the node is configured';
  console.log(`${count} events; log: ${durability}; ${place.durability}`);
  console.table(measured);
  console.log(JSON.stringify({ benchmark: 'rebuild', log: durability, events: count, measured }));
}

/** Open for reading. */
async function filledLog(): Promise<EventStore> {
  if (logUrl !== undefined) {
    const log = await EsdbEventStore.open({ connectionString: logUrl });
    if ((await log.head()) === undefined) await fill(log);
    return log;
  }
  if (!existsSync(join(directory, 'log.db'))) {
    const log = await SqliteEventStore.open({ directory });
    await fill(log);
    await log.close();
  }
  return SqliteEventStore.openReader({ directory });
}

async function rebuild(log: EventStore, work: string, projections: readonly Projection[]): Promise<Measured> {
  const opened = await place.open(log, projections);
  const { views } = opened;
  const measured = await measure(work, () => views.catchUp());
  const { failed, position } = views.status();
  if (failed !== undefined) throw new Error(failed);
  if (position !== (await log.head())) throw new Error('the views did not reach the end of the log');
  const megabytes = Math.round((await opened.bytes()) / 1e6);
  await opened.close();
  return { ...measured, megabytes };
}

/** Whatever a library exports that is a projection. */
function projections(): Projection[] {
  const exported = [access, audit, execution, provider, workflow].flatMap(
    (library) => Object.values(library) as unknown[],
  );
  const isProjection = (value: unknown): value is Projection =>
    typeof value === 'object' && value !== null && 'kind' in value && 'categories' in value && 'version' in value;
  return exported.filter(isProjection);
}

/** Each stream in its order; how streams alternate differs a little from the generated log. */
async function fill(log: EventStore): Promise<void> {
  const started = performance.now();
  const lengths = new Map<string, number>();
  for (let from = 0; from < count; from += AT_ONCE) {
    const batches = new Map<string, NewEvent[]>();
    for (let index = from; index < Math.min(count, from + AT_ONCE); index += 1) {
      const { stream, event } = generatedAppend(index);
      batches.set(stream, [...(batches.get(stream) ?? []), event]);
    }
    const appends = [...batches].map(([stream, events]) => {
      const length = lengths.get(stream) ?? 0;
      lengths.set(stream, length + events.length);
      return log.append(stream, events, { expectedRevision: length === 0 ? 'no_stream' : length - 1 });
    });
    await Promise.all(appends);
  }
  console.log(`log filled at ${Math.round((count / (performance.now() - started)) * 1_000)} events/s`);
}

async function measure(work: string, run: () => Promise<void>): Promise<Measured> {
  const cpu = process.cpuUsage();
  const started = performance.now();
  await run();
  const seconds = (performance.now() - started) / 1_000;
  const used = process.cpuUsage(cpu);
  return {
    work,
    seconds: Number(seconds.toFixed(2)),
    eventsPerSecond: Math.round(count / seconds),
    cpuUsAnEvent: Number(((used.user + used.system) / count).toFixed(1)),
  };
}
