import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DynamicModule } from '@nestjs/common';
import { Global, Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { Clock, IdSource } from '@app/kernel';
import { RandomIdSource, SystemClock } from '@app/kernel/nest';
import { AggregateStore, EventStore, Reservations } from '@app/event-store';
import { MemoryEventStore } from '@app/event-store/nest';
import { FaultLog } from '@app/shell';
import { Edge } from '@app/shell/nest';
import { ViewStore } from '@app/read-model';
import { InProcessViews } from '@app/read-model/nest';
import type { ConfigurationUser } from './configuration-usage.js';
import { ConfigurationUsage } from './configuration-usage.js';
import { ProviderModule } from './nest.js';
import { providerProjections } from './provider-configurations-view.js';

const SECRET = 'k-9f2a77c1-visible';
const users: ConfigurationUser[] = [];

class KnownUsage extends ConfigurationUsage {
  async usersOf(): Promise<readonly ConfigurationUser[]> {
    return users;
  }
}

class NoFaults extends FaultLog {
  error(message: string): void {
    throw new Error(message);
  }
}

@Global()
@Module({})
class PlatformModule {}

const tokens = [EventStore, AggregateStore, Reservations, ViewStore, Clock, IdSource, ConfigurationUsage, FaultLog];

function platform(events: MemoryEventStore, views: ViewStore): DynamicModule {
  const clock = new SystemClock();
  const ids = new RandomIdSource();
  const aggregates = new AggregateStore(events, ids, clock);
  const values = [
    events,
    aggregates,
    new Reservations(aggregates, clock),
    views,
    clock,
    ids,
    new KnownUsage(),
    new NoFaults(),
  ];
  return {
    module: PlatformModule,
    imports: [CqrsModule.forRoot()],
    providers: tokens.map((provide, index) => ({ provide, useValue: values[index] })),
    exports: [...tokens, CqrsModule],
  };
}

describe('the routes of providers', () => {
  const directory = mkdtempSync(join(tmpdir(), 'provider-'));
  const events = new MemoryEventStore();
  let app: NestFastifyApplication;
  let views: InProcessViews;

  beforeAll(async () => {
    views = await InProcessViews.open({ directory: ':memory:', events, projections: providerProjections });
    const module = await Test.createTestingModule({
      imports: [
        platform(events, views),
        ProviderModule.register({ egressAllow: ['loopback'], dataDirectory: directory }),
      ],
    }).compile();
    const edge = new Edge({ ids: new RandomIdSource() });
    app = module.createNestApplication<NestFastifyApplication>(edge.adapter, { bodyParser: false, logger: false });
    edge.equip(app, { record: () => Promise.resolve() }, { error: () => undefined });
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
  });
  afterAll(async () => {
    await app.close();
    await views.close();
    rmSync(directory, { recursive: true, force: true });
  });
  beforeEach(() => {
    users.length = 0;
  });

  type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';
  const ask = async (method: Method, url: string, payload?: object, headers: Record<string, string> = {}) => {
    const json = payload === undefined ? {} : { payload };
    const response = await app.inject({ method, url: `/v1${url}`, headers, ...json });
    const body = response.body === '' ? {} : response.json();
    return { status: response.statusCode, body, etag: response.headers['etag'], text: response.body };
  };
  const all = '/provider-configurations';
  const fields = (name: string) => ({
    name,
    providerId: 'tracer',
    config: { base_url: 'http://localhost:9999', api_key: SECRET, auth_type: 'api_key' },
  });
  const created = async (name: string): Promise<string> => {
    const { body } = await ask('POST', all, fields(name));
    return `${all}/${String(body['id'])}`;
  };

  it('serve the catalogue with schemas as text and parsed', async () => {
    const executors = await ask('GET', '/catalog/executors');
    expect((executors.body as unknown as { id: string }[]).map(({ id }) => id)).toEqual([
      'http.request',
      'midaz.create-account',
      'midaz.create-transaction',
      'midaz.get-account',
      'midaz.get-account-balance',
      'tracer.list-validations',
      'tracer.validate-transaction',
    ]);
    const { body } = await ask('GET', '/catalog/executors/tracer.validate-transaction');
    expect(JSON.parse(String(body['schema']))).toEqual(body['schemaObject']);
    const provider = await ask('GET', '/catalog/providers/midaz');
    expect(JSON.parse(String(provider.body['configSchema']))).toEqual(provider.body['configSchemaObject']);
    expect((await ask('GET', '/catalog/triggers')).body).toEqual([{ id: 'webhook', name: 'Webhook', version: 'v1' }]);
    expect(typeof (await ask('GET', '/catalog/triggers/webhook')).body['schema']).toBe('string');
    expect((await ask('GET', '/catalog/providers/tracer/executors')).body).toHaveLength(2);
  });

  it('say which entry of the catalogue does not exist', async () => {
    const codes = [];
    for (const path of ['executors/x.y', 'triggers/x', 'providers/s3', 'providers/s3/executors']) {
      const { status, body } = await ask('GET', `/catalog/${path}`);
      codes.push([status, body['code']]);
    }
    expect(codes).toEqual([
      [404, 'FLK-0200'],
      [404, 'FLK-0210'],
      [404, 'FLK-0230'],
      [404, 'FLK-0230'],
    ]);
  });

  it('check executor configurations', async () => {
    const path = '/catalog/executors/midaz.get-account/validate';
    expect(await ask('POST', path, { config: { accountId: 'a' } })).toMatchObject({
      status: 200,
      body: { valid: true },
    });
    expect(await ask('POST', path, { config: {} })).toMatchObject({ status: 400, body: { code: 'FLK-0201' } });
    expect(await ask('POST', path, {})).toMatchObject({ status: 400, body: { code: 'FLK-0001' } });
    expect(await ask('POST', '/catalog/executors/x/validate', { config: {} })).toMatchObject({ status: 404 });
  });

  it('create, read, change and delete a configuration without ever showing the secret', async () => {
    const made = await ask('POST', all, { ...fields('whole-life'), metadata: { owner: 'risk' } });
    expect(made).toMatchObject({ status: 201, etag: '"0"', body: { name: 'whole-life', status: 'active' } });
    expect(Object.keys(made.body)).toEqual(['id', 'name', 'status', 'createdAt']);
    const path = `${all}/${String(made.body['id'])}`;
    const read = await ask('GET', path);
    expect(read.body['config']).toEqual({
      base_url: 'http://localhost:9999',
      api_key: '****ible',
      auth_type: 'api_key',
    });
    // `at` counts in milliseconds: what follows must not fall into that of the creation.
    while (Date.now() <= Date.parse(String(read.body['createdAt']))) await new Promise((later) => setTimeout(later, 1));
    const patched = await ask('PATCH', path, { ...read.body, description: 'EU', metadata: { tier: 1 } });
    expect(patched).toMatchObject({
      status: 200,
      etag: '"1"',
      body: { description: 'EU', metadata: { owner: 'risk', tier: 1 }, config: { api_key: '****ible' } },
    });
    expect((await ask('PATCH', path, { description: null })).body['description']).toBe('EU');
    const then = await ask('GET', `${path}?at=${encodeURIComponent(String(read.body['createdAt']))}`);
    expect([then.status, 'description' in then.body]).toEqual([200, false]);
    expect((await ask('DELETE', path)).status).toBe(204);
    expect(await ask('GET', path)).toMatchObject({ status: 404, body: { code: 'FLK-0290' } });
    expect(await ask('DELETE', path)).toMatchObject({ status: 404, body: { code: 'FLK-0290' } });
    for (const { text } of [made, read, patched]) expect(text).not.toContain(SECRET);
  });

  it.each([
    [{ name: '' }, 400, 'FLK-0295'],
    [{ name: null }, 400, 'FLK-0295'],
    [{ name: 'x'.repeat(101) }, 400, 'FLK-0296'],
    [{ description: 'x'.repeat(501) }, 400, 'FLK-0297'],
    [{ config: {} }, 400, 'FLK-0298'],
    [{ config: null }, 400, 'FLK-0298'],
    [{ providerId: undefined }, 400, 'FLK-0299'],
    [{ providerId: 's3' }, 404, 'FLK-0294'],
    [{ name: 7 }, 400, 'FLK-0001'],
    [{ config: [] }, 400, 'FLK-0001'],
    [{ extra: 1 }, 400, 'FLK-0001'],
    [{ config: { base_url: 'http://x' } }, 422, 'FLK-0293'],
    [{ config: { base_url: 'http://x', api_key: '' } }, 422, 'FLK-0293'],
    [{ config: { base_url: 'http://x', api_key: 'k', auth_type: 'kerberos' } }, 422, 'FLK-0293'],
    [{ config: { base_url: 'http://x', api_key: 'k', auth_type: 'bearer' } }, 422, 'FLK-0293'],
    [{ config: { base_url: 'http://u:p@x', api_key: 'k' } }, 422, 'FLK-0293'],
    [{ config: { base_url: 'http://x', api_key: '****77c1' } }, 422, 'FLK-0293'],
    [{ config: { base_url: 'http://x', api_key: { $secret: 'id' } } }, 422, 'FLK-0293'],
  ])('refuse to create with %j: %d %s', async (change, status, code) => {
    const answer = await ask('POST', all, { ...fields('refused'), ...change });
    expect([answer.status, answer.body['code']]).toEqual([status, code]);
  });

  it('name every field of a configuration that is wrong', async () => {
    const config = { api_key: '', auth_type: 'kerberos' };
    const { body } = await ask('POST', all, { ...fields('wrong'), config });
    const names = (body['fields'] as { field: string }[]).map(({ field }) => field);
    expect(names).toEqual(expect.arrayContaining(['config.base_url', 'config.api_key', 'config.auth_type']));
  });

  it('keep names unique, also when two are created at once, and free them again', async () => {
    const both = await Promise.all([ask('POST', all, fields('one-of-two')), ask('POST', all, fields('one-of-two'))]);
    expect(both.map(({ status }) => status).sort()).toEqual([201, 409]);
    const other = await created('other-name');
    expect(await ask('PATCH', other, { name: 'one-of-two' })).toMatchObject({
      status: 409,
      body: { code: 'FLK-0291' },
    });
    expect((await ask('PATCH', other, { name: 'renamed' })).status).toBe(200);
    const again = await created('other-name');
    expect((await ask('DELETE', again)).status).toBe(204);
    expect((await ask('POST', all, fields('other-name'))).status).toBe(201);
  });

  it('honour If-Match', async () => {
    const path = await created('matched');
    const stale = await ask('PATCH', path, { description: 'x' }, { 'if-match': '"7"' });
    expect(stale).toMatchObject({ status: 409, body: { code: 'FLK-0350' } });
    expect(await ask('POST', `${path}/disable`, undefined, { 'if-match': '"0"' })).toMatchObject({ etag: '"1"' });
  });

  it('enable and disable, and do neither twice', async () => {
    const path = await created('switched');
    expect(await ask('POST', `${path}/enable`)).toMatchObject({ status: 422, body: { code: 'FLK-0292' } });
    expect(await ask('POST', `${path}/disable`)).toMatchObject({ status: 200, body: { status: 'disabled' } });
    expect(await ask('POST', `${path}/disable`)).toMatchObject({ status: 422, body: { code: 'FLK-0292' } });
    expect(await ask('POST', `${path}/enable`)).toMatchObject({ status: 200, body: { status: 'active' } });
  });

  it('do not change the provider', async () => {
    const path = await created('settled');
    expect((await ask('PATCH', path, { providerId: 'tracer' })).status).toBe(200);
    expect(await ask('PATCH', path, { providerId: 'http' })).toMatchObject({ status: 400, body: { code: 'FLK-0299' } });
  });

  it('do not delete what a workflow uses', async () => {
    const path = await created('used');
    users.push({ id: 'w', name: 'pix', status: 'active' });
    const answer = await ask('DELETE', path);
    expect(answer).toMatchObject({ status: 409, body: { code: 'PROVIDER_CONFIG_IN_USE' } });
    expect(answer.text).toContain('pix');
  });

  it('list by filter, sort and cursor, one row once', async () => {
    const names: string[] = [];
    let cursor = '';
    do {
      const { body } = await ask('GET', `${all}?limit=3&sortBy=name&sortOrder=asc&cursor=${cursor}`);
      names.push(...(body['items'] as { name: string }[]).map(({ name }) => name));
      cursor = String(body['nextCursor']);
      expect(body['hasMore']).toBe(cursor !== '');
    } while (cursor !== '');
    expect(names).toEqual([...new Set(names)].sort());
    expect(names.length).toBeGreaterThan(5);
    const none = await ask('GET', `${all}?providerId=midaz&status=active`);
    expect(none.body).toEqual({ items: [], nextCursor: '', hasMore: false });
    expect((await ask('GET', `${all}?limit=100`)).text).not.toContain(SECRET);
  });

  it.each([
    ['limit=0', 'FLK-0304'],
    ['limit=101', 'FLK-0304'],
    ['limit=ten', 'FLK-0304'],
    ['status=gone', 'FLK-0304'],
    ['sortOrder=up', 'FLK-0304'],
    ['cursor=nonsense', 'INVALID_CURSOR'],
    ['page=2', 'FLK-0304'],
  ])('refuse to list with %s', async (query, code) => {
    expect(await ask('GET', `${all}?${query}`)).toMatchObject({ status: 400, body: { code } });
  });

  it('refuse ids that are none, and times that are none', async () => {
    expect(await ask('GET', `${all}/7`)).toMatchObject({ status: 400, body: { code: 'FLK-0002' } });
    const path = await created('timed');
    expect(await ask('GET', `${path}?at=yesterday`)).toMatchObject({ status: 400, body: { code: 'FLK-0304' } });
  });

  it('test a configuration and record that it was tested', async () => {
    const server = createServer((_request, response) => response.writeHead(404).end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const base_url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { body } = await ask('POST', all, { ...fields('tested'), config: { base_url, api_key: SECRET } });
    const report = await ask('POST', `${all}/${String(body['id'])}/test`);
    expect(report).toMatchObject({ status: 200, body: { overallStatus: 'partial' } });
    server.close();
    const types: string[] = [];
    for await (const event of events.readAll()) types.push(event.type);
    expect(types).toContain('ProviderConfigTested');
  });

  it('keep the executor configurations of old clients empty', async () => {
    const id = '0d6f2a8e-1c1b-4f6e-9a7f-8a2f7a0c9e11';
    expect((await ask('GET', '/executors')).body).toEqual({ items: [], nextCursor: '', hasMore: false });
    for (const method of ['GET', 'PATCH', 'DELETE'] as const) {
      expect(await ask(method, `/executors/${id}`)).toMatchObject({ status: 404, body: { code: 'FLK-0250' } });
      expect(await ask(method, '/executors/7')).toMatchObject({ status: 400, body: { code: 'FLK-0002' } });
    }
  });

  it('leave no secret in the log', async () => {
    for await (const event of events.readAll()) expect(JSON.stringify(event)).not.toContain(SECRET);
    expect(events.lastAppended).toBeDefined();
  });
});
