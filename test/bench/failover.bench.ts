// The log goes away under load, as when a cluster loses its leader: how long nothing is finished, and what is lost.
//   npm run bench:failover -- --log esdb://a,b,c [--views postgres] --kill '<command that takes the leader away>'
// Every run must end well, and no step may be called twice: the server itself stays.
import { exec } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs, promisify } from 'node:util';
import { ApiClient, ApiProblem } from '../support/api-client.js';
import { startNode } from '../support/child.js';
import { startPostgres } from '../support/postgres.js';

const { values } = parseArgs({
  options: {
    log: { type: 'string' },
    kill: { type: 'string' },
    views: { type: 'string', default: 'postgres' },
    'in-flight': { type: 'string', default: '16' },
    kills: { type: 'string', default: '1' },
    /** Before, between and after the kills. */
    seconds: { type: 'string', default: '15' },
    server: { type: 'string', default: 'dist/apps/server/src/main.js' },
  },
});
const { log, kill } = values;
if (log === undefined || kill === undefined) throw new Error('usage: --log <connection string> --kill <command>');
const quietMs = Number(values.seconds) * 1_000;

const calls = new Map<string, number>();
const provider = createServer((request, response) => {
  const key = String(request.headers['idempotency-key']);
  request.resume();
  request.on('end', () => {
    calls.set(key, (calls.get(key) ?? 0) + 1);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"decision":"ALLOW"}');
  });
});
await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));

const cluster = values.views === 'postgres' ? await startPostgres() : undefined;
const directory = await mkdtemp(join(tmpdir(), 'runledger-failover-'));
const server = await startNode([values.server], /(http:\/\/\S+?)[\s,)]/, {
  PORT: '0',
  DATA_DIR: directory,
  LOG_LEVEL: 'error',
  AUTH: 'off',
  EVENTSTORE_URL: log,
  VIEWS_SCHEMA: `failover_${Date.now()}`,
  VIEWS_URL: cluster?.url ?? values.views,
});
const api = new ApiClient(server.said);

async function defineWorkflow(): Promise<string> {
  const config = await api.post<{ id: string }>('/v1/provider-configurations', {
    name: `failover ${Date.now()}`,
    providerId: 'http',
    config: { base_url: `http://127.0.0.1:${(provider.address() as AddressInfo).port}` },
  });
  const steps = [1, 2, 3, 4, 5].map((index) => ({
    id: `check-${index}`,
    type: 'executor',
    name: `Check ${index}`,
    position: { x: 200 * index, y: 0 },
    data: { executorId: 'http.request', providerConfigId: config.id, method: 'POST', path: '/check' },
  }));
  const trigger = { id: 'in', type: 'trigger', position: { x: 0, y: 0 }, data: { triggerType: 'manual' } };
  const ids = ['in', ...steps.map(({ id }) => id)];
  const edges = ids.slice(1).map((target, index) => ({ id: `e${index}`, source: ids[index], target }));
  const body = { name: `failover ${Date.now()}`, nodes: [trigger, ...steps], edges };
  const { workflowId } = await api.post<{ workflowId: string }>('/v1/workflows', body);
  await api.post(`/v1/workflows/${workflowId}/activate`, {});
  return workflowId;
}

const endedAtMs: number[] = [];
const refusals = new Map<string, number>();
let stopping = false;

async function startUntilTaken(workflowId: string, key: string): Promise<void> {
  for (;;) {
    try {
      const headers = { 'idempotency-key': key, prefer: 'wait=60' };
      const run = await api.post<{ status: string }>(
        `/v1/workflows/${workflowId}/executions`,
        { inputData: {} },
        headers,
      );
      if (run.status === 'failed') throw new Error(`a run failed: ${JSON.stringify(run)}`);
      if (run.status === 'completed') return;
    } catch (error) {
      if (!(error instanceof ApiProblem) || error.status !== 503) throw error;
      refusals.set(error.code, (refusals.get(error.code) ?? 0) + 1);
    }
    await pause(50);
  }
}

async function load(workflowId: string, worker: number): Promise<number> {
  let count = 0;
  while (!stopping) {
    await startUntilTaken(workflowId, `${worker}-${count}`);
    endedAtMs.push(performance.now());
    count += 1;
  }
  return count;
}

try {
  const workflowId = await defineWorkflow();
  const workers = Array.from({ length: Number(values['in-flight']) }, (_, worker) => load(workflowId, worker));
  const all = Promise.all(workers);
  const pauses: number[] = [];
  for (let index = 0; index < Number(values.kills); index += 1) {
    await Promise.race([pause(quietMs), all]);
    const killedMs = performance.now();
    await promisify(exec)(kill);
    await Promise.race([pause(quietMs), all]);
    const times = [killedMs, ...endedAtMs.filter((at) => at > killedMs), performance.now()];
    pauses.push(Math.max(...times.slice(1).map((at, before) => at - (times[before] ?? at))));
  }
  stopping = true;
  const runs = (await all).reduce((sum, count) => sum + count, 0);
  const counts = await api.get<Record<string, number>>('/v1/dashboards/executions');
  const repeated = [...calls.values()].filter((count) => count > 1).length;
  if (counts['completed'] !== runs)
    throw new Error(`${runs} runs were acknowledged, ${JSON.stringify(counts)} are known`);
  if (calls.size !== 5 * runs || repeated > 0)
    throw new Error(`${calls.size} steps called, ${repeated} more than once`);
  const longest = pauses.map((ms) => `${(ms / 1_000).toFixed(1)} s`).join(', ');
  console.log(`${runs} runs, all completed, every step called once; longest pause after each kill: ${longest}`);
  console.log(
    JSON.stringify({ benchmark: 'failover', runs, pausesMs: pauses, refusals: Object.fromEntries(refusals) }),
  );
} finally {
  await server.stop();
  await cluster?.remove();
  provider.closeAllConnections();
  provider.close();
  await rm(directory, { recursive: true, force: true });
}
