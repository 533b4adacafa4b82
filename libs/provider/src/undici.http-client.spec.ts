import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import { gzipSync } from 'node:zlib';
import { parseEgressAllow } from './egress-policy.js';
import type { HttpOutcome, HttpRequest } from './http-client.js';
import { UndiciHttpClient } from './undici.http-client.js';

const policy = parseEgressAllow(['loopback']);
const KIB = 1024;
const servers: { close(): unknown; closeAllConnections?(): void }[] = [];
const clients: UndiciHttpClient[] = [];

async function serve(listener: RequestListener): Promise<string> {
  const server: Server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Answers every connection with these bytes, whatever was asked. */
async function serveBytes(text: string): Promise<string> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(text));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function client(options: Partial<ConstructorParameters<typeof UndiciHttpClient>[0]> = {}): UndiciHttpClient {
  const made = new UndiciHttpClient({ policy, responseBytesMax: 64 * KIB, ...options });
  clients.push(made);
  return made;
}

function get(url: string, extras: Partial<HttpRequest> = {}, by = client()): Promise<HttpOutcome> {
  return by.send({ method: 'GET', url: new URL(url), headers: {}, timeoutMs: 5_000, ...extras });
}

function codeOf(outcome: HttpOutcome): string {
  return outcome.ok ? `status ${outcome.response.status}` : outcome.failure.code;
}

function textOf(outcome: HttpOutcome): string {
  return outcome.ok ? Buffer.from(outcome.response.body).toString() : outcome.failure.message;
}

function echo(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { method, url, headers } = request;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ method, url, headers, body: Buffer.concat(chunks).toString() }));
  });
}

afterAll(async () => {
  await Promise.all(clients.map((made) => made.close()));
  for (const server of servers) {
    server.closeAllConnections?.();
    server.close();
  }
});

describe('the HTTP client', () => {
  it('sends method, path, headers and body, and reuses its connections', async () => {
    const ports = new Set<number | undefined>();
    const url = await serve((request, response) => {
      ports.add(request.socket.remotePort);
      echo(request, response);
    });
    const by = client();
    const headers = { 'content-type': 'application/json', 'x-one': '1' };
    for (let index = 0; index < 6; index += 1) {
      const outcome = await get(`${url}/a?b=c`, { method: 'POST', headers, body: '{"x":1}' }, by);
      expect(JSON.parse(textOf(outcome))).toMatchObject({
        method: 'POST',
        url: '/a?b=c',
        body: '{"x":1}',
        headers: { 'x-one': '1', 'accept-encoding': 'identity' },
      });
    }
    expect(ports.size).toBeLessThan(3);
  });

  it('gives up on a server that hangs', async () => {
    const url = await serve(() => undefined);
    expect(codeOf(await get(url, { timeoutMs: 60 }))).toBe('timeout');
  });

  it('gives up on a server that drips for ever', async () => {
    const url = await serve((_request, response) => {
      const drip = setInterval(() => response.write('.'), 10);
      response.on('close', () => clearInterval(drip));
    });
    expect(codeOf(await get(url, { timeoutMs: 120 }))).toBe('timeout');
  });

  it('ends at once when it is cancelled, before and during the exchange', async () => {
    const url = await serve(() => undefined);
    expect(codeOf(await get(url, { signal: AbortSignal.abort() }))).toBe('cancelled');
    const controller = new AbortController();
    const pending = get(url, { signal: controller.signal });
    setTimeout(() => controller.abort(), 30);
    expect(codeOf(await pending)).toBe('cancelled');
  });

  it('calls a reset, a refused connection and an early end network failures', async () => {
    const reset = await serve((request) => request.socket.destroy());
    const short = await serveBytes('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort');
    expect(codeOf(await get(reset))).toBe('network');
    expect(codeOf(await get('http://127.0.0.1:1/'))).toBe('network');
    expect(codeOf(await get(short))).toBe('network');
  });

  it('calls garbage an invalid response', async () => {
    expect(codeOf(await get(await serveBytes('SSH-2.0-OpenSSH_9.6\r\n')))).toBe('invalid_response');
  });

  it('stops reading at the limit: announced, dripped or compressed', async () => {
    const announced = await serve((_request, response) => {
      response.setHeader('content-length', 10 * KIB * KIB);
      response.write('x');
    });
    const endless = await serve((_request, response) => {
      const pour = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(16 * KIB)));
      };
      response.on('drain', pour);
      pour();
    });
    const bomb = await serve((_request, response) => {
      response.setHeader('content-encoding', 'gzip');
      response.end(gzipSync(Buffer.alloc(5 * KIB * KIB)));
    });
    for (const url of [announced, endless, bomb]) expect(codeOf(await get(url))).toBe('response_too_large');
  });

  it('understands compressed answers that nobody asked for, and refuses broken ones', async () => {
    const fine = await serve((_request, response) => {
      response.setHeader('content-encoding', 'gzip');
      response.end(gzipSync('hello'));
    });
    const broken = await serve((_request, response) => {
      response.setHeader('content-encoding', 'gzip');
      response.end('hello');
    });
    expect(textOf(await get(fine))).toBe('hello');
    expect(codeOf(await get(broken))).toBe('invalid_response');
  });

  it('refuses addresses that the policy closes: literal, resolved, and one bad among good ones', async () => {
    const resolver = (
      host: string,
      _options: unknown,
      answer: (error: null, addresses: { address: string; family: number }[]) => void,
    ): void => {
      const bad = { address: '10.0.0.1', family: 4 };
      answer(null, host === 'mixed.example' ? [{ address: '127.0.0.1', family: 4 }, bad] : [bad]);
    };
    const by = client({ resolver });
    const urls = ['http://10.0.0.1/', 'http://[::ffff:10.0.0.1]/', 'http://rebound.example/', 'http://mixed.example/'];
    for (const url of urls) expect(codeOf(await get(url, {}, by))).toBe('egress_refused');
  });

  it('connects to the address that was checked', async () => {
    const url = new URL(await serve(echo));
    let asked = 0;
    const by = client({
      resolver: (_host, _options, answer) => {
        asked += 1;
        answer(null, [{ address: asked === 1 ? '127.0.0.1' : '10.0.0.1', family: 4 }]);
      },
    });
    expect(codeOf(await get(`http://pinned.example:${url.port}/`, {}, by))).toBe('status 200');
    expect(asked).toBe(1);
  });

  it('says when a host name has no address', async () => {
    const by = client({
      resolver: (_host, _options, answer) => answer(Object.assign(new Error('x'), { code: 'ENOTFOUND' }), []),
    });
    expect(codeOf(await get('http://nowhere.example/', {}, by))).toBe('unknown_host');
  });

  it('follows five redirects and not six', async () => {
    const url = await serve((request, response) => {
      const left = Number(request.url?.slice(1));
      response.writeHead(left === 0 ? 200 : 302, { location: `/${left - 1}` }).end('there');
    });
    expect(textOf(await get(`${url}/5`))).toBe('there');
    expect(codeOf(await get(`${url}/6`))).toBe('redirect_refused');
  });

  it('checks every hop', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data' }).end();
    });
    const outcome = await get(url);
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'egress_refused', hop: 1 } });
  });

  it('drops credentials when a redirect leaves the origin, and keeps them when it stays', async () => {
    const target = await serve(echo);
    const url = await serve((request, response) => {
      if (request.url === '/echo') return echo(request, response);
      response.writeHead(307, { location: request.url === '/away' ? `${target}/echo` : '/echo' }).end();
    });
    const headers = { authorization: 'Bearer t', 'x-api-key': 'k', cookie: 'c', 'content-type': 'text/plain' };
    const call = { method: 'POST', headers, body: 'b' };
    const away = JSON.parse(textOf(await get(`${url}/away`, call))) as {
      headers: Record<string, string>;
      body: string;
    };
    expect(away.body).toBe('b');
    expect(Object.keys(away.headers)).not.toEqual(expect.arrayContaining(['authorization']));
    expect([away.headers['x-api-key'], away.headers['cookie']]).toEqual([undefined, undefined]);
    const near = JSON.parse(textOf(await get(`${url}/near`, call))) as { headers: Record<string, string> };
    expect(near.headers).toMatchObject({ authorization: 'Bearer t', 'x-api-key': 'k' });
  });

  it('turns a POST into a GET without body after 303', async () => {
    const url = await serve((request, response) => {
      if (request.url === '/echo') return echo(request, response);
      response.writeHead(303, { location: '/echo' }).end();
    });
    const headers = { 'content-type': 'text/plain' };
    const seen = JSON.parse(textOf(await get(url, { method: 'POST', body: 'b', headers }))) as Record<string, unknown>;
    expect([seen['method'], seen['body']]).toEqual(['GET', '']);
  });

  it('leaves set-cookie out and joins repeated headers', async () => {
    const url = await serve((_request, response) => {
      response.setHeader('set-cookie', ['a=1', 'b=2']);
      response.setHeader('x-many', ['1', '2']);
      response.end();
    });
    const outcome = await get(url);
    expect(outcome.ok && outcome.response.headers).toMatchObject({ 'x-many': '1, 2' });
    expect(outcome.ok && outcome.response.headers['set-cookie']).toBe(undefined);
  });

  it('answers an invalid header with a failure, not an exception', async () => {
    const url = await serve(echo);
    expect(codeOf(await get(url, { headers: { 'x-bad': 'a\r\nb' } }))).toBe('invalid_request');
  });

  it('keeps at most as many pools as it may', async () => {
    const urls = await Promise.all([serve(echo), serve(echo), serve(echo)]);
    const by = client({ poolsMax: 1 });
    for (const url of [...urls, ...urls]) expect(codeOf(await get(url, {}, by))).toBe('status 200');
  });

  it('refuses calls once it is closed', async () => {
    const by = client();
    await by.close();
    expect(codeOf(await get('http://127.0.0.1:1/', {}, by))).toBe('cancelled');
  });
});
