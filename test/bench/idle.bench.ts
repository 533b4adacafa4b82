// What the server costs when nothing happens: start to listening, and resident memory at rest, fresh and after runs.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Pool } from 'undici';
import { residentMiB, startNode } from '../support/child.js';

const { values } = parseArgs({
  options: {
    starts: { type: 'string', default: '5' },
    'rest-seconds': { type: 'string', default: '30' },
    runs: { type: 'string', default: '20000' },
  },
});
const restMs = Number(values['rest-seconds']) * 1000;
const runs = Number(values.runs);
const command = ['--max-semi-space-size=32', 'dist/apps/server/src/main.js'];
const listening = /listening on (\S+)/;

async function withDirectory<T>(work: (env: Record<string, string>) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'runledger-idle-'));
  try {
    return await work({ PORT: '0', DATA_DIR: join(directory, 'data'), LOG_LEVEL: 'error', AUTH: 'off' });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const startMs: number[] = [];
for (let index = 0; index < Number(values.starts); index += 1) {
  await withDirectory(async (env) => {
    const began = performance.now();
    const server = await startNode(command, listening, env);
    startMs.push(performance.now() - began);
    await server.stop();
  });
}
startMs.sort((a, b) => a - b);

/** Runs without a provider: trigger, condition, output. */
async function makeRuns(url: string): Promise<void> {
  const pool = new Pool(url, { connections: 64 });
  const post = async (path: string, body: object, headers: Record<string, string> = {}): Promise<{ id?: string }> => {
    const answer = await pool.request({
      method: 'POST',
      path,
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    if (answer.statusCode >= 300) throw new Error(`${path}: ${answer.statusCode} ${await answer.body.text()}`);
    return (await answer.body.json()) as { id?: string };
  };
  const { id } = await post('/v1/workflows', {
    name: 'idle',
    nodes: [
      { id: 'in', type: 'trigger', data: {} },
      { id: 'large', type: 'conditional', data: { condition: 'workflow.amount > 10' } },
      { id: 'yes', type: 'action', data: { actionType: 'set_output', output: { large: true } } },
    ],
    edges: [
      { id: 'e1', source: 'in', target: 'large' },
      { id: 'e2', source: 'large', target: 'yes', sourceHandle: 'true' },
    ],
  });
  await post(`/v1/workflows/${String(id)}/activate`, {});
  let left = runs;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await post(
        `/v1/workflows/${String(id)}/executions`,
        { inputData: { amount: 12 } },
        { 'idempotency-key': `k${left}` },
      );
    }
  };
  await Promise.all(Array.from({ length: 64 }, worker));
  for (;;) {
    const answer = await pool.request({ method: 'GET', path: '/v1/dashboards/executions' });
    if (((await answer.body.json()) as { completed: number }).completed === runs) break;
  }
  await pool.close();
}

const memory = await withDirectory(async (env) => {
  const server = await startNode(command, listening, env);
  const pid = server.process.pid ?? 0;
  await pause(restMs);
  const fresh = await residentMiB(pid);
  await makeRuns(server.said);
  const busy = await residentMiB(pid);
  await pause(restMs);
  const after = await residentMiB(pid);
  await server.stop();
  return { fresh, busy, after };
});

const figures = {
  'start to listening, median ms': startMs[Math.floor(startMs.length / 2)]?.toFixed(0),
  'start to listening, longest ms': startMs.at(-1)?.toFixed(0),
  'resident at rest, fresh, MiB': memory.fresh.toFixed(0),
  [`resident right after ${runs} runs, MiB`]: memory.busy.toFixed(0),
  [`resident at rest after ${runs} runs, MiB`]: memory.after.toFixed(0),
};
console.table(figures);
console.log(JSON.stringify({ benchmark: 'idle', startMs, memory, runs, restSeconds: restMs / 1000 }));
