// The one file that knows undici. Pools per origin, one timer per hop, no stream objects: thousands of calls a second.
import type { Dispatcher } from 'undici';
import { Pool } from 'undici';
import { decompressed } from './zlib.decompression.js';
import type { EgressPolicy } from './egress-policy.js';
import { urlRefusal } from './egress-policy.js';
import { failureOf } from './http-failure.js';
import type { Resolver } from './dns.guarded-lookup.js';
import { guardedLookup } from './dns.guarded-lookup.js';
import type { HttpFailure, HttpFailureCode, HttpOutcome, HttpRequest, HttpResponse } from './http-client.js';
import { HttpClient } from './http-client.js';
import type { Hop } from './redirect.js';
import { redirected } from './redirect.js';

export interface UndiciHttpClientOptions {
  readonly policy: EgressPolicy;
  /** Bytes of a response body; default 10 MiB. */
  readonly responseBytesMax?: number;
  /** Origins with open connections at the same time; the one used longest ago is closed. Default 256. */
  readonly poolsMax?: number;
  /** Connections per origin; default 128. */
  readonly connectionsMax?: number;
  readonly connectTimeoutMs?: number;
  readonly resolver?: Resolver;
}

const RESPONSE_BYTES_MAX = 10 * 1024 * 1024;
const REDIRECTS_MAX = 5;

export class UndiciHttpClient extends HttpClient {
  private readonly pools = new Map<string, Pool>();
  private readonly lookup: ReturnType<typeof guardedLookup>;
  private closed = false;

  constructor(private readonly options: UndiciHttpClientOptions) {
    super();
    this.lookup = guardedLookup(options.policy, options.resolver);
  }

  async send(request: HttpRequest): Promise<HttpOutcome> {
    const endsAt = performance.now() + request.timeoutMs;
    const bytesMax = request.responseBytesMax ?? this.options.responseBytesMax ?? RESPONSE_BYTES_MAX;
    const redirectsMax = request.redirectsMax ?? REDIRECTS_MAX;
    let hop: Hop = request;
    for (let index = 0; ; index += 1) {
      const refused = this.refusalOf(hop.url);
      if (refused) return failed(this.closed ? 'cancelled' : 'egress_refused', refused, index);
      const outcome = await this.exchange(hop, endsAt - performance.now(), bytesMax, request.signal, index);
      if (!outcome.ok) return outcome;
      if (redirectsMax === 0) return outcome;
      const { status, headers } = outcome.response;
      const next = redirected(hop, status, headers['location']);
      if (next === undefined) return outcome;
      if (typeof next === 'string') return failed('redirect_refused', next, index + 1);
      if (index === redirectsMax) return failed('redirect_refused', `more than ${redirectsMax} redirects`, index + 1);
      hop = next;
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    const pools = [...this.pools.values()];
    this.pools.clear();
    await Promise.all(pools.map((pool) => pool.destroy()));
  }

  /** Where a pool is, the origin was judged already, and every new connection of it is judged by its address. */
  private refusalOf(url: URL): string | undefined {
    if (this.closed) return 'the server is stopping';
    return this.pools.has(url.origin) ? undefined : urlRefusal(this.options.policy, url);
  }

  private async exchange(
    hop: Hop,
    timeoutMs: number,
    bytesMax: number,
    signal: AbortSignal | undefined,
    index: number,
  ): Promise<HttpOutcome> {
    const received = await new Promise<Received | Failure>((resolve) => {
      const exchange = new Exchange(resolve, bytesMax, hop.method === 'HEAD');
      exchange.limit(timeoutMs, signal);
      if (exchange.settled) return;
      try {
        this.poolOf(hop.url.origin).dispatch(
          {
            path: `${hop.url.pathname}${hop.url.search}`,
            method: hop.method,
            headers: { 'accept-encoding': 'identity', ...hop.headers },
            body: hop.body ?? null,
          },
          exchange,
        );
      } catch (error) {
        exchange.onResponseError(undefined, error as Error);
      }
    });
    if ('code' in received) return failed(received.code, received.message, index);
    const body = await decompressed(received.body, received.headers['content-encoding'], bytesMax);
    if ('code' in body) return failed(body.code, body.message, index);
    const { status, statusText, headers } = received;
    const response: HttpResponse = { status, statusText, headers, body, url: hop.url };
    return { ok: true, response };
  }

  private poolOf(origin: string): Pool {
    const known = this.pools.get(origin);
    if (known) {
      this.pools.delete(origin);
      this.pools.set(origin, known);
      return known;
    }
    const pool = new Pool(origin, {
      connections: this.options.connectionsMax ?? 128,
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: 32 * 1024,
      connect: {
        timeout: this.options.connectTimeoutMs ?? 10_000,
        lookup: this.lookup,
      },
    });
    this.pools.set(origin, pool);
    if (this.pools.size > (this.options.poolsMax ?? 256)) this.closeOldest();
    return pool;
  }

  private closeOldest(): void {
    const [oldest] = this.pools;
    if (!oldest) return;
    this.pools.delete(oldest[0]);
    void oldest[1].close();
  }
}

interface Received {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}
type Failure = Pick<HttpFailure, 'code' | 'message'>;

/** One request and its answer, from dispatch to the last byte, under one timer. */
class Exchange implements Dispatcher.DispatchHandler {
  settled = false;
  private controller: Dispatcher.DispatchController | undefined;
  private timer: NodeJS.Timeout | undefined;
  private signal: AbortSignal | undefined;
  private status = 0;
  private statusText = '';
  private headers: Record<string, string> = {};
  private readonly chunks: Buffer[] = [];
  private bytes = 0;

  constructor(
    private readonly resolve: (result: Received | Failure) => void,
    private readonly bytesMax: number,
    private readonly bodyless: boolean,
  ) {}

  limit(timeoutMs: number, signal: AbortSignal | undefined): void {
    if (signal?.aborted) return this.onAbort();
    if (timeoutMs <= 0) return this.onTimeout();
    this.timer = setTimeout(this.onTimeout, timeoutMs);
    this.signal = signal;
    signal?.addEventListener('abort', this.onAbort, { once: true });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.settled) controller.abort(new Error('too late'));
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
    statusText?: string,
  ): void {
    if (status < 200) return;
    this.status = status;
    this.statusText = statusText ?? '';
    for (const [name, value] of Object.entries(headers)) {
      if (value === undefined || name === 'set-cookie') continue;
      this.headers[name] = typeof value === 'string' ? value : value.join(', ');
    }
    if (!this.bodyless && Number(this.headers['content-length']) > this.bytesMax) this.tooLarge(controller);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.settled) return;
    this.bytes += chunk.length;
    if (this.bytes > this.bytesMax) return this.tooLarge(controller);
    this.chunks.push(chunk);
  }

  onResponseEnd(): void {
    const [first] = this.chunks;
    const body = this.chunks.length === 1 && first ? first : Buffer.concat(this.chunks, this.bytes);
    this.settle({ status: this.status, statusText: this.statusText, headers: this.headers, body });
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.settle(failureOf(error));
  }

  private readonly onTimeout = (): void => this.end({ code: 'timeout', message: 'no complete answer in time' });

  private readonly onAbort = (): void => this.end({ code: 'cancelled', message: 'the call was cancelled' });

  private tooLarge(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    this.end({ code: 'response_too_large', message: `the response is larger than ${this.bytesMax} bytes` });
  }

  private end(failure: Failure): void {
    this.settle(failure);
    this.controller?.abort(new Error(failure.code));
  }

  private settle(result: Received | Failure): void {
    if (this.settled) return;
    this.settled = true;
    clearTimeout(this.timer);
    this.signal?.removeEventListener('abort', this.onAbort);
    this.chunks.length = 0;
    this.resolve(result);
  }
}

function failed(code: HttpFailureCode, message: string, hop: number): HttpOutcome {
  return { ok: false, failure: { code, message, hop } };
}
