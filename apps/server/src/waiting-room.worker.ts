// What answers while the stores cannot be reached yet: not ready, and why.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const RETRY_AFTER_SECONDS = 5;

export class WaitingRoom {
  private server: Server | undefined;

  /** What keeps the server from starting; a sentence for operators, without secrets. */
  reason = '';

  /** Where it has listened. */
  port: number | undefined;

  /** Listens, unless it does so already. Throws what listening throws. */
  async open(host: string, port: number): Promise<void> {
    if (!this.server) {
      const server = createServer((request, response) => this.answer(request, response));
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen({ host, port }, resolve);
      });
      this.server = server;
      this.port = (server.address() as AddressInfo).port;
    }
  }

  /** Idempotent. */
  async close(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    if (!server) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    const path = (request.url ?? '').split('?')[0];
    const probed = path === '/readyz' || path === '/health';
    const unready = { status: 'unhealthy', checks: { server: { status: 'down', reason: `it waits: ${this.reason}` } } };
    const message = 'the server waits for its stores; try again later';
    const refused = { code: 'STORE_UNAVAILABLE', title: 'Service Unavailable', message, requestId: randomUUID() };
    send(response, 503, probed ? unready : refused);
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    ...(status === 503 ? { 'retry-after': String(RETRY_AFTER_SECONDS) } : {}),
  });
  response.end(JSON.stringify(body));
}
