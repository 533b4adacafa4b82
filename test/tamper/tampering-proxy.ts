// Somebody between a server and whoever asks it, who answers what he likes.
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What is answered instead: other bytes; nothing (404); or the beginning, after which the connection breaks. */
export type Tampered = Uint8Array | 'missing' | { readonly brokenAfter: Uint8Array };
/** @param path below `/v1/evidence/` */
export type Tamper = (path: string, bytes: Uint8Array) => Tampered | Promise<Tampered>;

export class TamperingProxy {
  /** Paths of which the answer was another one than the server's. */
  readonly tampered = new Set<string>();
  private tamper: Tamper = (_path, bytes) => bytes;

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async open(upstream: string): Promise<TamperingProxy> {
    const server = createServer((request, response) => {
      const answer = async (): Promise<void> => {
        const path = (request.url ?? '').replace('/v1/evidence/', '');
        const genuine = await fetch(`${upstream}${request.url ?? ''}`);
        const bytes = new Uint8Array(await genuine.arrayBuffer());
        const told = genuine.ok ? await proxy.tamper(path, bytes) : bytes;
        if (told === 'missing' || 'brokenAfter' in told || !Buffer.from(told).equals(bytes)) proxy.tampered.add(path);
        if (told === 'missing') return void response.writeHead(404).end();
        if (!('brokenAfter' in told)) return void response.writeHead(genuine.status).end(told);
        response.writeHead(200, { 'content-length': String(bytes.length) });
        response.write(told.brokenAfter, () => response.destroy());
      };
      answer().catch((error: unknown) => response.destroy(error as Error));
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const proxy = new TamperingProxy(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    return proxy;
  }

  use(tamper: Tamper): void {
    this.tampered.clear();
    this.tamper = tamper;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((closed) => this.server.close(closed));
  }
}
