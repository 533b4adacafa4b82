// A provider whose every answer a test decides, and that remembers what it was asked.
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
}

/** Says what to answer: `[status, body]` as JSON, or whatever it does with the response itself. */
export type Behaviour = (
  received: Received,
  response: ServerResponse,
  socket: Socket,
) => readonly [status: number, body: unknown] | undefined | Promise<readonly [number, unknown] | undefined>;

export class LocalProvider {
  readonly received: Received[] = [];
  private readonly behaviours = new Map<string, Behaviour>();
  private readonly server: Server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    void this.answer(request, response);
  });
  url = '';

  async listen(): Promise<this> {
    await new Promise<void>((ready) => this.server.listen(0, '127.0.0.1', ready));
    this.url = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    return this;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  /** What it does for requests to exactly this path; anything else is answered 404. */
  on(path: string, behaviour: Behaviour): this {
    this.behaviours.set(path, behaviour);
    return this;
  }

  /** What came in for this path, oldest first. */
  to(path: string): readonly Received[] {
    return this.received.filter(({ url }) => url.split('?')[0] === path);
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const { method = '', url = '', headers } = request;
    const received = { method, url, headers, text, body: parsed(text) };
    this.received.push(received);
    const behaviour = this.behaviours.get(url.split('?')[0] ?? '') ?? (() => [404, { error: 'nobody here' }] as const);
    const answer = await behaviour(received, response, request.socket);
    if (!answer) return;
    response.writeHead(answer[0], { 'content-type': 'application/json' }).end(JSON.stringify(answer[1]));
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
