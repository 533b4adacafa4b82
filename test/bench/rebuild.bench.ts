// Every view from an empty database, beside reading the log alone.
//   npm run bench:rebuild -- [events=1000000] [directory] [--views sqlite|postgres|postgres://...]
// With a directory the log is kept there and used again.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as access from '@app/access';
import * as audit from '@app/audit';
import type { EventStore } from '@app/event-store';
import { SqliteEventStore } from '@app/event-store/nest';
import * as execution from '@app/execution';
import type { Projection } from '@app/kernel';
import * as provider from '@app/provider';
import * as workflow from '@app/workflow';
import { generatedAppend } from './generated-log.js';
import { viewPlaceOf } from './view-places.js';

const { place, rest } = await viewPlaceOf(process.argv.slice(2));
const count = Number(rest[0] ?? 1_000_000);
if (!Number.isInteger(count) || count < 1) throw new Error('usage: rebuild.bench.ts [events >= 1] [directory to keep]');
const kept = rest[1];
/** Appends in flight: they share the log's commits. */
const IN_FLIGHT = 2_000;

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
  if (!existsSync(join(directory, 'log.db'))) await fill();
  const log = await SqliteEventStore.openReader({ directory });
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
  console.log(`${count} events; log: SQLite, synchronous=FULL; ${place.durability}`);
  console.table(measured);
  console.log(JSON.stringify({ benchmark: 'rebuild', events: count, measured }));
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

async function fill(): Promise<void> {
  const log = await SqliteEventStore.open({ directory });
  const started = performance.now();
  const revisions = new Map<string, number>();
  for (let from = 0; from < count; from += IN_FLIGHT) {
    const appends: Promise<unknown>[] = [];
    for (let index = from; index < Math.min(count, from + IN_FLIGHT); index += 1) {
      const { stream, event } = generatedAppend(index);
      const revision = revisions.get(stream);
      revisions.set(stream, revision === undefined ? 0 : revision + 1);
      appends.push(log.append(stream, [event], { expectedRevision: revision ?? 'no_stream' }));
    }
    await Promise.all(appends);
  }
  console.log(`log filled at ${Math.round((count / (performance.now() - started)) * 1_000)} events/s`);
  await log.close();
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
