// The port that clients see. It stands before the node so that a test can cut, hold back and refuse connections.
import { createServer, connect, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import type { Counters } from './interface.js';

/** What an HTTP/2 connection begins with; anything else is a plain HTTP request. */
const HTTP2_PREFACE = 'PRI ';

export interface Behind {
  readonly grpcPort: number;
  readonly httpPort: number;
}

interface Passage {
  readonly client: Socket;
  /** Set once the first bytes have said where they belong. */
  inner: Socket | undefined;
  /** What happened while everything was held back, in order. */
  readonly held: (() => void)[];
}

export class FrontDoor {
  readonly #passages = new Set<Passage>();
  #server: Server | undefined;
  #behind: Behind | undefined;
  #onHeld: (() => void) | undefined;

  constructor(private readonly counters: Counters) {}

  async open(port: number, behind: Behind): Promise<void> {
    this.#behind = behind;
    const server = createServer((socket) => this.#accept(socket));
    this.#server = server;
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    const closed = once(server, 'close');
    server.close();
    this.cut();
    await closed;
  }

  cut(): number {
    const passages = [...this.#passages];
    for (const passage of passages) {
      this.#forget(passage);
      passage.client.resetAndDestroy();
      passage.inner?.destroy();
    }
    return passages.length;
  }

  hold(onHeld: () => void): void {
    this.#onHeld = onHeld;
    for (const _ of this.#passages) onHeld();
  }

  release(): void {
    this.#onHeld = undefined;
    for (const { held } of [...this.#passages]) for (const pass of held.splice(0)) pass();
  }

  #accept(client: Socket): void {
    const passage: Passage = { client, inner: undefined, held: [] };
    this.#passages.add(passage);
    this.counters.connections += 1;
    this.counters.openConnections += 1;
    this.#onHeld?.();
    client.setNoDelay(true);
    client.on('error', () => undefined);
    client.on('data', (bytes: Buffer) => this.#pass(passage, () => this.#toInner(passage, bytes)));
    client.on('close', () =>
      this.#pass(passage, () => {
        this.#forget(passage);
        passage.inner?.end();
      }),
    );
  }

  #toInner(passage: Passage, bytes: Buffer): void {
    if (!this.#passages.has(passage)) return;
    passage.inner ??= this.#enter(passage, bytes);
    passage.inner.write(bytes);
  }

  #enter(passage: Passage, first: Buffer): Socket {
    const isGrpc = first.subarray(0, HTTP2_PREFACE.length).toString('latin1') === HTTP2_PREFACE;
    const { grpcPort = 0, httpPort = 0 } = this.#behind ?? {};
    const inner = connect(isGrpc ? grpcPort : httpPort, '127.0.0.1');
    inner.setNoDelay(true);
    inner.on('error', () => undefined);
    inner.on('data', (bytes: Buffer) => this.#pass(passage, () => passage.client.write(bytes)));
    inner.on('close', () =>
      this.#pass(passage, () => {
        this.#forget(passage);
        passage.client.end();
      }),
    );
    return inner;
  }

  /** Does it now, or when the hold ends. */
  #pass(passage: Passage, pass: () => void): void {
    if (!this.#onHeld) return pass();
    this.#onHeld();
    passage.held.push(pass);
  }

  #forget(passage: Passage): void {
    if (this.#passages.delete(passage)) this.counters.openConnections -= 1;
  }
}
