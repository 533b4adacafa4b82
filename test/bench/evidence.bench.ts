// What the making of evidence costs whoever appends, and how far it is behind: 64 writers at full speed and at the rate of the
// spine, each with and without the thread of the evidence, alternating.
//   npm run bench:evidence -- [seconds a stretch=5]
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { NewEvent } from '@app/kernel';
import { anonymousActor } from '@app/kernel';
import { SqliteEventStore } from '@app/event-store/nest';
import { evidenceServer } from '@app/evidence/nest';

const seconds = Number(process.argv[2] ?? 5);
if (!(seconds > 0)) throw new Error('usage: evidence.bench.ts [seconds > 0]');
const ROUNDS = 3;
const WRITERS = 64;
/** Events a second of 770 runs of five steps. */
const SPINE_RATE = 9_000;
const EVENTS_PER_STREAM = 12;
const TICKS_PER_SECOND = 100;

interface Stretch {
  readonly rate: string;
  readonly withEvidence: boolean;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly lagP50Ms?: number;
  readonly lagP99Ms?: number;
  readonly threadCpuUsPerEvent?: number;
}

function newEvent(): NewEvent {
  const metadata = {
    actor: anonymousActor,
    channel: 'rest',
    correlationId: randomUUID(),
    requestId: randomUUID(),
    occurredAt: new Date().toISOString(),
    schemaVersion: 1,
  } as const;
  const data = { nodeId: 'call', attempt: 1, output: { decision: 'ALLOW', score: 0.25, text: 'x'.repeat(150) } };
  return { id: randomUUID(), type: 'StepCompleted', data, metadata };
}

const at = (sorted: readonly number[], share: number): number =>
  Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) * 100) / 100;
const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);

const threads = (): string[] => readdirSync('/proc/self/task');
/** User and system time of one thread of this process. */
function cpuSeconds(thread: string): number {
  const fields = readFileSync(`/proc/self/task/${thread}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

interface Appended {
  readonly latenciesMs: number[];
  /** When the event of that number was acknowledged, for every hundredth. */
  readonly acknowledged: { readonly number: number; readonly atMs: number }[];
  count: number;
}

async function append(store: SqliteEventStore, rate: number): Promise<Appended> {
  const done: Appended = { latenciesMs: [], acknowledged: [], count: 0 };
  const started = performance.now();
  const end = started + seconds * 1_000;
  const write = async (): Promise<void> => {
    while (performance.now() < end) {
      const stream = `execution-${randomUUID()}`;
      for (let revision = -1; revision < EVENTS_PER_STREAM - 1; revision += 1) {
        const dueMs = (done.count / rate) * 1_000;
        const earlyMs = started + dueMs - performance.now();
        if (earlyMs > 1) await wait(earlyMs);
        const from = performance.now();
        await store.append(stream, [newEvent()], { expectedRevision: revision === -1 ? 'no_stream' : revision });
        done.latenciesMs.push(performance.now() - from);
        done.count += 1;
        if (done.count % 100 === 0) done.acknowledged.push({ number: done.count, atMs: performance.now() });
      }
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, write));
  return done;
}

async function stretch(rate: number, withEvidence: boolean): Promise<Stretch> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-evidence-'));
  const store = await SqliteEventStore.open({ directory });
  const before = threads();
  const link = withEvidence ? await opened(directory) : undefined;
  const own = threads().filter((thread) => !before.includes(thread));
  const cpuBefore = own.map(cpuSeconds);
  const sizes: { readonly size: number; readonly atMs: number }[] = [];
  const looking = setInterval(() => link && sizes.push({ size: link.status().size, atMs: performance.now() }), 5);
  const started = performance.now();
  const { latenciesMs, acknowledged, count } = await append(store, rate);
  const elapsedMs = performance.now() - started;
  while (link && link.status().size < count) await wait(20);
  sizes.push({ size: link?.status().size ?? 0, atMs: performance.now() });
  const spent = own.map((thread, index) => cpuSeconds(thread) - (cpuBefore[index] ?? 0));
  clearInterval(looking);
  if (link) {
    if (link.status().size !== count || link.status().state !== 'working') throw new Error('the evidence is not whole');
    await link.close();
  }
  await store.close();
  rmSync(directory, { recursive: true });
  const latencies = sorted(latenciesMs);
  const lags = sorted(
    acknowledged.map(({ number, atMs }) => Math.max(0, (sizes.find(({ size }) => size >= number)?.atMs ?? 0) - atMs)),
  );
  return {
    rate: rate === Number.POSITIVE_INFINITY ? 'full speed' : `${rate}/s`,
    withEvidence,
    perSecond: Math.round((count / elapsedMs) * 1_000),
    p50Ms: at(latencies, 0.5),
    p99Ms: at(latencies, 0.99),
    ...(withEvidence
      ? {
          lagP50Ms: at(lags, 0.5),
          lagP99Ms: at(lags, 0.99),
          threadCpuUsPerEvent: Math.round((spent.reduce((sum, one) => sum + one, 0) / count) * 1e7) / 10,
        }
      : {}),
  };
}

async function opened(directory: string) {
  const { EvidenceLink } = await evidenceServer();
  const file = join(directory, 'evidence.key');
  return EvidenceLink.open({
    log: { kind: 'sqlite', directory },
    place: { kind: 'sqlite', directory },
    key: { file, memoryFile: `${file}.signed` },
    witnesses: [],
    scrubRate: 2_000,
  });
}

const results: Stretch[] = [];
for (const rate of [SPINE_RATE, Number.POSITIVE_INFINITY]) {
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const withEvidence of [false, true]) results.push(await stretch(rate, withEvidence));
  }
}
console.log(`${WRITERS} writers, ${availableParallelism()} cores, ${seconds} s a stretch; WAL, synchronous=FULL`);
console.table(results);
console.log('verified: every acknowledged event had its leaf at the end of each stretch');
console.log(JSON.stringify({ benchmark: 'evidence', results }));
