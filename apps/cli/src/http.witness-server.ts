// The witness over HTTP: one route, small bodies, short patience.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Answer } from './witness.js';
import { plainAnswer } from './witness.js';
import type { Witness } from './witness.worker.js';

/** 63 hashes and a checkpoint with a dozen signatures are 6 kB. */
const BODY_BYTES_MAX = 65_536;
const HEADER_BYTES_MAX = 8_192;
const CONNECTIONS_MAX = 256;
const REQUEST_LIMIT_MS = 10_000;
const ROUTE = '/add-checkpoint';

export interface Listening {
  readonly url: string;
  /** Answers what was asked already, then ends. */
  readonly close: () => Promise<void>;
}

export interface ListenAddress {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
}

/**
 * @param tell what an operator wants to know: faults, which callers are told nothing of.
 * Rejects when the address cannot be had.
 */
export async function serveWitness(
  witness: Witness,
  { host, port }: ListenAddress,
  tell: (line: string) => void,
): Promise<Listening> {
  const options = {
    maxHeaderSize: HEADER_BYTES_MAX,
    requestTimeout: REQUEST_LIMIT_MS,
    headersTimeout: REQUEST_LIMIT_MS,
    connectionsCheckingInterval: 1_000,
  };
  const server = createServer(options, (request, response) => {
    void answerTo(witness, request, tell).then((answer) => send(server, request, response, answer));
  });
  server.maxConnections = CONNECTIONS_MAX;
  await new Promise<void>((listening, failed) => {
    server.once('error', failed);
    server.listen(port, host, listening);
  });
  const address = server.address() as AddressInfo;
  const shown = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return { url: `http://${shown}:${address.port}`, close: () => closed(server) };
}

function closed(server: Server): Promise<void> {
  return new Promise((done) => {
    server.close(() => done());
    server.closeIdleConnections();
  });
}

async function answerTo(witness: Witness, request: IncomingMessage, tell: (line: string) => void): Promise<Answer> {
  const [path] = (request.url ?? '').split('?');
  if (path !== ROUTE) return plainAnswer(404, `this is a witness; it takes POST ${ROUTE}`);
  if (request.method !== 'POST') return plainAnswer(405, `it takes POST ${ROUTE}`);
  try {
    const body = await bodyOf(request);
    return body ? await witness.addCheckpoint(body) : plainAnswer(413, `at most ${BODY_BYTES_MAX} bytes`);
  } catch (error) {
    if (request.destroyed && !request.complete) return plainAnswer(400, 'the request broke off');
    tell(`a request failed: ${(error as Error).message}`);
    return plainAnswer(500, 'the witness cannot cosign now');
  }
}

/** Undefined for one that is too long, of which the rest is thrown away. Rejects when it breaks off. */
function bodyOf(request: IncomingMessage): Promise<Uint8Array | undefined> {
  return new Promise((done, failed) => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    request.on('data', (chunk: Uint8Array) => {
      length += chunk.length;
      if (length <= BODY_BYTES_MAX) chunks.push(chunk);
      else done(undefined);
    });
    request.once('end', () => done(new Uint8Array(Buffer.concat(chunks))));
    request.once('error', failed);
  });
}

function send(
  server: Server,
  request: IncomingMessage,
  response: ServerResponse,
  { status, type, body }: Answer,
): void {
  const mayGoOn = request.complete && server.listening;
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    ...(status === 405 ? { allow: 'POST' } : {}),
    ...(mayGoOn ? {} : { connection: 'close' }),
  });
  response.end(body);
}
