// Five-step runs over HTTP, every step an HTTP call to a provider in another process, its result durable before the next
// begins; beside a bare loop that does the same HTTP and the same number of group-committed fdatasyncs and nothing else.
// The two alternate in one run. The clock of ours stops when the views have caught up.
//   npm run bench:runs -- [--log esdb://...] [--views postgres|postgres://...] [--runs n] [--in-flight 64,256]
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Pool } from 'undici';
import { processorMs, startNode } from '../support/child.js';
import { startPostgres } from '../support/postgres.js';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '4000' },
    alone: { type: 'string', default: '400' },
    rounds: { type: 'string', default: '3' },
    // Runs before anything is measured, on each side: servers and stores that have just started compile their code yet.
    'warm-up': { type: 'string', default: '3000' },
    'in-flight': { type: 'string', default: '64,256' },
    log: { type: 'string' },
    views: { type: 'string' },
    // As `npm start` has them. For a profile add --cpu-prof --cpu-prof-dir=profiles
    'node-flags': { type: 'string', default: '--max-semi-space-size=32' },
    server: { type: 'string', default: 'dist/apps/server/src/main.js' },
  },
});
const runs = Number(values.runs);
const alone = Number(values.alone);
const rounds = Number(values.rounds);
const warmUp = Number(values['warm-up']);
const levels = values['in-flight'].split(',').map(Number);

interface Figure {
  readonly runsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Processor time of the server a run, all threads. */
  readonly processorMs: number;
}

// A private cluster of PostgreSQL, unless one is named.
const cluster = values.views === 'postgres' ? await startPostgres() : undefined;
const viewsUrl = cluster?.url ?? values.views;
const log = values.log === undefined ? 'SQLite WAL, synchronous=FULL' : 'EventStoreDB, as the node is configured';
const views = viewsUrl === undefined ? 'SQLite' : 'PostgreSQL';
const stores = `log: ${log}; views: ${views}`;

/** A log that is elsewhere may know earlier rounds. */
const began = Date.now();
const directory = await mkdtemp(join(tmpdir(), 'runledger-bench-'));
const provider = await startNode(['test/bench/peers/provider.mjs'], /^(\d+)$/);
const bare = await startNode(['test/bench/peers/bare-loop.mjs', provider.said, directory], /^(\d+)$/);
const ours = await startNode(
  [...values['node-flags'].split(' ').filter(Boolean), values.server],
  /(http:\/\/\S+?)[\s,)]|(http:\/\/\S+)$/,
  {
    PORT: '0',
    DATA_DIR: join(directory, 'data'),
    LOG_LEVEL: 'error',
    AUTH: 'off',
    ...(values.log === undefined ? {} : { EVENTSTORE_URL: values.log }),
    ...(viewsUrl === undefined ? {} : { VIEWS_URL: viewsUrl, VIEWS_SCHEMA: `bench_${began}` }),
  },
);
const oursUrl = ours.said.trim();
const server = new Pool(oursUrl, { connections: 320 });
const loop = new Pool(`http://127.0.0.1:${bare.said}`, { connections: 320 });

async function post(pool: Pool, path: string, body: object, headers: Record<string, string> = {}): Promise<Json> {
  const answer = await pool.request({
    method: 'POST',
    path,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  const text = await answer.body.text();
  if (answer.statusCode >= 300) throw new Error(`${path}: ${answer.statusCode} ${text}`);
  return JSON.parse(text) as Json;
}
type Json = Record<string, unknown>;

async function get(path: string): Promise<Json> {
  const answer = await server.request({ method: 'GET', path });
  return (await answer.body.json()) as Json;
}

async function defineWorkflow(): Promise<string> {
  const config = await post(server, '/v1/provider-configurations', {
    name: `bench provider ${began}`,
    providerId: 'http',
    config: { base_url: `http://127.0.0.1:${provider.said}` },
  });
  const step = (index: number): Json => ({
    id: `check-${index}`,
    type: 'executor',
    name: `Check ${index}`,
    position: { x: 200 * index, y: 0 },
    data: {
      executorId: 'http.request',
      providerConfigId: config['id'],
      method: 'POST',
      path: '/check',
      inputMapping: [
        { source: 'workflow.customer', target: 'customer', required: true },
        { source: 'workflow.amount', target: 'amount' },
      ],
      outputMapping: [
        { source: 'body.decision', target: 'decision' },
        { source: 'body.score', target: 'score' },
      ],
    },
  });
  const ids = ['in', 'check-1', 'check-2', 'check-3', 'check-4', 'check-5'];
  const created = await post(server, '/v1/workflows', {
    name: `bench five steps ${began}`,
    nodes: [
      { id: 'in', type: 'trigger', position: { x: 0, y: 0 }, data: { triggerType: 'manual' } },
      ...[1, 2, 3, 4, 5].map(step),
    ],
    edges: ids.slice(1).map((target, index) => ({ id: `e${index}`, source: ids[index], target })),
  });
  await post(server, `/v1/workflows/${String(created['workflowId'])}/activate`, {});
  return String(created['workflowId']);
}

let keys = 0;
const inputData = { customer: 'c-4711', amount: 1250.5, currency: 'EUR', country: 'DE' };

async function runOurs(workflowId: string): Promise<void> {
  const answer = await post(
    server,
    `/v1/workflows/${workflowId}/executions`,
    { inputData },
    { 'idempotency-key': `k-${(keys += 1)}`, prefer: 'wait=60' },
  );
  if (answer['status'] !== 'completed') throw new Error(`a run ended otherwise: ${JSON.stringify(answer)}`);
}

async function runBare(): Promise<void> {
  const answer = await post(loop, '/', { inputData });
  if (answer['status'] !== 'completed') throw new Error(JSON.stringify(answer));
}

async function viewsCaughtUp(total: number): Promise<void> {
  for (;;) {
    const counts = await get('/v1/dashboards/executions');
    if (counts['completed'] === total) return;
    if (Number(counts['completed']) > total || counts['failed'] !== 0) throw new Error(JSON.stringify(counts));
  }
}

async function measure(
  pid: number,
  count: number,
  inFlight: number,
  one: () => Promise<void>,
  end: () => Promise<void>,
) {
  const latencies: number[] = [];
  let left = count;
  const usedMs = await processorMs(pid);
  const startedMs = performance.now();
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const beganMs = performance.now();
      await one();
      latencies.push(performance.now() - beganMs);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  await end();
  const seconds = (performance.now() - startedMs) / 1000;
  latencies.sort((a, b) => a - b);
  const at = (share: number): number => latencies[Math.min(count - 1, Math.floor(count * share))] ?? Number.NaN;
  const processor = ((await processorMs(pid)) - usedMs) / count;
  return { runsPerSecond: count / seconds, p50Ms: at(0.5), p99Ms: at(0.99), processorMs: processor } satisfies Figure;
}

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
const medianOf = (figures: readonly Figure[]): Figure => ({
  runsPerSecond: median(figures.map((figure) => figure.runsPerSecond)),
  p50Ms: median(figures.map((figure) => figure.p50Ms)),
  p99Ms: median(figures.map((figure) => figure.p99Ms)),
  processorMs: median(figures.map((figure) => figure.processorMs)),
});

try {
  const workflowId = await defineWorkflow();
  let done = 0;
  let bareDone = 0;
  const oursRound = async (count: number, inFlight: number): Promise<Figure> => {
    done += count;
    return measure(
      ours.process.pid ?? 0,
      count,
      inFlight,
      () => runOurs(workflowId),
      () => viewsCaughtUp(done),
    );
  };
  const bareRound = async (count: number, inFlight: number): Promise<Figure> => {
    bareDone += count;
    return measure(bare.process.pid ?? 0, count, inFlight, runBare, () => Promise.resolve());
  };
  await oursRound(warmUp, 64);
  await bareRound(warmUp, 64);
  const table: Record<string, Record<string, string>> = {};
  const json: Record<string, unknown> = {};
  for (const inFlight of [1, ...levels]) {
    const mine: Figure[] = [];
    const theirs: Figure[] = [];
    for (let round = 0; round < rounds; round += 1) {
      mine.push(await oursRound(inFlight === 1 ? alone : runs, inFlight));
      theirs.push(await bareRound(inFlight === 1 ? alone : runs, inFlight));
    }
    const a = medianOf(mine);
    const b = medianOf(theirs);
    const ratio = a.runsPerSecond / b.runsPerSecond;
    table[`${inFlight} in flight`] = {
      'Runledger runs/s': a.runsPerSecond.toFixed(0),
      'p50 ms': a.p50Ms.toFixed(2),
      'p99 ms': a.p99Ms.toFixed(2),
      'CPU ms/run': a.processorMs.toFixed(2),
      'bare loop runs/s': b.runsPerSecond.toFixed(0),
      'bare p50 ms': b.p50Ms.toFixed(2),
      'bare CPU ms/run': b.processorMs.toFixed(2),
      ratio: ratio.toFixed(3),
    };
    json[String(inFlight)] = { runledger: mine, bare: theirs, ratio };
  }
  const calls = Number(await (await fetch(`http://127.0.0.1:${provider.said}/`)).text());
  if (calls !== 5 * (done + bareDone))
    throw new Error(`the provider counted ${calls} calls, not ${5 * (done + bareDone)}`);
  console.log(`Five-step runs over HTTP; durability on: ${stores}; bare loop: fdatasync.`);
  console.table(table);
  console.log(
    JSON.stringify({ benchmark: 'runs', stores, runs, alone, rounds, warmUp, verifiedCalls: calls, figures: json }),
  );
} finally {
  await Promise.all([server.close(), loop.close()]);
  await ours.stop();
  await bare.stop();
  await provider.stop();
  await cluster?.remove();
  await rm(directory, { recursive: true, force: true });
}
