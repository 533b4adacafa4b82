import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { AggregateStore, EventStore, Reservations } from '@app/event-store';
import { MemoryEventStore } from '@app/event-store/nest';
import type { JsonObject } from '@app/kernel';
import { anonymousActor, IdSource } from '@app/kernel';
import { RandomIdSource, SystemClock } from '@app/kernel/nest';
import { providerConfiguration, providerProjections, SecretStore } from '@app/provider';
import { MemorySecretStore } from '@app/provider/nest';
import { ViewStore } from '@app/read-model';
import { InProcessViews } from '@app/read-model/nest';
import { Edge } from '@app/shell/nest';
import { WorkflowModule } from './nest.js';
import { workflowProjections } from './workflows-view.js';

const UNKNOWN = '0d6f2a8e-1c1b-4f6e-9a7f-8a2f7a0c9e11';
const TRACER = '5b0e1f0a-3f5a-4a53-8a63-0f0d8c1f7a10';
const MIDAZ = 'b3d1c1c2-9d0e-4d8e-b6bb-3d1f6b6e2c77';
const context = { actor: anonymousActor, channel: 'rest' as const, correlationId: 'c' };

const stores = [EventStore, AggregateStore, Reservations, ViewStore, SecretStore, IdSource];

async function serve() {
  const clock = new SystemClock();
  const ids = new RandomIdSource();
  const events = new MemoryEventStore({ clock });
  const aggregates = new AggregateStore(events, ids, clock);
  const projections = [...workflowProjections, ...providerProjections];
  const views = await InProcessViews.open({ directory: ':memory:', events, projections });
  const values = [events, aggregates, new Reservations(aggregates, clock), views, new MemorySecretStore(), ids];
  const providers = stores.map((provide, index) => ({ provide: provide as never, useValue: values[index] }));
  @Module({})
  class StoresModule {}
  const edge = new Edge({ ids });
  const module = await Test.createTestingModule({
    imports: [
      CqrsModule.forRoot(),
      { module: StoresModule, global: true, providers, exports: stores as never[] },
      WorkflowModule.register(),
    ],
  }).compile();
  const app = module.createNestApplication<NestFastifyApplication>(edge.adapter, { bodyParser: false, logger: false });
  edge.equip(app, { record: () => Promise.resolve() }, { error: (message) => expect(message).toBe('no fault') });
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  for (const [id, providerId] of [
    [TRACER, 'tracer'],
    [MIDAZ, 'midaz'],
  ] as const) {
    const command = {
      kind: 'CreateProviderConfiguration',
      name: providerId,
      providerId,
      config: { base_url: 'x' },
    } as const;
    await aggregates.execute(providerConfiguration, id, command, context);
  }
  return { app, aggregates, views };
}

// The example of the contract, section 10.2.
const pixScreening: JsonObject = {
  name: 'pix-screening',
  description: 'Screens a PIX before posting',
  metadata: { squad: 'risk' },
  nodes: [
    {
      id: 'in',
      type: 'trigger',
      name: 'Entry',
      position: { x: 0, y: 0 },
      data: { triggerType: 'webhook', path: '/pix/in', method: 'POST', verify_token: 's3cr3t' },
    },
    {
      id: 'screen',
      type: 'executor',
      name: 'Screen',
      position: { x: 200, y: 0 },
      data: {
        executorId: 'tracer.validate-transaction',
        providerConfigId: TRACER,
        endpointName: 'validations',
        inputMapping: [
          {
            source: 'workflow.doc',
            target: 'document',
            required: true,
            transformation: { type: 'remove_characters', config: { characters: '.-/' } },
          },
        ],
        outputMapping: [{ source: 'body.decision', target: 'decision' }],
      },
    },
    {
      id: 'ok?',
      type: 'conditional',
      name: 'Allowed',
      position: { x: 400, y: 0 },
      data: { condition: 'screen.decision == "ALLOW"' },
    },
    {
      id: 'yes',
      type: 'action',
      name: 'Approve',
      position: { x: 600, y: -80 },
      data: { actionType: 'set_output', output: { approved: true } },
    },
    {
      id: 'no',
      type: 'action',
      name: 'Refuse',
      position: { x: 600, y: 80 },
      data: { actionType: 'set_output', output: { approved: false } },
    },
  ],
  edges: [
    { id: 'e1', source: 'in', target: 'screen' },
    { id: 'e2', source: 'screen', target: 'ok?' },
    { id: 'e3', source: 'ok?', target: 'yes', sourceHandle: 'true', label: 'allowed' },
    { id: 'e4', source: 'ok?', target: 'no', sourceHandle: 'false' },
  ],
};

describe('the workflow routes', () => {
  let the: Awaited<ReturnType<typeof serve>>;
  beforeEach(async () => {
    the = await serve();
  });
  afterEach(async () => {
    await the.app.close();
    await the.views.close();
  });

  async function call(method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, body?: JsonObject, headers = {}) {
    const response = await the.app.inject({
      method,
      url,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
    });
    const answer: unknown = response.body === '' ? undefined : response.json();
    return { status: response.statusCode, etag: response.headers['etag'], body: answer as never as JsonObject };
  }
  async function create(body: JsonObject): Promise<string> {
    const { status, body: answer } = await call('POST', '/v1/workflows', body);
    expect([status, answer]).toEqual([201, expect.anything()]);
    return answer['workflowId'] as string;
  }
  const small = (name: string): JsonObject => ({
    name,
    nodes: [
      { id: 'in', type: 'trigger', position: { x: 10.5, y: -0.25 }, data: { triggerId: 'webhook' } },
      { id: 'n', type: 'note' },
    ],
    edges: [{ id: 'e', source: 'in', target: 'n', sourceHandle: null }],
  });

  it('take the example of the contract through its whole life', async () => {
    const created = await call('POST', '/v1/workflows', pixScreening);
    expect(created).toMatchObject({ status: 201, etag: '"0"', body: { version: '1.0.0', status: 'draft' } });
    const whenCreated = new Date().toISOString();
    const { workflowId: id } = created.body;
    expect(created.body['id']).toBe(id);
    const url = `/v1/workflows/${id as string}`;
    const masked = structuredClone(pixScreening);
    ((masked['nodes'] as JsonObject[])[0]?.['data'] as JsonObject)['verify_token'] = '********';
    const got = await call('GET', url);
    expect(got.body).toMatchObject({ ...masked, id, status: 'draft', createdAt: created.body['createdAt'] });
    expect(await call('POST', `${url}/activate`)).toMatchObject({
      status: 200,
      etag: '"1"',
      body: { status: 'active' },
    });
    expect(await call('POST', `${url}/activate`)).toMatchObject({ status: 422, body: { code: 'FLK-0102' } });
    expect(await call('PUT', url, pixScreening)).toMatchObject({ status: 422, body: { code: 'FLK-0103' } });
    expect(await call('DELETE', url)).toMatchObject({ status: 422, body: { code: 'FLK-0103' } });
    expect(await call('POST', `${url}/deactivate`)).toMatchObject({ status: 200, body: { status: 'inactive' } });
    expect(await call('POST', `${url}/draft`)).toMatchObject({ status: 200, body: { status: 'draft' } });
    const edited = await call('PUT', url, { ...(await call('GET', url)).body, name: 'pix-2' });
    expect(edited).toMatchObject({ status: 200, body: { name: 'pix-2', nodes: masked['nodes'] } });
    const restored = await call('POST', `${url}/versions/1/restore`);
    expect(restored).toMatchObject({ status: 200, body: { name: 'pix-2' } });
    expect(await call('GET', `${url}/versions/1/diff`)).toMatchObject({ body: { against: 'none' } });
    expect(await call('GET', `${url}?at=${whenCreated}`)).toMatchObject({
      body: { name: 'pix-screening' },
    });
    expect(await call('DELETE', url)).toEqual({ status: 204, etag: undefined, body: undefined });
    expect(await call('GET', url)).toMatchObject({ status: 404, body: { code: 'FLK-0100' } });
    expect(await call('GET', `${url}/versions`)).toMatchObject({ body: { items: [{ version: 1 }] } });
  });

  it('take fractional and missing positions', async () => {
    const id = await create(small('a'));
    expect((await call('GET', `/v1/workflows/${id}`)).body['nodes']).toEqual([
      { id: 'in', type: 'trigger', position: { x: 10.5, y: -0.25 }, data: { triggerId: 'webhook' } },
      { id: 'n', type: 'note', position: { x: 0, y: 0 } },
    ]);
    expect(await call('POST', `/v1/workflows/${id}/activate`)).toMatchObject({
      status: 200,
      body: { activeVersion: 1 },
    });
  });

  it('return free-form data as it came', async () => {
    const data = { constructor: 1, toString: { a: [null, 1e21, 'é'] }, length: 3 };
    const id = await create({
      name: 'a',
      nodes: [{ id: 'n', type: 'note', data: data as never }],
      metadata: { then: 1 },
    });
    expect((await call('GET', `/v1/workflows/${id}`)).body).toMatchObject({ nodes: [{ data }], metadata: { then: 1 } });
  });

  it('refuse unknown fields and wrong types, each named', async () => {
    const bad = { ...small('a'), color: 'red', nodes: [{ id: 5, type: 'note', size: 1 }] };
    const { status, body } = await call('POST', '/v1/workflows', bad);
    expect([status, body['code']]).toEqual([400, 'FLK-0001']);
    expect((body['fields'] as JsonObject[]).map(({ field }) => field).sort()).toEqual([
      'color',
      'nodes[0].id',
      'nodes[0].size',
    ]);
    for (const nodes of ['x', {}, [null], ['x'], [[]]] as never[]) {
      expect(await call('POST', '/v1/workflows', { name: 'a', nodes })).toMatchObject({ status: 400 });
    }
    expect(await call('POST', '/v1/workflows')).toMatchObject({ status: 400, body: { code: 'FLK-0110' } });
    expect(await call('POST', '/v1/workflows', { name: ' ' })).toMatchObject({ body: { code: 'FLK-0110' } });
    expect(await call('POST', '/v1/workflows', { name: 'é'.repeat(51) })).toMatchObject({ body: { code: 'FLK-0111' } });
  });

  it('answer what the contract says about executors and their configurations', async () => {
    const attempt = (data: JsonObject) =>
      call('POST', '/v1/workflows', { name: 'a', nodes: [{ id: 'x', type: 'executor', data }] });
    const executorId = 'tracer.validate-transaction';
    expect(await attempt({})).toMatchObject({ status: 400, body: { code: 'WORKFLOW_INVALID_EXECUTOR_CONFIG' } });
    expect(await attempt({ executorId: 'no.such' })).toMatchObject({ status: 404, body: { code: 'FLK-0104' } });
    expect(await attempt({ executorId })).toMatchObject({ status: 400, body: { code: 'FLK-0150' } });
    expect(await attempt({ executorId, providerConfigId: UNKNOWN })).toMatchObject({ body: { code: 'FLK-0150' } });
    expect(await attempt({ executorId, providerConfigId: MIDAZ })).toMatchObject({ body: { code: 'FLK-0151' } });
    const right = { executorId, providerConfigId: TRACER };
    expect(await attempt({ ...right, inputMapping: 'x' })).toMatchObject({ status: 400, body: { code: 'FLK-0140' } });
    expect(await attempt({ ...right, outputMapping: [{ source: 'a[', target: 'b' }] })).toMatchObject({
      body: { code: 'FLK-0141' },
    });
    expect(await attempt({ ...right, transforms: [{ operation: 'no' }] })).toMatchObject({
      body: { code: 'FLK-0142' },
    });
  });

  it('refuse an activation that a disabled configuration stands against', async () => {
    const id = await create(pixScreening);
    await the.aggregates.execute(providerConfiguration, TRACER, { kind: 'DisableProviderConfiguration' }, context);
    expect(await call('POST', `/v1/workflows/${id}/activate`)).toMatchObject({
      status: 400,
      body: { code: 'FLK-0150' },
    });
  });

  it('refuse a webhook route that is taken with 400', async () => {
    const first = await create(pixScreening);
    const { body } = await call('POST', `/v1/workflows/${first}/clone`, { name: 'copy' });
    await call('POST', `/v1/workflows/${first}/activate`);
    const url = `/v1/workflows/${body['workflowId'] as string}/activate`;
    expect(await call('POST', url)).toMatchObject({ status: 400, body: { code: 'FLK-0360' } });
  });

  it('honour If-Match', async () => {
    const id = await create(small('a'));
    const url = `/v1/workflows/${id}`;
    expect(await call('PUT', url, small('b'), { 'if-match': '"0"' })).toMatchObject({ status: 200, etag: '"1"' });
    expect(await call('PUT', url, small('c'), { 'if-match': '"0"' })).toMatchObject({
      status: 409,
      body: { code: 'FLK-0350' },
    });
    expect(await call('POST', `${url}/activate`, undefined, { 'if-match': '"0"' })).toMatchObject({ status: 409 });
  });

  it('find nothing under unknown ids, and take only UUIDs', async () => {
    for (const [method, rest] of [
      ['GET', ''],
      ['DELETE', ''],
      ['POST', '/activate'],
      ['POST', '/deactivate'],
      ['POST', '/draft'],
      ['GET', '/versions'],
      ['GET', '/versions/1'],
      ['GET', '/versions/1/diff'],
      ['POST', '/versions/1/restore'],
    ] as const) {
      expect(await call(method, `/v1/workflows/${UNKNOWN}${rest}`)).toMatchObject({
        status: 404,
        body: { code: 'FLK-0100' },
      });
      expect(await call(method, `/v1/workflows/nope${rest}`)).toMatchObject({
        status: 400,
        body: { code: 'FLK-0002' },
      });
    }
    expect(await call('GET', `/v1/workflows/${UNKNOWN}?at=yesterday`)).toMatchObject({
      status: 400,
      body: { code: 'FLK-0304' },
    });
    expect(await call('GET', `/v1/workflows/${UNKNOWN}?at=2026-13-45T00:00:00Z`)).toMatchObject({ status: 400 });
    expect(await call('GET', `/v1/workflows/${UNKNOWN}/versions/x`)).toMatchObject({ status: 400 });
  });

  it('list, page and count', async () => {
    for (const name of ['a', 'b', 'c']) await create(small(name));
    const first = await call('GET', '/v1/workflows?limit=2&sortBy=name&sortOrder=asc');
    expect(first.body).toMatchObject({ items: [{ name: 'a' }, { name: 'b' }], hasMore: true });
    const cursor = first.body['nextCursor'] as string;
    expect((await call('GET', `/v1/workflows?cursor=${cursor}`)).body).toMatchObject({
      items: [{ name: 'c' }],
      nextCursor: '',
    });
    expect(await call('GET', '/v1/workflows?limit=x')).toMatchObject({ status: 400, body: { code: 'FLK-0304' } });
    expect(await call('GET', '/v1/workflows?cursor=x')).toMatchObject({
      status: 400,
      body: { code: 'INVALID_CURSOR' },
    });
    expect(await call('GET', '/v1/workflows?colour=red')).toMatchObject({ status: 400, body: { code: 'FLK-0304' } });
    expect((await call('GET', '/v1/dashboards/workflows/summary')).body).toEqual({
      total: 3,
      active: 0,
      byStatus: [{ status: 'draft', count: 3 }],
    });
  });

  it('offer the templates and make workflows of them', async () => {
    const url = '/v1/catalog/templates';
    const params = { workflowName: 'guard', tracerProviderConfigId: TRACER, midazProviderConfigId: MIDAZ };
    expect((await call('GET', url)).body).toMatchObject([{ id: 'tracer-midaz-validation', category: 'Compliance' }]);
    const detail = (await call('GET', `${url}/tracer-midaz-validation`)).body;
    expect(JSON.parse(detail['paramSchema'] as string)).toEqual(detail['paramSchemaObject']);
    expect(detail['paramSchemaObject']).toMatchObject({
      properties: { tracerProviderConfigId: { oneOf: [{ const: TRACER, title: 'tracer' }] } },
    });
    expect(await call('GET', `${url}/no`)).toMatchObject({ status: 404, body: { code: 'FLK-0240' } });
    const validate = `${url}/tracer-midaz-validation/validate`;
    expect(await call('POST', validate, { params })).toMatchObject({ status: 200, body: { valid: true } });
    expect(await call('POST', validate, {})).toMatchObject({ status: 400, body: { code: 'FLK-0242' } });
    const make = { templateId: 'tracer-midaz-validation', params };
    const made = await call('POST', '/v1/workflows/from-template', make);
    expect(made).toMatchObject({ status: 201, body: { status: 'draft' } });
    const id = made.body['workflowId'] as string;
    expect(await call('POST', `/v1/workflows/${id}/activate`)).toMatchObject({ status: 200 });
    expect(await call('POST', '/v1/workflows/from-template', make)).toMatchObject({
      status: 409,
      body: { code: 'FLK-0101' },
    });
    expect(await call('POST', '/v1/workflows/from-template', { templateId: 'no' })).toMatchObject({ status: 404 });
  });
});
