import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JsonObject } from '@app/kernel';
import { RandomIdSource, SystemClock } from '@app/kernel/nest';
import type { RequestContext } from '@app/kernel';
import { anonymousActor, isRefusal } from '@app/kernel';
import { AggregateStore, Reservations } from '@app/event-store';
import { MemoryEventStore } from '@app/event-store/nest';
import { CallableConfigurations } from './callable-configurations.js';
import { CallGate } from './cockatiel.call-gate.js';
import { ConfigurationAuthor } from './configuration-author.js';
import { ConfigurationTester } from './configuration-tester.js';
import { ConfigurationUsage } from './configuration-usage.js';
import { parseEgressAllow } from './egress-policy.js';
import { HttpProviderCaller } from './http.provider-caller.js';
import { HttpTokenSource } from './http.token-source.js';
import { MemorySecretStore } from './memory.secret-store.js';
import type { CallOutcome, ProviderCall } from './provider-caller.js';
import { providerConfiguration } from './provider-configuration.js';
import { UndiciHttpClient } from './undici.http-client.js';

const SECRET = 'very-secret-k-9f2a77c1';
const context: RequestContext = { actor: anonymousActor, channel: 'rest', correlationId: 'c' };

class NoUsage extends ConfigurationUsage {
  async usersOf() {
    return [];
  }
}

function house() {
  const clock = new SystemClock();
  const events = new MemoryEventStore();
  const aggregates = new AggregateStore(events, new RandomIdSource(), clock);
  const secrets = new MemorySecretStore();
  const client = new UndiciHttpClient({ policy: parseEgressAllow(['loopback']), responseBytesMax: 100_000 });
  const tokens = new HttpTokenSource(client, clock);
  const configurations = new CallableConfigurations(aggregates, secrets);
  const gates = new Map<string, CallGate>();
  const gateOf = (id: string): CallGate => {
    const gate = gates.get(id) ?? new CallGate({ openMs: 100 });
    gates.set(id, gate);
    return gate;
  };
  const author = new ConfigurationAuthor(
    aggregates,
    new Reservations(aggregates, clock),
    secrets,
    new NoUsage(),
    new RandomIdSource(),
  );
  const faults: string[] = [];
  const caller = new HttpProviderCaller(configurations, client, tokens, gateOf, clock, (where) => faults.push(where));
  const tester = new ConfigurationTester(configurations, aggregates, client, tokens, clock);
  return { events, aggregates, secrets, client, author, caller, tester, faults };
}

const { events, aggregates, secrets, client, author, caller, tester, faults } = house();
afterAll(() => expect(faults).toEqual([]));
const servers: ReturnType<typeof createServer>[] = [];
let names = 0;

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function configured(providerId: string, config: JsonObject): Promise<string> {
  names += 1;
  const outcome = await author.create({ name: `c${names}`, providerId, config }, context);
  if (isRefusal(outcome)) throw new Error(outcome.message);
  return outcome.id;
}

function call(providerConfigId: string, nodeData: JsonObject = {}, extras: Partial<ProviderCall> = {}) {
  return caller.call({
    executorId: 'http.request',
    providerConfigId,
    nodeData,
    body: { customer: 1 },
    timeoutMs: 2_000,
    idempotencyKey: 'run:node',
    askedForMs: 0,
    correlationId: 'corr',
    signal: new AbortController().signal,
    ...extras,
  });
}

function errorOf(outcome: CallOutcome): string {
  return outcome.ok ? 'ok' : outcome.error.code;
}

function json(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json', 'set-cookie': 's=1', 'x-trace': 't' });
  response.end(JSON.stringify(body));
}

function answerHeaders(request: IncomingMessage, response: ServerResponse): void {
  const { authorization, 'x-api-key': key, 'x-token': token } = request.headers;
  const lengths = { authorization: authorization?.length, key: key?.length, token: token?.length };
  json(response, { url: request.url?.replace(SECRET, 'KEY'), scheme: authorization?.split(' ')[0], ...lengths });
}

afterAll(async () => {
  await client.close();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

describe('a provider call', () => {
  it('may be prepared for a configuration that cannot be used, and meets that itself', async () => {
    caller.prepare({ providerConfigId: 'nobody', askedForMs: 0 });
    expect(errorOf(await call('nobody'))).toBe('config_missing');
  });

  it('sends body, idempotency key, correlation id and trace, and answers with the envelope', async () => {
    let seen: IncomingMessage | undefined;
    const url = await serve((request, response) => {
      seen = request;
      json(response, { customerId: 'c-1' }, 201);
    });
    const outcome = await call(
      await configured('http', { base_url: url }),
      { path: 'kyc' },
      { traceparent: '00-a-b-01' },
    );
    expect(outcome).toMatchObject({
      ok: true,
      envelope: {
        status: 201,
        status_text: '201 Created',
        url: `${url}/kyc`,
        headers: { 'Content-Type': 'application/json', 'X-Trace': 't' },
        body: { customerId: 'c-1' },
      },
      call: { method: 'POST', url: `${url}/kyc`, status: 201, responseBytes: 20 },
    });
    expect(JSON.stringify(outcome)).not.toMatch(/Set-Cookie|Connection|Keep-Alive/i);
    expect(seen?.headers).toMatchObject({
      'idempotency-key': 'run:node',
      'x-correlation-id': 'corr',
      traceparent: '00-a-b-01',
      'content-type': 'application/json',
    });
  });

  it('fails without an attempt when the configuration is missing or disabled', async () => {
    const missing = await call('7b0e1f0a-3f5a-4a53-8a63-0f0d8c1f7a10');
    expect(missing).toMatchObject({
      ok: false,
      error: { code: 'config_missing', message: 'provider config not found' },
    });
    const id = await configured('http', { base_url: 'http://127.0.0.1:1' });
    await aggregates.execute(providerConfiguration, id, { kind: 'DisableProviderConfiguration' }, context);
    expect(await call(id)).toMatchObject({
      ok: false,
      error: { code: 'config_disabled', message: 'provider configuration is not active', retryable: false },
    });
  });

  it('sends every static kind of credential where it belongs', async () => {
    const base_url = await serve(answerHeaders);
    const cases: [JsonObject, JsonObject][] = [
      [{}, {}],
      [{ api_key: SECRET }, { key: SECRET.length }],
      [{ auth_type: 'none', api_key: SECRET }, {}],
      [{ auth_type: 'api_key', api_key: SECRET, header_name: 'X-Token', prefix: 'T' }, { token: SECRET.length + 2 }],
      [
        { auth_type: 'bearer', bearer_token: SECRET },
        { scheme: 'Bearer', authorization: SECRET.length + 7 },
      ],
      [
        { auth_type: 'basic', username: 'u', password: SECRET },
        { scheme: 'Basic', authorization: 38 },
      ],
      [{ api_key: SECRET, location: 'query', query_param_name: 'k' }, { url: '/?k=KEY' }],
    ];
    for (const [credentials, expected] of cases) {
      const outcome = await call(await configured('http', { base_url, ...credentials }));
      expect(outcome).toMatchObject({ ok: true });
      expect(outcome.ok && outcome.envelope['body']).toEqual({ url: '/', ...expected });
      expect(JSON.stringify(outcome)).not.toContain(SECRET);
    }
  });

  it('says which failures may be tried again', async () => {
    const url = await serve((request, response) => {
      response.setHeader('retry-after', '2');
      json(response, { why: SECRET, more: 'x'.repeat(4_000) }, Number(request.url?.slice(1)));
    });
    const id = await configured('http', { base_url: url, api_key: SECRET });
    for (const status of [400, 401, 404, 422, 203, 301]) {
      const outcome = await call(id, { path: `${status}` });
      expect(outcome).toMatchObject({
        ok: false,
        error: { code: 'http_status', httpStatus: status, retryable: false },
      });
    }
    for (const status of [408, 425, 429, 500, 503]) {
      const outcome = await call(id, { path: `${status}` });
      expect(outcome).toMatchObject({
        ok: false,
        error: {
          message: `executor error: http request failed with status ${status}`,
          retryable: true,
          retryAfterMs: 2_000,
          bodyExcerpt: expect.stringContaining('[redacted]'),
        },
      });
      const excerpt = outcome.ok ? '' : (outcome.error.bodyExcerpt ?? '');
      expect(Buffer.byteLength(excerpt)).toBeLessThanOrEqual(2_048);
      expect(excerpt).not.toContain(SECRET);
    }
    expect(await call(id, { path: '404', successCodes: [404] })).toMatchObject({ ok: true });
  });

  it('never lets an echoed secret into the result', async () => {
    const url = await serve((request, response) => json(response, { saw: request.headers }));
    const basic = { auth_type: 'basic', username: 'u', password: SECRET };
    for (const credentials of [{ api_key: SECRET }, { auth_type: 'bearer', bearer_token: SECRET }, basic]) {
      const text = JSON.stringify(await call(await configured('http', { base_url: url, ...credentials })));
      expect(text).not.toContain(SECRET);
      expect(text).not.toContain(Buffer.from(`u:${SECRET}`).toString('base64'));
      expect(text).toContain('[redacted]');
    }
  });

  it('fails clearly on answers that cannot be used', async () => {
    const bodies: Record<string, string> = {
      broken: '{"a":',
      proto: '{"__proto__":{"x":1}}',
      deep: '['.repeat(100) + ']'.repeat(100),
    };
    const url = await serve((request, response) => {
      response.setHeader('content-type', 'application/json; charset=utf-8');
      response.end(bodies[request.url?.slice(1) ?? '']);
    });
    const id = await configured('http', { base_url: url });
    for (const path of Object.keys(bodies)) {
      expect(errorOf(await call(id, { path }))).toBe('invalid_response');
    }
  });

  it('passes text and empty answers through', async () => {
    const url = await serve((request, response) => {
      response.setHeader('content-type', 'text/plain');
      response.statusCode = request.url === '/empty' ? 204 : 200;
      response.end(request.url === '/empty' ? undefined : 'plain');
    });
    const id = await configured('http', { base_url: url });
    const text = await call(id);
    expect(text.ok && text.envelope['body']).toBe('plain');
    const empty = await call(id, { path: 'empty' });
    expect(empty.ok && 'body' in empty.envelope).toBe(false);
  });

  it('opens the breaker after five faults of the provider, tries one call later, and never counts a 4xx', async () => {
    let status = 404;
    let requests = 0;
    const url = await serve((_request, response) => {
      requests += 1;
      json(response, {}, status);
    });
    const id = await configured('http', { base_url: url });
    for (let index = 0; index < 6; index += 1) expect(errorOf(await call(id))).toBe('http_status');
    status = 500;
    for (let index = 0; index < 5; index += 1) expect(errorOf(await call(id))).toBe('http_status');
    const open = await call(id);
    expect(open).toMatchObject({ ok: false, error: { code: 'breaker_open', retryable: false } });
    expect(!open.ok && open.error.message).toContain('FLK-0507');
    expect(requests).toBe(11);
    await new Promise((resolve) => setTimeout(resolve, 120));
    status = 200;
    expect(errorOf(await call(id))).toBe('ok');
    expect(errorOf(await call(id))).toBe('ok');
  });

  it('lets no more calls of one configuration run than it says, and ends those that wait too long', async () => {
    let running = 0;
    let most = 0;
    const url = await serve((_request, response) => {
      running += 1;
      most = Math.max(most, running);
      setTimeout(() => {
        running -= 1;
        json(response, {});
      }, 20);
    });
    const id = await configured('http', { base_url: url, max_concurrency: 2 });
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => call(id)));
    expect(outcomes.map(errorOf)).toEqual(Array.from({ length: 8 }, () => 'ok'));
    expect(most).toBe(2);
    const held = [call(id), call(id)];
    expect(errorOf(await call(id, {}, { timeoutMs: 1 }))).toBe('timeout');
    await Promise.all(held);
  });

  it('ends when it is cancelled', async () => {
    const url = await serve(() => undefined);
    const id = await configured('http', { base_url: url });
    const controller = new AbortController();
    const pending = call(id, {}, { signal: controller.signal });
    setTimeout(() => controller.abort(), 30);
    expect(errorOf(await pending)).toBe('cancelled');
  });

  it('uses new secrets as soon as the configuration has them', async () => {
    const url = await serve(answerHeaders);
    const id = await configured('http', { base_url: url, api_key: SECRET });
    await call(id);
    await author.update(id, { config: { base_url: url, api_key: 'shorter-key' } }, context);
    const outcome = await call(id);
    expect(outcome.ok && outcome.envelope['body']).toMatchObject({ key: 11 });
  });
});

describe('OpenID Connect', () => {
  async function authority(lifetime = 3_600) {
    const seen = { discoveries: 0, tokens: 0, forms: [] as string[], headers: [] as (string | undefined)[] };
    const url: string = await serve((request, response) => {
      if (request.url === '/.well-known/openid-configuration') {
        seen.discoveries += 1;
        return json(response, { token_endpoint: `${url}/token` });
      }
      let form = '';
      request.on('data', (chunk: Buffer) => (form += chunk.toString()));
      request.on('end', () => {
        seen.tokens += 1;
        seen.forms.push(form);
        seen.headers.push(request.headers.authorization);
        setTimeout(() => json(response, { access_token: `token-${seen.tokens}-of-many`, expires_in: lifetime }), 10);
      });
    });
    return { url, seen };
  }

  async function protectedBy(accepts: () => string): Promise<string> {
    return serve((request, response) => {
      const status = request.headers.authorization === `Bearer ${accepts()}` ? 200 : 401;
      json(response, {}, status);
    });
  }

  it('fetches one token for many calls, by discovery, with basic client authentication', async () => {
    const { url, seen } = await authority();
    const ledger = await protectedBy(() => 'token-1-of-many');
    const config = {
      onboarding_base_url: ledger,
      transaction_base_url: ledger,
      organization_id: 'o',
      ledger_id: 'l',
      auth: { issuer_url: `${url}/`, client_id: 'me', client_secret: SECRET, scopes: ['a', 'b'] },
    };
    const id = await configured('midaz', config);
    const order = { executorId: 'midaz.create-account', body: { assetCode: 'BRL', type: 'x' } };
    const outcomes = await Promise.all(Array.from({ length: 6 }, () => call(id, {}, order)));
    expect(outcomes.map(errorOf)).toEqual(Array.from({ length: 6 }, () => 'ok'));
    expect([seen.discoveries, seen.tokens]).toEqual([1, 1]);
    expect(seen.forms).toEqual(['grant_type=client_credentials&scope=a+b']);
    expect(seen.headers).toEqual([`Basic ${Buffer.from(`me:${SECRET}`).toString('base64')}`]);
  });

  it('posts the client secret when it is told to, to a token endpoint that is known', async () => {
    const { url, seen } = await authority();
    const credentials = { auth_type: 'oidc_client_credentials', token_url: `${url}/token`, client_id: 'me' };
    const posted = { client_secret: SECRET, client_auth_method: 'client_secret_post', audience: 'aud' };
    const base_url = await protectedBy(() => 'token-1-of-many');
    expect(errorOf(await call(await configured('http', { base_url, ...credentials, ...posted })))).toBe('ok');
    expect(seen.forms).toEqual([`grant_type=client_credentials&audience=aud&client_id=me&client_secret=${SECRET}`]);
    expect([seen.discoveries, seen.headers]).toEqual([0, [undefined]]);
  });

  it('drops a token that the provider refuses and goes on with a new one', async () => {
    const { url, seen } = await authority();
    let accepted = 'token-1-of-many';
    const base_url = await protectedBy(() => accepted);
    const user = { username: 'u', password: SECRET };
    const credentials = { auth_type: 'oidc_user', token_url: url, client_id: 'me', client_secret: SECRET, ...user };
    const id = await configured('http', { base_url, ...credentials });
    expect(errorOf(await call(id))).toBe('ok');
    accepted = 'token-2-of-many';
    expect(errorOf(await call(id))).toBe('ok');
    accepted = 'never';
    expect(errorOf(await call(id))).toBe('http_status');
    expect(seen.tokens).toBe(3);
    expect(seen.forms[0]).toBe(`grant_type=password&username=u&password=${SECRET}&scope=openid`);
  });

  it('renews a token a minute before it expires', async () => {
    const { url, seen } = await authority(30);
    const base_url = await serve((_request, response) => json(response, {}));
    const credentials = {
      auth_type: 'oidc_client_credentials',
      token_url: url,
      client_id: 'me',
      client_secret: SECRET,
    };
    const id = await configured('http', { base_url, ...credentials });
    await call(id);
    await call(id);
    expect(seen.tokens).toBe(2);
  });

  it('fails the step clearly when the authority refuses, hangs or answers garbage', async () => {
    const refusing = await serve((_request, response) => json(response, { error: SECRET }, 403));
    const silent = await serve((_request, response) => json(response, {}));
    const hanging = await serve(() => undefined);
    for (const url of [refusing, silent, hanging]) {
      const credentials = {
        auth_type: 'oidc_client_credentials',
        token_url: url,
        client_id: 'me',
        client_secret: SECRET,
      };
      const id = await configured('http', { base_url: 'http://127.0.0.1:1', ...credentials });
      const outcome = await call(id, {}, { timeoutMs: 100 });
      expect(errorOf(outcome)).toBe('authentication_failed');
      expect(JSON.stringify(outcome)).not.toContain(SECRET);
    }
  });
});

describe('the test of a configuration', () => {
  it.each([
    [200, 'passed', ['passed', 'passed', 'passed']],
    [404, 'partial', ['passed', 'passed', 'failed']],
    [401, 'partial', ['passed', 'failed', 'skipped']],
    [500, 'failed', ['failed', 'skipped', 'skipped']],
  ])('answers %d with %s', async (status, overall, stages) => {
    const url = await serve((_request, response) => json(response, {}, status));
    const id = await configured('tracer', { base_url: url, api_key: SECRET });
    const report = await tester.test(id, context);
    expect(report).toMatchObject({ overallStatus: overall, providerId: 'tracer', providerConfigId: id });
    expect(!isRefusal(report) && report.stages.map((stage) => stage.status)).toEqual(stages);
    expect(JSON.stringify(report)).not.toContain(SECRET);
  });

  it('skips the credentials that are not there', async () => {
    const id = await configured('http', { base_url: await serve((_request, response) => json(response, {})) });
    const report = await tester.test(id, context);
    expect(!isRefusal(report) && report.stages.map((stage) => stage.status)).toEqual(['passed', 'skipped', 'passed']);
  });

  it('refuses what has no usable URL, and destinations that the policy closes', async () => {
    const codes = [];
    for (const base_url of ['nonsense', 'ftp://x/', 'http://169.254.169.254/', 'http://10.0.0.1/']) {
      const outcome = await tester.test(await configured('http', { base_url }), context);
      codes.push(isRefusal(outcome) ? outcome.code : 'passed');
    }
    expect(codes).toEqual(['FLK-0340', 'FLK-0340', 'FLK-0341', 'FLK-0341']);
  });
});

describe('the log', () => {
  it('holds none of the secrets of all these configurations', async () => {
    let count = 0;
    for await (const event of events.readAll()) {
      count += 1;
      expect(JSON.stringify(event)).not.toContain(SECRET);
    }
    expect(count).toBeGreaterThan(20);
    expect(await secrets.get('unknown')).toBeUndefined();
  });
});
