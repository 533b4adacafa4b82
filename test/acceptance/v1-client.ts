// A client of the v1 contract as another company would write it: nothing of ours is imported, every byte of a request
// can be said, and an answer is kept as it came.
import { Agent, request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';

export interface Sent {
  /** An object is sent as JSON; a text or bytes as they are. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string | string[]>>;
}

export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The parsed body, loosely: a test says itself what it expects. Undefined when there is none or it is no JSON. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
}

const ANSWER_LIMIT_MS = 25_000;

export class V1Client {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 64 });

  constructor(
    readonly url: string,
    private readonly always: Readonly<Record<string, string>> = {},
  ) {}

  close(): void {
    this.agent.destroy();
  }

  get(path: string, headers: Sent['headers'] = {}): Promise<Answered> {
    return this.send('GET', path, { headers });
  }

  post(path: string, body?: unknown, headers: Sent['headers'] = {}): Promise<Answered> {
    return this.send('POST', path, { body, headers });
  }

  /** A state-changing POST as the clients of the contract send it: JSON by its type, and not a byte of it. */
  act(path: string, headers: Sent['headers'] = {}): Promise<Answered> {
    return this.send('POST', path, { body: '', headers });
  }

  put(path: string, body: unknown, headers: Sent['headers'] = {}): Promise<Answered> {
    return this.send('PUT', path, { body, headers });
  }

  patch(path: string, body: unknown, headers: Sent['headers'] = {}): Promise<Answered> {
    return this.send('PATCH', path, { body, headers });
  }

  delete(path: string, headers: Sent['headers'] = {}): Promise<Answered> {
    return this.send('DELETE', path, { headers });
  }

  /** The path goes out as it is written, escapes and all. Rejects when the connection breaks without an answer. */
  send(method: string, path: string, { body, headers = {} }: Sent = {}): Promise<Answered> {
    const bytes = body === undefined ? undefined : bytesOf(body);
    const { hostname, port } = new URL(this.url);
    const all = {
      ...this.always,
      ...(bytes ? { 'content-type': 'application/json', 'content-length': String(bytes.length) } : {}),
      ...headers,
    };
    return new Promise((resolve, reject) => {
      const options = { hostname: hostname.replace(/^\[|\]$/g, ''), port, method, path, headers: all };
      const sent = request({ ...options, agent: this.agent, timeout: ANSWER_LIMIT_MS }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, body: jsonOf(text) });
        });
      });
      sent.on('timeout', () => sent.destroy(new Error(`${method} ${path} was not answered`)));
      sent.on('error', reject);
      sent.end(bytes);
    });
  }

  /** What a test needs beforehand: any answer but a success is an error of the arrangement. */
  async made(answer: Promise<Answered>): Promise<Answered['body']> {
    const { status, body, text } = await answer;
    if (status >= 300) throw new Error(`the arrangement was answered ${status}: ${text.slice(0, 500)}`);
    return body;
  }

  async provider(name: string, config: object, providerId = 'tracer'): Promise<string> {
    const { id } = await this.made(this.post('/v1/provider-configurations', { name, providerId, config }));
    return id;
  }

  async draft(workflow: object): Promise<string> {
    return (await this.made(this.post('/v1/workflows', workflow))).workflowId;
  }

  async active(workflow: object): Promise<string> {
    const id = await this.draft(workflow);
    await this.made(this.act(`/v1/workflows/${id}/activate`));
    return id;
  }

  start(workflowId: string, inputData: unknown, key: string, headers: Sent['headers'] = {}): Promise<Answered> {
    const path = `/v1/workflows/${workflowId}/executions`;
    return this.post(path, { inputData }, { 'idempotency-key': key, ...headers });
  }

  /** Polls as the contract's clients do, until the run has ended; its last status. */
  async ended(executionId: string, limitMs = 15_000): Promise<Answered['body']> {
    const until = Date.now() + limitMs;
    for (;;) {
      const { status, body } = await this.get(`/v1/executions/${executionId}`);
      if (status === 200 && body.status !== 'running' && body.status !== 'pending') return body;
      if (Date.now() > until) throw new Error(`the run has not ended: ${JSON.stringify(body)}`);
      await new Promise((later) => setTimeout(later, 15));
    }
  }

  /** Starts a run, follows it to its end and reads its results. */
  async run(workflowId: string, inputData: unknown, key: string): Promise<Ended> {
    const { executionId } = await this.made(this.start(workflowId, inputData, key));
    const status = await this.ended(executionId);
    const results = await this.made(this.get(`/v1/executions/${executionId}/results`));
    return { executionId, status, results };
  }
}

export interface Ended {
  readonly executionId: string;
  readonly status: Answered['body'];
  readonly results: Answered['body'];
}

function bytesOf(body: unknown): Buffer {
  if (Buffer.isBuffer(body)) return body;
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
