// The HTTP edge: one Fastify adapter with our body reading, request contexts, limits and draining.
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { INestApplication } from '@nestjs/common';
import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { IdSource } from '@app/kernel';
import type { CallerRequest } from './caller.decorator.js';
import type { FaultLog } from './fault-log.js';
import { readJsonBody } from './json-body.js';
import { ProblemFilter } from './problem.filter.js';
import type { Answer } from './problem.js';
import { problemOf, titleOf } from './problem.js';
import { within } from './loops.worker.js';
import type { RefusalLog } from './refusal-log.js';
import { acceptableId, requestContextOf } from './request-context.js';
import type { RawBodyRequest, RouteTraits } from './route.decorator.js';
import { RouteTable } from './route-table.js';
import type { TrustedProxies } from './trusted-proxies.js';
import { trustNobody } from './trusted-proxies.js';
import { ValidationPipe } from './validation.pipe.js';

export interface EdgeOptions {
  readonly ids: IdSource;
  readonly trusts?: TrustedProxies;
  /** Bytes; default 4 MiB. Routes may declare less. */
  readonly bodyLimit?: number;
  /** How long a client may take to send one request; default 30 s. */
  readonly requestTimeoutMs?: number;
}

/** A request that takes too long is noticed this much later at most. */
const LATENESS_CHECK_MS = 1_000;
/** For a client that has not finished sending what cannot be read. */
const HANG_UP_GRACE_MS = 2_000;
const shuttingDown: Answer = {
  status: 503,
  code: 'SHUTTING_DOWN',
  message: 'this server is about to stop; try another one, or again later',
  retryAfterSeconds: 5,
};
const requestTooSlow: Answer = { status: 408, code: 'REQUEST_TIMEOUT', message: 'the request took too long to arrive' };
const headersTooLarge: Answer = {
  status: 431,
  code: 'HEADERS_TOO_LARGE',
  message: 'the URL and the headers together are larger than 16 KiB',
};
const malformedRequest: Answer = { status: 400, code: 'FLK-0001', message: 'the request is not valid HTTP' };
const malformedUrl: Answer = { status: 400, code: 'FLK-0001', message: 'the URL cannot be read' };

/**
 * `const edge = new Edge(options)`, `NestFactory.create(module, edge.adapter, {bodyParser: false})`, `edge.equip(app,
 * refusals, log)`: the server and every test of a controller stand on the same edge.
 */
export class Edge {
  readonly routes = new RouteTable();
  readonly adapter: FastifyAdapter;
  private draining = false;
  private underWay = 0;
  private whenQuiet: (() => void) | undefined;

  constructor(private readonly options: EdgeOptions) {
    this.adapter = new FastifyAdapter({
      logger: false,
      skipMiddie: true,
      bodyLimit: options.bodyLimit ?? 4 * 1024 * 1024,
      requestTimeout: options.requestTimeoutMs ?? 30_000,
      keepAliveTimeout: 65_000,
      forceCloseConnections: 'idle',
      http: { connectionsCheckingInterval: LATENESS_CHECK_MS },
      routerOptions: { maxParamLength: 512 },
      clientErrorHandler: (error: NodeJS.ErrnoException, socket: Socket) =>
        hangUp(socket, error.code, options.ids.next()),
      genReqId: (raw: IncomingMessage) => acceptableId(raw.headers['x-request-id']) ?? options.ids.next(),
      frameworkErrors: (_error: unknown, request: FastifyRequest, reply: FastifyReply) => {
        void reply.header('X-Request-Id', request.id);
        sendAnswer(reply, malformedUrl, request.id);
      },
    });
    this.readBodies();
    this.watchRoutes();
    this.greetRequests();
  }

  /** Pipes and filters; call it once, before `app.init()`. */
  equip(app: INestApplication, refusals: RefusalLog, log: FaultLog): void {
    app.useGlobalPipes(new ValidationPipe());
    app.useGlobalFilters(new ProblemFilter(refusals, this.routes, log));
  }

  /** From now on new requests are turned away; resolves once none is under way, or after `graceMs`. */
  async drain(graceMs: number): Promise<void> {
    this.draining = true;
    if (this.underWay === 0) return;
    await within(graceMs, new Promise<void>((resolve) => (this.whenQuiet = resolve)));
  }

  get isDraining(): boolean {
    return this.draining;
  }

  get requestsUnderWay(): number {
    return this.underWay;
  }

  private readBodies(): void {
    const fastify = this.adapter.getInstance();
    fastify.removeAllContentTypeParsers();
    for (const type of ['application/json', '*']) {
      fastify.addContentTypeParser(type, { parseAs: 'buffer' }, (request, body, done) => {
        const bytes = body as Buffer;
        if ((request.routeOptions.config as RouteTraits).keepsRawBody) (request as RawBodyRequest).rawBody = bytes;
        done(null, readJsonBody(bytes, request.headers['content-type']));
      });
    }
  }

  private watchRoutes(): void {
    this.adapter.getInstance().addHook('onRoute', (route: RouteOptions) => {
      this.routes.add(route.url, route.method);
      const { bodyLimit } = (route.config ?? {}) as RouteTraits;
      if (bodyLimit !== undefined) route.bodyLimit = bodyLimit;
    });
  }

  private greetRequests(): void {
    const fastify = this.adapter.getInstance();
    const trusts = this.options.trusts ?? trustNobody;
    fastify.decorateRequest('caller', undefined);
    fastify.decorateRequest('rawBody', undefined);
    fastify.addHook('onRequest', (request, reply, done) => {
      const { channel, isProbe } = request.routeOptions.config as RouteTraits;
      this.underWay += 1;
      reply.header('X-Request-Id', request.id);
      (request as FastifyRequest & CallerRequest).caller = requestContextOf(
        {
          headers: request.headers,
          peer: request.raw.socket.remoteAddress,
          requestId: request.id,
          channel: channel ?? 'rest',
        },
        trusts,
      );
      if (!this.draining || isProbe) return done();
      reply.header('Connection', 'close');
      sendAnswer(reply, shuttingDown, request.id);
    });
    fastify.addHook('onResponse', (_request, _reply, done) => {
      this.underWay -= 1;
      if (this.underWay === 0) this.whenQuiet?.();
      done();
    });
  }
}

/** What never became a request is answered all the same, in the envelope; the socket closes once the client has it. */
function hangUp(socket: Socket, errorCode: string | undefined, requestId: string): void {
  if (errorCode === 'ECONNRESET' || !socket.writable) return;
  const answer =
    errorCode === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? requestTooSlow
      : errorCode === 'HPE_HEADER_OVERFLOW'
        ? headersTooLarge
        : malformedRequest;
  const body = JSON.stringify(problemOf(answer, requestId));
  const head = [
    `HTTP/1.1 ${answer.status} ${titleOf(answer.status)}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${requestId}`,
    'Connection: close',
  ];
  socket.setTimeout(HANG_UP_GRACE_MS, () => socket.destroy());
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function sendAnswer(reply: FastifyReply, answer: Answer, requestId: string): void {
  if (answer.retryAfterSeconds !== undefined) reply.header('Retry-After', String(answer.retryAfterSeconds));
  reply.code(answer.status).type('application/json; charset=utf-8').send(problemOf(answer, requestId));
}
