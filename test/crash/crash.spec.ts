// A server killed at random moments under load. Nothing acknowledged is lost, every run ends, and no finished step is
// called again. The provider counts; the log says what was finished; both are compared at the end.
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteLogReader } from '@app/event-store/nest';
import type { RecordedEvent } from '@app/kernel';
import { type Child, startNode } from '../support/child.js';
import { verifyEvents } from '../support/verified-events.js';

const KILLS = 20;
const CLIENTS = 12;
const STEPS = ['first', 'second', 'third', 'fourth'];

interface Call {
  /** `<execution id>:<node id>`, the same on every attempt of one step. */
  readonly key: string;
  readonly atMs: number;
}

/** Answers after a moment, so that a kill finds calls under way. */
class Provider {
  readonly calls: Call[] = [];
  private readonly server: Server = createServer((request, response) => {
    request.resume().on('end', () => {
      this.calls.push({ key: String(request.headers['idempotency-key']), atMs: Date.now() });
      setTimeout(
        () => response.writeHead(200, { 'content-type': 'application/json' }).end('{"decision":"ALLOW"}'),
        Math.random() * 20,
      );
    });
  });

  async listen(): Promise<string> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

/** One data directory and the servers that follow each other on it. */
class Victim {
  private child: Child | undefined;
  url = '';

  constructor(private readonly directory: string) {}

  async start(): Promise<void> {
    this.child = await startNode(['dist/apps/server/src/main.js'], /listening on (\S+)/, {
      PORT: '0',
      HOST: '127.0.0.1',
      AUTH: 'off',
      DATA_DIR: this.directory,
      LOG_LEVEL: 'error',
    });
    this.url = this.child.said;
  }

  /** How the process ended, as the kernel says. */
  async kill(): Promise<NodeJS.Signals | null> {
    const { process } = this.child as Child;
    const exit = once(process, 'exit');
    process.kill('SIGKILL');
    await exit;
    return process.signalCode;
  }

  async stop(): Promise<void> {
    await this.child?.stop();
  }

  async call(method: string, path: string, body?: object, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) };
  }
}

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

const directories: string[] = [];
const provider = new Provider();
let victim: Victim;

beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'runledger-crash-'));
  directories.push(directory);
  victim = new Victim(directory);
  await victim.start();
});

afterAll(async () => {
  await victim.stop();
  provider.close();
  for (const directory of directories) await rm(directory, { recursive: true, force: true });
});

async function defineWorkflow(): Promise<string> {
  const config = { base_url: await provider.listen() };
  const made = await victim.call('POST', '/v1/provider-configurations', { name: 'checks', providerId: 'http', config });
  expect(made.status).toBe(201);
  const node = (id: string) => ({
    id,
    type: 'executor',
    position: { x: 0, y: 0 },
    data: {
      executorId: 'http.request',
      providerConfigId: made.body['id'],
      method: 'POST',
      path: '/check',
      inputMapping: [{ source: 'workflow.customer', target: 'customer' }],
    },
  });
  const trigger = { id: 'in', type: 'trigger', position: { x: 0, y: 0 }, data: { triggerId: 'webhook' } };
  const chain = ['in', ...STEPS];
  const created = await victim.call('POST', '/v1/workflows', {
    name: 'crash',
    nodes: [trigger, ...STEPS.map(node)],
    edges: STEPS.map((target, index) => ({ id: `e${index}`, source: chain[index], target })),
  });
  expect(created.status).toBe(201);
  const id = String(created.body['workflowId']);
  expect((await victim.call('POST', `/v1/workflows/${id}/activate`)).status).toBe(200);
  return id;
}

/** Clients that start runs until told to stop; a start without an answer is repeated with its key, as a client does. */
class Load {
  /** Run id by idempotency key, for every start that was answered. */
  readonly acknowledged = new Map<string, string>();
  readonly workflowsMade: string[] = [];
  private stopped = false;
  private starts = 0;
  private readonly clients: Promise<void>[];

  constructor(private readonly workflowId: string) {
    this.clients = Array.from({ length: CLIENTS }, (_, index) => this.client(index));
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.clients);
  }

  private async client(index: number): Promise<void> {
    while (!this.stopped) {
      const number = (this.starts += 1);
      if (index === 0) await this.untilAnswered(() => this.makeWorkflow(`made-${number}`));
      else await this.untilAnswered(() => this.startRun(`key-${number}`));
    }
  }

  private async untilAnswered(one: () => Promise<boolean>): Promise<void> {
    for (;;) {
      try {
        if (await one()) return;
      } catch {
        // the server is gone: the same request again, once there is one
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  private async startRun(key: string): Promise<boolean> {
    const answer = await victim.call(
      'POST',
      `/v1/workflows/${this.workflowId}/executions`,
      { inputData: { customer: key } },
      { 'idempotency-key': key },
    );
    if (answer.status === 503) return false;
    expect([200, 201]).toContain(answer.status);
    this.acknowledged.set(key, String(answer.body['executionId']));
    return true;
  }

  private async makeWorkflow(name: string): Promise<boolean> {
    const answer = await victim.call('POST', '/v1/workflows', { name });
    // 409: the attempt whose answer was lost had succeeded
    expect([201, 409]).toContain(answer.status);
    if (answer.status === 201) this.workflowsMade.push(String(answer.body['workflowId']));
    return true;
  }
}

async function everyRunEnded(): Promise<void> {
  for (;;) {
    const counts = await victim.call('GET', '/v1/dashboards/executions');
    if (counts.status === 200 && counts.body['running'] === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function wholeLog(): Promise<RecordedEvent[]> {
  const log = await SqliteLogReader.open({ directory: directories[0] as string });
  const events: RecordedEvent[] = [];
  for await (const event of log.readAll()) events.push(event);
  await log.close();
  return events;
}

const stepKey = (event: RecordedEvent): string =>
  `${event.stream.slice('execution-'.length)}:${(event.data as { nodeId: string }).nodeId}`;

function countBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1);
  return counts;
}

it(`goes on by itself after each of ${KILLS} kills, loses nothing acknowledged and repeats no finished step`, async () => {
  const load = new Load(await defineWorkflow());
  for (let kill = 0; kill < KILLS; kill += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100 + Math.random() * 500));
    expect(await victim.kill()).toBe('SIGKILL');
    await victim.start();
  }
  await load.stop();
  await everyRunEnded();

  const list = await victim.call('GET', '/v1/dashboards/executions');
  for (const id of load.acknowledged.values()) {
    const run = await victim.call('GET', `/v1/executions/${id}`);
    expect(run.body).toMatchObject({ executionId: id, status: 'completed' });
  }
  for (const id of load.workflowsMade) expect((await victim.call('GET', `/v1/workflows/${id}`)).status).toBe(200);
  await victim.stop();

  const events = await wholeLog();
  const of = (type: string): RecordedEvent[] => events.filter((event) => event.type === type);
  expect(of('ExecutionStarted').length).toBe(Number(list.body['total']));
  expect(load.acknowledged.size).toBeGreaterThan(KILLS);
  expect(of('ExecutionCompleted')).toHaveLength(of('ExecutionStarted').length);

  const finished = countBy(of('StepCompleted'), stepKey);
  expect(Math.max(...finished.values())).toBe(1);
  expect(finished.size).toBe(of('ExecutionStarted').length * STEPS.length);
  const claims = countBy(of('StepStarted'), stepKey);
  const calls = countBy(provider.calls, (call) => call.key);
  for (const [key, count] of calls) expect([key, count <= (claims.get(key) ?? 0)]).toEqual([key, true]);
  const finishedAt = new Map(of('StepCompleted').map((event) => [stepKey(event), Date.parse(event.recordedAt)]));
  const late = provider.calls.filter((call) => call.atMs > (finishedAt.get(call.key) ?? 0));
  expect(late).toEqual([]);

  expect((await verifyEvents(events)).defects).toEqual([]);

  // The kills did hit calls under way: otherwise this test would have shown nothing.
  const interrupted = of('StepFailed').filter(
    (event) => (event.data as { error: { code: string } }).error.code === 'interrupted',
  );
  expect(interrupted.length).toBeGreaterThan(0);
}, 300_000);
