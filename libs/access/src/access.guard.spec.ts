import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Controller, Get, Module, Post } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import type { RecordedEvent, RequestContext } from '@app/kernel';
import { Clock, engineActor, IdSource, refuse, RefusalError } from '@app/kernel';
import { RandomIdSource } from '@app/kernel/nest';
import { AggregateStore, EventStore, Reservations } from '@app/event-store';
import { MemoryEventStore } from '@app/event-store/nest';
import { FaultLog, RefusalLog } from '@app/shell';
import { Caller, Edge } from '@app/shell/nest';
import { LocalRoute, PublicRoute, SelfAuthenticated } from './access.decorator.js';
import type { AuthMode } from './access-policy.js';
import type { IssuedKey } from './api-key-office.js';
import { ApiKeyOffice } from './api-key-office.js';
import type { ApiKeyPage, ApiKeyQuery, ApiKeyRow } from './api-key-view.js';
import { ApiKeyDirectory, apiKeyView } from './api-key-view.js';
import { AccessModule, EventLogRefusalLog, NodeKeySecrets } from './nest.js';

class TestClock extends Clock {
  ms = Date.parse('2026-05-02T12:00:00Z');
  nowMs(): number {
    return this.ms;
  }
}

/** Folds the view from the log each time it is asked. */
class LogDirectory extends ApiKeyDirectory {
  constructor(private readonly events: EventStore) {
    super();
  }

  async page({ revoked, limit }: ApiKeyQuery): Promise<ApiKeyPage> {
    const rows = new Map<string, ApiKeyRow>();
    for await (const event of this.events.readAll({ filter: { streamPrefixes: ['apiKey-'] } })) {
      const key = apiKeyView.key(event) ?? '';
      const row = apiKeyView.fold(rows.get(key), event);
      if (row) rows.set(key, row);
    }
    const all = [...rows.values()].reverse();
    const asked = all.filter((row) => revoked === undefined || revoked === (row.revokedAt !== undefined));
    return { rows: asked.slice(0, limit) };
  }
}

@Controller()
class DoorsController {
  @Get('closed')
  closed(@Caller() { actor }: RequestContext): unknown {
    return actor;
  }

  @PublicRoute()
  @Get('open')
  open(): unknown {
    return {};
  }

  @LocalRoute()
  @Get('local')
  local(): unknown {
    return {};
  }

  @SelfAuthenticated()
  @Post('self')
  self(@Caller() { actor }: RequestContext): unknown {
    return actor;
  }

  @Post('state')
  state(): never {
    throw new RefusalError(refuse('state', 'FLK-0102', 'not from here'));
  }
}

async function house(auth: AuthMode) {
  const clock = new TestClock();
  const ids = new RandomIdSource();
  const events = new MemoryEventStore({ clock });
  const aggregates = new AggregateStore(events, ids, clock);
  const directory = mkdtempSync(join(tmpdir(), 'access-'));
  const values = [
    { provide: Clock, useValue: clock },
    { provide: IdSource, useValue: ids },
    { provide: EventStore, useValue: events },
    { provide: AggregateStore, useValue: aggregates },
    { provide: Reservations, useValue: new Reservations(aggregates, clock) },
    { provide: ApiKeyDirectory, useValue: new LogDirectory(events) },
    { provide: FaultLog, useValue: { error: () => undefined } },
  ];
  @Module({})
  class Platform {}
  const platform = { module: Platform, global: true, providers: values, exports: values.map(({ provide }) => provide) };
  const module = await Test.createTestingModule({
    imports: [
      { ...platform, imports: [CqrsModule.forRoot()], exports: [...platform.exports, CqrsModule] },
      AccessModule.register({ auth, secrets: NodeKeySecrets.open(directory) }),
    ],
    controllers: [DoorsController],
  }).compile();
  const edge = new Edge({ ids });
  const app = module.createNestApplication<NestFastifyApplication>(edge.adapter, { bodyParser: false, logger: false });
  const faults: unknown[] = [];
  edge.equip(app, app.get(RefusalLog), { error: (message, details) => faults.push({ message, details }) });
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  const office = app.get(ApiKeyOffice);
  const issue = async (name: string, expiresAt?: string): Promise<IssuedKey> => {
    const context: RequestContext = { actor: engineActor, channel: 'engine', correlationId: 'c' };
    return (await office.issue(office.draft({ name, ...(expiresAt ? { expiresAt } : {}) }), context)) as IssuedKey;
  };
  const recorded = async (): Promise<RecordedEvent[]> => {
    const found: RecordedEvent[] = [];
    for await (const event of events.readAll({ filter: { streamPrefixes: ['access-'] } })) found.push(event);
    return found;
  };
  const close = async () => {
    await app.close();
    rmSync(directory, { recursive: true, force: true });
  };
  return { app, clock, issue, recorded, faults, close };
}

type House = Awaited<ReturnType<typeof house>>;

describe('the access guard', () => {
  let home: House;
  afterEach(() => home.close());

  it('lets everybody in as nobody when authentication is off', async () => {
    home = await house('off');
    const { key } = await home.issue('ana');
    const response = await home.app.inject({ url: '/closed', headers: { 'x-api-key': key } });
    expect(response.json()).toEqual({ type: 'user', id: 'anonymous', name: 'anonymous', via: 'none' });
  });

  it('makes the key the actor, under either header', async () => {
    home = await house('keys');
    const { id, key } = await home.issue('ana');
    for (const headers of [
      { 'x-api-key': key },
      { authorization: `Bearer ${key}` },
      { authorization: `bearer  ${key} ` },
    ]) {
      const response = await home.app.inject({ url: '/closed', headers });
      expect([response.statusCode, response.json()]).toEqual([
        200,
        { type: 'api_key', id, name: 'ana', via: 'api_key' },
      ]);
    }
  });

  it('turns everybody else away with the same words, and records why', async () => {
    home = await house('keys');
    const { id, key } = await home.issue('ana');
    const { key: old } = await home.issue('old', '2026-05-02T13:00:00.000Z');
    const { id: goneId, key: gone } = await home.issue('gone');
    await home.app.inject({ method: 'DELETE', url: `/v1/api-keys/${goneId}`, headers: { 'x-api-key': key } });
    home.clock.ms += 3_600_000;
    const forged = await home.issue('forged');
    const offers = [
      undefined,
      'nonsense',
      `${key.slice(0, -1)}~`,
      old,
      gone,
      key.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
    ];
    for (const offer of offers) {
      const headers = offer === undefined ? {} : { 'x-api-key': offer };
      const response = await home.app.inject({ url: '/closed?token=abc', headers });
      expect([response.statusCode, response.json()]).toMatchObject([
        401,
        { code: 'UNAUTHORIZED', title: 'Unauthorized', message: 'API Key missing or invalid' },
      ]);
    }
    const entries = await home.recorded();
    const messages = entries.map(({ data }) =>
      (data as { message: string }).message.replace('API Key missing or invalid: ', ''),
    );
    expect(messages.slice(0, 4)).toEqual([
      'no key was offered',
      'what was offered is no key of this server',
      'what was offered is no key of this server',
      expect.stringMatching(/^key .* has expired$/),
    ]);
    expect(messages.slice(4)).toEqual([`key ${goneId} is revoked`, 'the checksum of the offered key is wrong']);
    expect(entries[0]).toMatchObject({
      type: 'AccessDenied',
      data: { method: 'GET', path: '/closed', status: 401, code: 'UNAUTHORIZED' },
      metadata: { actor: { id: 'anonymous', via: 'none' }, channel: 'rest', ip: '127.0.0.1' },
    });
    const text = JSON.stringify(entries);
    expect([key, old, gone, forged.key].filter((each) => text.includes(each.slice(36)))).toEqual([]);
    expect(id).toBeDefined();
  });

  it('knows a forged secret although its checksum is right', async () => {
    home = await house('keys');
    const { id } = await home.issue('ana');
    const { formatApiKey } = await import('./api-key-text.js');
    const forged = formatApiKey({ id, secret: 'A'.repeat(28) });
    const unknown = formatApiKey({ id: '00000000-0000-4000-8000-000000000000', secret: 'A'.repeat(28) });
    for (const offer of [forged, unknown]) {
      expect((await home.app.inject({ url: '/closed', headers: { 'x-api-key': offer } })).statusCode).toBe(401);
    }
    expect((await home.recorded()).map(({ data }) => (data as { message: string }).message)).toEqual([
      `API Key missing or invalid: the secret of key ${id} is wrong`,
      'API Key missing or invalid: there is no key 00000000-0000-4000-8000-000000000000',
    ]);
  });

  it('leaves public routes open, local ones to this machine, and others to themselves', async () => {
    home = await house('keys');
    const { key } = await home.issue('ana');
    const status = async (url: string, headers = {}, method: 'GET' | 'POST' = 'GET', remoteAddress = '127.0.0.1') =>
      (await home.app.inject({ method, url, headers, remoteAddress })).statusCode;
    expect(await status('/open')).toBe(200);
    expect(await status('/local')).toBe(200);
    expect(await status('/local', { 'x-forwarded-for': '192.0.2.1' })).toBe(401);
    expect(await status('/local', {}, 'GET', '192.0.2.1')).toBe(401);
    expect(await status('/local', { 'x-api-key': key }, 'GET', '192.0.2.1')).toBe(200);
    expect(await status('/self', { authorization: 'Basic abc' }, 'POST')).toBe(201);
    expect(await status('/self', { authorization: 'Bearer of-another-kind' }, 'POST')).toBe(201);
    expect(await status('/self', { 'x-api-key': `${key}x` }, 'POST')).toBe(401);
    const named = await home.app.inject({ method: 'POST', url: '/self', headers: { 'x-api-key': key } });
    expect(named.json()).toMatchObject({ name: 'ana' });
  });

  it('records refused commands under the name of the one who asked', async () => {
    home = await house('keys');
    const { key } = await home.issue('ana');
    await home.app.inject({ method: 'POST', url: '/state', headers: { 'x-api-key': key, 'x-request-id': 'r1' } });
    expect(await home.recorded()).toMatchObject([
      {
        stream: 'access-20260502',
        type: 'CommandRefused',
        data: { method: 'POST', path: '/state', status: 422, code: 'FLK-0102' },
        metadata: { actor: { name: 'ana' }, requestId: 'r1' },
      },
    ]);
  });

  it('writes a flood down as one entry with its count', async () => {
    home = await house('keys');
    await Promise.all(Array.from({ length: 100 }, () => home.app.inject('/closed')));
    expect(await home.recorded()).toHaveLength(60);
    home.clock.ms += 60_000;
    const log = home.app.get(EventLogRefusalLog);
    expect(await log.tick()).toEqual({ againInMs: 'idle' });
    const entries = await home.recorded();
    expect(entries).toHaveLength(61);
    expect(entries.at(-1)?.data).toMatchObject({ count: 40, path: '/closed' });
  });
});

describe('the routes of API keys', () => {
  let home: House;
  let headers: Record<string, string>;
  let first: IssuedKey;
  beforeEach(async () => {
    home = await house('keys');
    first = await home.issue('first');
    headers = { 'x-api-key': first.key };
  });
  afterEach(() => home.close());

  const create = (payload: object) => home.app.inject({ method: 'POST', url: '/v1/api-keys', headers, payload });

  it('create, list, read and revoke', async () => {
    const created = await create({ name: 'ana', expiresAt: '2026-06-01T02:00:00+02:00' });
    expect([created.statusCode, created.headers['cache-control']]).toEqual([201, 'no-store']);
    const { id, key } = created.json<IssuedKey>();
    const shown = { id, name: 'ana', createdAt: '2026-05-02T12:00:00.000Z', expiresAt: '2026-06-01T00:00:00.000Z' };
    expect(created.json()).toEqual({ ...shown, key, status: 'active' });
    expect((await home.app.inject({ url: '/closed', headers: { 'x-api-key': key } })).statusCode).toBe(200);

    const list = await home.app.inject({ url: '/v1/api-keys', headers });
    expect(list.json()).toMatchObject({ items: [{ ...shown, status: 'active' }, { name: 'first' }], hasMore: false });
    const read = await home.app.inject({ url: `/v1/api-keys/${id}`, headers });
    expect([read.headers.etag, read.json()]).toEqual(['"0"', { ...shown, status: 'active' }]);

    const revoked = await home.app.inject({ method: 'POST', url: `/v1/api-keys/${id}/revoke`, headers });
    expect([revoked.statusCode, revoked.json()]).toMatchObject([
      200,
      { status: 'revoked', revokedAt: shown.createdAt },
    ]);
    expect((await home.app.inject({ method: 'DELETE', url: `/v1/api-keys/${id}`, headers })).statusCode).toBe(204);
    expect((await home.app.inject({ url: '/closed', headers: { 'x-api-key': key } })).statusCode).toBe(401);
    expect(list.body + read.body + revoked.body).not.toContain(key.slice(36));
    const active = await home.app.inject({ url: '/v1/api-keys?status=active', headers });
    expect(active.json<{ items: { name: string }[] }>().items.map(({ name }) => name)).toEqual(['first']);
  });

  it('give a name to one key at a time', async () => {
    const { id } = (await create({ name: 'ana' })).json<IssuedKey>();
    const again = await create({ name: 'ana' });
    expect([again.statusCode, again.json()]).toMatchObject([409, { code: 'API_KEY_NAME_EXISTS' }]);
    await home.app.inject({ method: 'DELETE', url: `/v1/api-keys/${id}`, headers });
    expect((await create({ name: 'ana' })).statusCode).toBe(201);
  });

  it('do not revoke the last usable key', async () => {
    await home.issue('soon', '2026-05-02T13:00:00.000Z');
    home.clock.ms += 3_600_000;
    const refused = await home.app.inject({ method: 'DELETE', url: `/v1/api-keys/${first.id}`, headers });
    expect([refused.statusCode, refused.json()]).toMatchObject([422, { code: 'API_KEY_LAST_ONE' }]);
  });

  it('leave one key when two are revoked at once', async () => {
    const second = await home.issue('second');
    const answers = await Promise.all(
      [first, second].map(({ id, key }) =>
        home.app.inject({ method: 'DELETE', url: `/v1/api-keys/${id}`, headers: { 'x-api-key': key } }),
      ),
    );
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([204, 422]);
  });

  it.each([
    [{}, 'FLK-0001'],
    [{ name: '' }, 'FLK-0001'],
    [{ name: 'x'.repeat(101) }, 'FLK-0001'],
    [{ name: 'a\u0007' }, 'API_KEY_NAME_INVALID'],
    [{ name: 'a', expiresAt: 'tomorrow' }, 'FLK-0001'],
    [{ name: 'a', expiresAt: '2026-06-01T00:00:00' }, 'FLK-0001'],
    [{ name: 'a', expiresAt: '2020-01-01T00:00:00Z' }, 'API_KEY_EXPIRY_INVALID'],
    [{ name: 'a', admin: true }, 'FLK-0001'],
  ])('refuse %j', async (body, code) => {
    const response = await create(body);
    expect([response.statusCode, response.json()]).toMatchObject([400, { code }]);
    expect(response.json<{ fields: unknown[] }>().fields.length).toBeGreaterThan(0);
  });

  it('know unknown keys and ids that are none', async () => {
    const url = '/v1/api-keys/00000000-0000-4000-8000-000000000000';
    for (const request of [
      { url },
      { method: 'DELETE' as const, url },
      { method: 'POST' as const, url: `${url}/revoke` },
    ]) {
      const response = await home.app.inject({ ...request, headers });
      expect([response.statusCode, response.json()]).toMatchObject([404, { code: 'API_KEY_NOT_FOUND' }]);
    }
    expect((await home.app.inject({ url: '/v1/api-keys/1', headers })).json()).toMatchObject({ code: 'FLK-0002' });
  });
});
