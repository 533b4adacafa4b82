// Clients that make workflows and start runs until told to stop, and repeat what was not answered, as clients do.
import type { Answer, Victim } from './victim.js';

const CLIENTS = 12;
const PAUSE_MS = 20;

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
    private readonly victim: Victim,
    private readonly workflowId: string,
  ) {
    this.clients = Array.from({ length: CLIENTS }, (_, index) =>
      this.client(index).catch((error: unknown) => {
        this.found ??= error;
      }),
    );
  }

  /** Throws what a client found wrong. */
  check(): void {
    if (this.found !== undefined) throw this.found as Error;
  }

  /** Throws what a client found wrong. */
  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.clients);
    this.check();
  }

  private async client(index: number): Promise<void> {
    while (!this.stopped) {
      const number = (this.starts += 1);
      if (index === 0) await this.makeWorkflow(`made-${number}`);
      else await this.startRun(`key-${number}`);
    }
  }

  private async startRun(key: string): Promise<void> {
    const path = `/v1/workflows/${this.workflowId}/executions`;
    const asked = { inputData: { customer: key } };
    const { status, body } = await this.taken(() => this.victim.call('POST', path, asked, { 'idempotency-key': key }));
    expect([200, 201]).toContain(status);
    this.acknowledged.set(key, String(body['executionId']));
  }

  private async makeWorkflow(name: string): Promise<void> {
    const { status, body } = await this.taken(() => this.victim.call('POST', '/v1/workflows', { name }));
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
