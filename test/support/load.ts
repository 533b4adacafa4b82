// Clients that make workflows and start runs until told to stop, and repeat what was not answered, as clients do.
import type { Answer, Caller } from './caller.js';
import { until } from './until.js';

const CLIENTS = 12;
const PAUSE_MS = 20;

/** Of the workflow whose runs are started: one call each, one after the other. */
export const STEPS = ['first', 'second', 'third', 'fourth'];

/** @returns the id of an active workflow that calls the provider at this address. */
export async function loadWorkflow(server: Caller, name: string, providerUrl: string): Promise<string> {
  const asked = { name, providerId: 'http', config: { base_url: providerUrl } };
  const made = await server.call('POST', '/v1/provider-configurations', asked);
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
  const created = await server.call('POST', '/v1/workflows', {
    name,
    nodes: [trigger, ...STEPS.map(node)],
    edges: STEPS.map((target, index) => ({ id: `e${index}`, source: chain[index], target })),
  });
  expect(created.status).toBe(201);
  const id = String(created.body['workflowId']);
  expect((await server.call('POST', `/v1/workflows/${id}/activate`)).status).toBe(200);
  return id;
}

export class Load {
  /** Run id by idempotency key, for every start that was answered. */
  readonly acknowledged = new Map<string, string>();
  readonly workflowsMade: string[] = [];
  /** Answers 503, each of which said that the store is not to be had, and when to come again. */
  turnedAway = 0;
  private stopped = false;
  private starts = 0;
  private found: unknown;
  private readonly clients: Promise<void>[];

  constructor(
    private readonly server: Caller,
    private readonly workflowId: string,
    /** No other load of this server has it. */
    private readonly name: string,
  ) {
    this.clients = Array.from({ length: CLIENTS }, (_, index) =>
      this.client(index).catch((error: unknown) => {
        this.found ??= error;
      }),
    );
  }

  /** So much more was acknowledged than at the time of the call. Throws what a client found wrong. */
  async advances(count: number): Promise<void> {
    const { progress } = this;
    await this.until(() => this.progress >= progress + count);
  }

  /** Somebody is turned away, after the time of the call. Throws what a client found wrong. */
  async isFelt(): Promise<void> {
    const { turnedAway } = this;
    await this.until(() => this.turnedAway > turnedAway);
  }

  /** Throws what a client found wrong. */
  async until(isSo: () => boolean): Promise<void> {
    await until(() => {
      this.check();
      return isSo();
    }, 2);
  }

  /** Throws what a client found wrong. */
  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.clients);
    this.check();
  }

  private get progress(): number {
    return this.acknowledged.size + this.workflowsMade.length;
  }

  private check(): void {
    if (this.found !== undefined) throw this.found as Error;
  }

  private async client(index: number): Promise<void> {
    while (!this.stopped) {
      const number = (this.starts += 1);
      if (index === 0) await this.makeWorkflow(`${this.name}-made-${number}`);
      else await this.startRun(`${this.name}-${number}`);
    }
  }

  private async startRun(key: string): Promise<void> {
    const path = `/v1/workflows/${this.workflowId}/executions`;
    const asked = { inputData: { customer: key } };
    const { status, body } = await this.taken(() => this.server.call('POST', path, asked, { 'idempotency-key': key }));
    expect([200, 201]).toContain(status);
    this.acknowledged.set(key, String(body['executionId']));
  }

  private async makeWorkflow(name: string): Promise<void> {
    const { status, body } = await this.taken(() => this.server.call('POST', '/v1/workflows', { name }));
    // 409: the attempt whose answer was lost had succeeded
    expect([201, 409]).toContain(status);
    if (status === 201) this.workflowsMade.push(String(body['workflowId']));
  }

  /** The first answer that is not to come again. Without one the server is gone: the same request, once there is another. */
  private async taken(ask: () => Promise<Answer>): Promise<Answer> {
    for (;;) {
      const answer = await ask().catch(() => undefined);
      if (answer && !this.isTurnedAway(answer)) return answer;
      await new Promise((later) => setTimeout(later, PAUSE_MS));
    }
  }

  private isTurnedAway({ status, body, retryAfter }: Answer): boolean {
    if (status !== 503) return false;
    expect(body).toMatchObject({ code: 'STORE_UNAVAILABLE', title: 'Service Unavailable' });
    expect(Number(retryAfter)).toBeGreaterThan(0);
    this.turnedAway += 1;
    return true;
  }
}
