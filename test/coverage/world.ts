// A running server as the coverage test meets it: its administrator, a provider that can be told how to answer, and the
// things that outcomes need to be arranged beforehand.
import { once } from 'node:events';
import type { IncomingMessage, RequestOptions, Server } from 'node:http';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Administrator {
  readonly id: string;
  readonly name: string;
  readonly key: string;
}

export interface Call {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

const agent = new Agent({ keepAlive: false });

export class World {
  /** Ids of all requests that were sent through it. */
  readonly requests = new Set<string>();
  private serial = 0;

  constructor(
    readonly url: string,
    readonly providerUrl: string,
    readonly admin: Administrator,
  ) {}

  /** The world of the server's first key. */
  static async of(url: string, providerUrl: string, key: string): Promise<World> {
    const asked = new World(url, providerUrl, { id: '', name: '', key });
    const { items } = await asked.arrange('GET', '/v1/api-keys');
    const [first] = items as readonly { readonly id: string; readonly name: string }[];
    return new World(url, providerUrl, { id: first?.id ?? '', name: first?.name ?? '', key });
  }

  /** Sends a request with nothing added but an id; a body that is not a text is sent as JSON. */
  async send(method: string, path: string, { body, headers: given = {} }: Call): Promise<Answer> {
    const headers = { 'x-request-id': this.fresh('arranged'), ...given };
    this.requests.add(headers['x-request-id']);
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const framed = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text ?? '') };
    return exchange(
      `${this.url}${path}`,
      { method, headers: { ...(text === undefined ? {} : framed), ...headers } },
      text,
    );
  }

  /** As the administrator; anything but a success is an error of the arrangement. */
  async arrange(method: string, path: string, call: Call = {}): Promise<Answer['body']> {
    const headers = { 'x-api-key': this.admin.key, ...call.headers };
    const { status, body } = await this.send(method, path, { ...call, headers });
    if (status >= 300) throw new Error(`${method} ${path} answered ${status}: ${JSON.stringify(body)}`);
    return body;
  }

  /** A text that no other call of this gave. */
  fresh(word: string): string {
    this.serial += 1;
    return `${word}-${this.serial}`;
  }

  async provider(config: object = {}): Promise<string> {
    const body = {
      name: this.fresh('provider'),
      providerId: 'http',
      config: { base_url: this.providerUrl, ...config },
    };
    return String((await this.arrange('POST', '/v1/provider-configurations', { body }))['id']);
  }

  async disabledProvider(): Promise<string> {
    const id = await this.provider();
    await this.arrange('POST', `/v1/provider-configurations/${id}/disable`);
    return id;
  }

  /** A draft that does nothing but end; or the nodes and edges given. */
  async draft(content: object = {}): Promise<string> {
    const body = { name: this.fresh('workflow'), ...straight, ...content };
    return String((await this.arrange('POST', '/v1/workflows', { body }))['workflowId']);
  }

  async active(content: object = {}): Promise<string> {
    const id = await this.draft(content);
    await this.arrange('POST', `/v1/workflows/${id}/activate`);
    return id;
  }

  async inactive(): Promise<string> {
    const id = await this.active();
    await this.arrange('POST', `/v1/workflows/${id}/deactivate`);
    return id;
  }

  /** A draft that was active before. */
  async redrafted(): Promise<string> {
    const id = await this.inactive();
    await this.arrange('POST', `/v1/workflows/${id}/draft`);
    return id;
  }

  /** An active workflow with one call of the provider to `/ok`, `/wrong` or `/never`. */
  async calling(path: '/ok' | '/wrong' | '/never'): Promise<string> {
    return this.active(calls(path, await this.provider()));
  }

  /** A run that has ended, or with `/never` one that is under way. */
  async run(path: '/ok' | '/wrong' | '/never' = '/ok'): Promise<string> {
    const workflow = await this.calling(path);
    const headers = { 'idempotency-key': this.fresh('key'), ...(path === '/never' ? {} : { prefer: 'wait=10' }) };
    const body = { inputData: { amount: 1 } };
    return String(
      (await this.arrange('POST', `/v1/workflows/${workflow}/executions`, { headers, body }))['executionId'],
    );
  }

  async apiKey(): Promise<string> {
    return String((await this.arrange('POST', '/v1/api-keys', { body: { name: this.fresh('key') } }))['id']);
  }

  /** The id of some entry. */
  async entry(): Promise<string> {
    const { items } = await this.arrange('GET', '/v1/audit-events?limit=1');
    return (items as readonly { readonly eventId: string }[])[0]?.eventId ?? '';
  }
}

export const unknownId = '00000000-0000-4000-8000-000000000000';

const at = { x: 0, y: 0 };
const output = { id: 'out', type: 'action', position: at, data: { actionType: 'set_output', output: { done: true } } };

export const straight = {
  nodes: [{ id: 'in', type: 'trigger', position: at, data: {} }, output],
  edges: [{ id: 'e1', source: 'in', target: 'out' }],
};

export function calls(path: string, providerConfigId: string): object {
  const data = { executorId: 'http.request', providerConfigId, path, method: 'POST' };
  return {
    nodes: [
      { id: 'in', type: 'trigger', position: at, data: {} },
      { id: 'call', type: 'executor', name: 'Call', position: at, data },
      output,
    ],
    edges: [
      { id: 'e1', source: 'in', target: 'call' },
      { id: 'e2', source: 'call', target: 'out' },
    ],
  };
}

/** Runs through at once when its webhook is called. */
export function listening(path: string, trigger: object = {}): object {
  const data = { triggerType: 'webhook', method: 'POST', path, ...trigger };
  return { ...straight, nodes: [{ id: 'in', type: 'trigger', position: at, data }, output] };
}

/** Asks again until it is so, or until it can be said that it will not be. */
export async function until(isSo: () => Promise<boolean>, patienceMs = 5_000): Promise<void> {
  const end = Date.now() + patienceMs;
  while (!(await isSo()) && Date.now() < end) await new Promise((later) => setTimeout(later, 20));
}

/** Not `fetch`, which refuses methods and bodies that a client may send all the same. */
async function exchange(url: string, options: RequestOptions, text: string | undefined): Promise<Answer> {
  const asked = request(url, { ...options, agent });
  // The answer to a body that is too large may come before all of it was sent.
  asked.on('error', () => undefined);
  asked.end(text);
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode ?? 0, body: contentOf(Buffer.concat(chunks).toString()) };
}

function contentOf(text: string): Answer['body'] {
  try {
    const content = JSON.parse(text) as unknown;
    return typeof content === 'object' && content !== null ? (content as Answer['body']) : { content };
  } catch {
    return { text };
  }
}

/** Answers `/ok` with 200, `/wrong` with 400, and never answers `/never`. */
export async function startProvider(): Promise<{ readonly url: string; readonly stop: () => void }> {
  const server: Server = createServer((request, response) => {
    if (request.url === '/never') return;
    response.statusCode = request.url === '/wrong' ? 400 : 200;
    response.setHeader('content-type', 'application/json').end('{"answer":true}');
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const { port } = server.address() as AddressInfo;
  const stop = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${port}`, stop };
}
