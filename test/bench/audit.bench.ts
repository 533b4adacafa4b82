// Filtered pages of the audit trail: p50 and p99 of every filter, at the first, the middle and the last page.
//   npm run bench:audit -- [entries=1000000] [rounds=100] [directory] [--views sqlite|postgres|postgres://...]
// With a directory (for PostgreSQL: a name) the view is kept there and used again.
import { auditEntries } from '@app/audit';
import { projection } from '@app/kernel';
import type { EntrySelection, ViewStore } from '@app/read-model';
import {
  actorId,
  addressOf,
  correlationId,
  executionId,
  GeneratedLog,
  positionOf,
  requestId,
  timeOf,
  workflowId,
} from './generated-log.js';
import { viewPlaceOf } from './view-places.js';

const { place, rest } = await viewPlaceOf(process.argv.slice(2));
const count = Number(rest[0] ?? 1_000_000);
const rounds = Number(rest[1] ?? 100);
const kept = rest[2];
const LIMIT = 50;
/** What a page may cost at most, 99 times of 100. */
const TARGET_MS = 20;

interface Measured {
  readonly filter: string;
  readonly matching: number;
  readonly page: string;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Without what a busy machine takes away. */
  readonly p99CpuMs: number;
}

try {
  await main();
} finally {
  await place.close();
}

async function main(): Promise<void> {
  const log = new GeneratedLog(count);
  const readingFrom = process.cpuUsage();
  const reading = await secondsOf(async () => {
    for await (const event of log.readAll()) if (event.id === '') throw new Error('an event without an id');
  });
  const readingCpu = process.cpuUsage(readingFrom);
  const opened = await place.open(log, [projection(auditEntries)], kept);
  const { views } = opened;
  const isKept = views.position() !== undefined;
  const cpuBefore = process.cpuUsage();
  const writing = await secondsOf(() => views.catchUp());
  const cpu = process.cpuUsage(cpuBefore);
  const cpuUs = (cpu.user + cpu.system - readingCpu.user - readingCpu.system) / count;
  const bytes = await opened.bytes();
  console.log(`${count} entries; ${place.durability}`);
  if (!isKept) {
    const rate = Math.round(count / (writing - reading));
    console.log(
      `written at ${rate}/s, ${cpuUs.toFixed(1)} us of CPU an entry, ${Math.round(bytes / count)} bytes an entry`,
    );
  }
  await verify(views);
  const measured: Measured[] = [];
  for (const [filter, selection] of Object.entries(selections())) {
    measured.push(...(await measure(views, filter, selection)));
  }
  console.table(measured);
  const worst = Math.max(...measured.map(({ p99Ms }) => p99Ms));
  console.log(
    JSON.stringify({
      benchmark: 'audit',
      entries: count,
      cpuUsAnEntry: isKept ? undefined : cpuUs,
      bytes,
      worst,
      measured,
    }),
  );
  console.log(
    worst < TARGET_MS ? `every page within ${TARGET_MS} ms` : `NOT every page within ${TARGET_MS} ms: ${worst} ms`,
  );
  await opened.close();
}

/** The filters of GET /v1/audit-events, alone and together. */
function selections(): Record<string, EntrySelection> {
  const is = (field: string, equals: string): { field: string; equals: string } => ({ field, equals });
  const types = (...list: string[]): { field: string; in: string[] } => ({ field: 'eventType', in: list });
  const between = (from: number, to: number): { field: string; from: number; to: number } => ({
    field: 'time',
    from: Date.parse(timeOf(Math.floor(count * from))),
    to: Date.parse(timeOf(Math.floor(count * to))),
  });
  const run = Math.floor(count / 24);
  return {
    'no filter': {},
    'eventType common': { filters: [types('PROVIDER_CALL_COMPLETED')] },
    'eventType rare': { filters: [types('WORKFLOW_ACTIVATED')] },
    'eventType several': { filters: [types('EXECUTION_FAILED', 'WORKFLOW_ACTIVATED', 'ACCESS_DENIED')] },
    'eventType unknown': { filters: [types('KEY_ROTATED')] },
    action: { filters: [is('action', 'ACTIVATE')] },
    'result failed': { filters: [is('result', 'FAILED')] },
    resourceType: { filters: [is('resourceType', 'workflow')] },
    'resourceId of a run': { filters: [is('resourceId', executionId(run))] },
    'resourceId of a workflow': { filters: [is('resourceId', workflowId(17))] },
    'date range 10 %': { filters: [between(0.4, 0.5)] },
    'date range and eventType': { filters: [between(0.2, 0.8), types('EXECUTION_FAILED')] },
    'category administrative': { filters: [is('category', 'administrative')] },
    actorId: { filters: [is('actorId', actorId(7))] },
    actorType: { filters: [is('actorType', 'api_key')] },
    channel: { filters: [is('channel', 'rest')] },
    ip: { filters: [is('ip', addressOf(1_234))] },
    correlationId: { filters: [is('correlationId', correlationId(run))] },
    requestId: { filters: [is('requestId', requestId(run))] },
    'q common word': { words: ['customer'] },
    'q rare word': { words: ['activated'] },
    'q no such word': { words: ['xylophone'] },
    'q two words': { words: ['customer', 'berlin'] },
    'q two words never together': { words: ['ledger', 'activated'] },
    'q beginning of words': { words: ['c', 'be'] },
    'q id': { words: [executionId(run)] },
    'asOf the middle': { asOf: positionOf(Math.floor(count / 2)) },
    'q and actor': { words: ['berlin'], filters: [is('actorId', actorId(7))] },
    'q, dates, eventType': { words: ['risk'], filters: [between(0.1, 0.9), types('PROVIDER_CALL_COMPLETED')] },
    'ip and eventType that never meet': { filters: [is('ip', addressOf(3)), types('PROVIDER_CALL_COMPLETED')] },
    'category, result, asOf': {
      filters: [is('category', 'execution'), is('result', 'FAILED')],
      asOf: positionOf(Math.floor(count / 3)),
    },
  };
}

async function measure(views: ViewStore, filter: string, selection: EntrySelection): Promise<Measured[]> {
  const total = await views.facetCounts(auditEntries.name, ['category'], selection);
  const matching = total.reduce((sum, group) => sum + group.count, 0);
  const places = { first: undefined, middle: Math.floor(count / 2), last: Math.floor(count / 200) };
  const measured: Measured[] = [];
  for (const [page, place] of Object.entries(places)) {
    const times: number[] = [];
    const cpuTimes: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      // Not the same page over and over: neighbours of it.
      const after = place === undefined ? {} : { after: place + round * 13 };
      const cpu = process.cpuUsage();
      const started = performance.now();
      const rows = await views.entries(auditEntries.name, { ...selection, ...after, descending: true, limit: LIMIT });
      times.push(performance.now() - started);
      const used = process.cpuUsage(cpu);
      cpuTimes.push((used.user + used.system) / 1_000);
      if (rows.length > LIMIT) throw new Error('a page was too long');
    }
    measured.push({
      ...{ filter, matching, page },
      ...{ p50Ms: share(times, 0.5), p99Ms: share(times, 0.99), p99CpuMs: share(cpuTimes, 0.99) },
    });
  }
  return measured;
}

function share(times: readonly number[], part: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  return Number((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0).toFixed(2));
}

/** Every entry is there, and counting agrees with paging. */
async function verify(views: ViewStore): Promise<void> {
  const [last] = await views.entries(auditEntries.name, { descending: true, limit: 1 });
  if (last?.sequence !== count) throw new Error(`expected ${count} entries, found ${last?.sequence}`);
  const filters = [{ field: 'eventType', equals: 'ACCESS_DENIED' }];
  let paged = 0;
  let after: number | undefined;
  do {
    const place = after === undefined ? {} : { after };
    const page = await views.entries(auditEntries.name, { filters, ...place, descending: true, limit: 1_000 });
    paged += page.length;
    after = page.at(-1)?.sequence;
  } while (after !== undefined);
  if (paged !== (await views.count(auditEntries.name, filters))) throw new Error('counting and paging disagree');
}

async function secondsOf(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1_000;
}
