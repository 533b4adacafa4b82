// A provider that remembers every call and answers after a moment, so that a kill finds calls under way.
import { once } from 'node:events';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Call {
  /** `<execution id>:<node id>`, the same on every attempt of one step. */
  readonly key: string;
  readonly atMs: number;
}

export class CountingProvider {
  readonly calls: Call[] = [];
  /** Calls that have come and were not answered yet. */
  underWay = 0;
  /** Calls whose caller was gone before the answer. */
  cut = 0;
  private held: (() => void)[] | undefined;
  private readonly server: Server = createServer((request, response) => {
    this.underWay += 1;
    response.once('close', () => {
      this.underWay -= 1;
      if (!response.writableFinished) this.cut += 1;
    });
    request.resume().on('end', () => {
      this.calls.push({ key: String(request.headers['idempotency-key']), atMs: Date.now() });
      const answer = (): void => {
        response.writeHead(200, { 'content-type': 'application/json' }).end('{"decision":"ALLOW"}');
      };
      setTimeout(() => (this.held ? this.held.push(answer) : answer()), Math.random() * 20);
    });
  });

  async listen(): Promise<string> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Answers nothing until the function that it gives is called. */
  hold(): () => void {
    const held: (() => void)[] = (this.held = []);
    return () => {
      this.held = undefined;
      for (const answer of held) answer();
    };
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}
