// Two small providers on loopback, as a bank would have them: one checks identities, one screens for money laundering.
import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ProviderServer {
  readonly url: string;
  readonly close: () => Promise<void>;
}

type Answer = Readonly<Record<string, unknown>>;
type Service = (request: Answer) => Answer;

/** `POST /v1/identity-checks {fullName, document, country}`: a score from 0 (sound) to 100. */
const identityCheck: Service = ({ document, country, fullName }) => {
  const riskScore = (String(document).startsWith('000') ? 40 : 5) + (country === 'XX' ? 35 : 0);
  return { customer: fullName, verified: riskScore < 70, riskScore };
};

const watchList = new Map([['MALLORY VANTA', { list: 'sanctions', score: 97 }]]);

/** `POST /v1/screenings {fullName, amount}`: hits on watch lists, and whether the payment may go. */
const moneyLaunderingCheck: Service = ({ fullName, amount }) => {
  const hit = watchList.get(String(fullName).toUpperCase());
  return { hits: hit ? [hit] : [], decision: hit !== undefined || Number(amount) > 50_000 ? 'REVIEW' : 'CLEAR' };
};

export const startIdentityProvider = (): Promise<ProviderServer> => start('/v1/identity-checks', identityCheck);
export const startScreeningProvider = (): Promise<ProviderServer> => start('/v1/screenings', moneyLaunderingCheck);

async function start(path: string, service: Service): Promise<ProviderServer> {
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const known = request.url === path && request.method === 'POST' && body !== undefined;
      response.writeHead(known ? 200 : 404, { 'content-type': 'application/json' });
      response.end(JSON.stringify(known ? service(body) : { error: 'there is nothing here' }));
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => closed(server) };
}

async function bodyOf(request: IncomingMessage): Promise<Answer | undefined> {
  try {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    return JSON.parse(text) as Answer;
  } catch {
    return undefined;
  }
}

function closed(server: Server): Promise<void> {
  return new Promise((done) => {
    server.close(() => done());
    server.closeAllConnections();
  });
}
