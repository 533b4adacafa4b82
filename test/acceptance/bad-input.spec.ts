// Whatever is sent, the answer is the 4xx and code of the contract with the field named, nothing is half done, and the
// server answers the next request.
import { connect } from 'node:net';
import fc from 'fast-check';
import { storeConfigurations } from '../support/store-configurations.js';
import type { Node } from './definitions.js';
import { chain, conditional, edges, executor, setOutput, trigger, webhookTrigger, workflow } from './definitions.js';
import type { Answered, Sent } from './v1-client.js';
import type { World } from './world.js';
import { openWorld, text, unknownId } from './world.js';

let world: World;
let tracer: string;
let draft: string;
let active: string;
let ended: string;
let key: string;
let before: unknown;

describe.each(storeConfigurations())('on $name', (configuration) => {
  beforeAll(async () => {
    world = await openWorld(configuration);
    const { client, provider } = world;
    tracer = await client.provider('kyc', { base_url: provider.url, api_key: 'k' });
    draft = await client.draft(straight('a draft'));
    active = await client.active(workflow('listens', [webhookTrigger('/bad'), setOutput('out', {})], ['in>out']));
    ended = (await client.run(active, {}, 'k')).executionId;
    key = (await client.made(client.post('/v1/api-keys', { name: 'a key' }))).id;
    before = await counts();
  }, 60_000);

  afterEach(async () => {
    expect((await world.client.get('/health')).status).toBe(200);
  });

  afterAll(async () => {
    try {
      expect(await counts()).toEqual(before);
    } finally {
      await world.close();
    }
  }, 30_000);

  /** What there is of everything: a refused request leaves it as it was. */
  async function counts(): Promise<unknown> {
    const { client } = world;
    const lists = ['/v1/workflows', '/v1/provider-configurations', '/v1/executions', '/v1/api-keys'];
    const all = await Promise.all(lists.map((path) => client.made(client.get(`${path}?limit=100`))));
    return all.map(({ items }) => items);
  }

  function straight(name: string): object {
    return chain(name, setOutput('out', {}));
  }

  async function expectRefusal(answer: Promise<Answered>, status: number, code: string, field?: string): Promise<void> {
    const { status: got, body } = await answer;
    expect([got, body?.code, body?.message]).toEqual([status, code, text]);
    expect(Object.keys(body).filter((name) => name !== 'fields')).toEqual(['code', 'title', 'message', 'requestId']);
    if (field === undefined) return;
    const named = (body.fields ?? []).map((finding: { field: string }) => finding.field);
    expect([...named, body.message]).toContainEqual(expect.stringContaining(field));
  }

  const idPaths = (end = ''): Record<string, string> => ({
    draft: `/v1/workflows/${draft}${end}`,
    active: `/v1/workflows/${active}${end}`,
    provider: `/v1/provider-configurations/${tracer}${end}`,
  });

  /** Every route that reads a body: method, path, a body that would do (but for ids), the code of an unreadable one. */
  const withBody: [string, () => string, object][] = [
    ['POST', () => '/v1/workflows', { name: 'x' }],
    ['POST', () => '/v1/workflows/from-template', { templateId: 'tracer-midaz-validation', params: {} }],
    ['PUT', () => `/v1/workflows/${draft}`, { name: 'x' }],
    ['POST', () => `/v1/workflows/${draft}/clone`, { name: 'x' }],
    ['POST', () => `/v1/workflows/${active}/executions`, { inputData: {} }],
    ['POST', () => `/v1/executions/${ended}/cancel`, { reason: 'x' }],
    ['POST', () => '/v1/catalog/executors/midaz.get-account/validate', { config: {} }],
    ['POST', () => '/v1/catalog/templates/tracer-midaz-validation/validate', { params: {} }],
    ['POST', () => '/v1/provider-configurations', { name: 'x', providerId: 'http', config: {} }],
    ['PATCH', () => `/v1/provider-configurations/${tracer}`, { description: 'x' }],
    ['POST', () => '/v1/webhooks/bad', {}],
    ['POST', () => '/v1/api-keys', { name: 'x' }],
  ];

  describe.each(withBody)('%s %s', (method, path, good) => {
    const isStart = path.toString().includes('executions`');
    const send = (sent: Sent) =>
      world.client.send(method, path(), { ...sent, headers: { 'idempotency-key': 'bad', ...sent.headers } });

    it.each<[string, unknown]>([
      ['broken JSON', '{"name":'],
      ['text after the JSON', '{} {}'],
      ['single quotes', "{'name': 1}"],
      ['a number beyond all bounds', '{"name":1e999}'],
      ['a byte that is no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
      ['an array', '[]'],
      ['a text', '"x"'],
      ['a number', '7'],
      ['null', 'null'],
      ['65 levels', '{"name":'.padEnd(8) + '['.repeat(65) + ']'.repeat(65) + '}'],
      ['a hundred thousand levels', '['.repeat(100_000) + ']'.repeat(100_000)],
      ['__proto__', `{"__proto__":{"admin":true}}`],
      ['__proto__ further down', `{"metadata":{"a":[{"__proto__":1}]}}`],
      ['an escaped __proto__', `{"\\u005f_proto__":{"admin":true}}`],
      ['constructor.prototype', `{"constructor":{"prototype":{"admin":true}}}`],
      ['a lone surrogate', '{"name":"\\ud800"}'],
      ['a lone surrogate in a key', '{"\\udc00":"x"}'],
    ])('refuses %s with 400 FLK-0001', async (_what, body) => {
      await expectRefusal(send({ body }), 400, 'FLK-0001');
      expect(({} as { admin?: boolean }).admin).toBeUndefined();
    });

    it('refuses a body that does not say it is JSON', async () => {
      for (const type of [
        'text/plain',
        'application/xml',
        'multipart/form-data; boundary=x',
        '',
        'json/',
        ';;;',
        'a'.repeat(500),
      ]) {
        await expectRefusal(send({ body: good, headers: { 'content-type': type } }), 400, 'FLK-0001');
      }
    });

    it('refuses a body over the limit', async () => {
      const small = isStart || path().startsWith('/v1/webhooks');
      const code = isStart ? 'FLK-0506' : small ? 'FLK-0363' : 'PAYLOAD_TOO_LARGE';
      const bytes = small ? 1_048_577 : 4 * 1_048_576 + 1;
      await expectRefusal(send({ body: `{"a":"${'x'.repeat(bytes - 8)}"}` }), 413, code);
    });

    it('refuses unknown fields and names them, those with names that every object knows as well', async () => {
      if (path().startsWith('/v1/webhooks')) return;
      for (const name of ['surprise', 'constructor', 'hasOwnProperty', 'toString']) {
        await expectRefusal(send({ body: { ...good, [name]: 1 } }), 400, 'FLK-0001', name);
      }
    });
  });

  describe('a workflow', () => {
    const save = (body: object): Promise<Answered>[] => [
      world.client.post('/v1/workflows', body),
      world.client.put(`/v1/workflows/${draft}`, body),
    ];
    const call = (data: object): Node => ({ id: 'call', type: 'executor', position: { x: 0, y: 0 }, data });
    const valid = (data: object): Node => executor('call', tracer, data);
    const many = (count: number): Node[] =>
      Array.from({ length: count }, (_, index) => ({ id: `n${index}`, type: 'note' }));
    const mapped = (entry: unknown) => [valid({ inputMapping: [entry] })];
    const transformed = (operation: unknown) => [valid({ inputMapping: [], transforms: [operation] })];

    it.each<[string, () => object, number, string, string]>([
      ['no name', () => ({}), 400, 'FLK-0110', 'name'],
      ['an empty name', () => ({ name: '' }), 400, 'FLK-0110', 'name'],
      ['a blank name', () => ({ name: ' \t ' }), 400, 'FLK-0110', 'name'],
      ['a name that is a number', () => ({ name: 7 }), 400, 'FLK-0110', 'name'],
      ['a name of 101 bytes', () => ({ name: 'x'.repeat(101) }), 400, 'FLK-0111', 'name'],
      ['a name of 102 bytes in 51 characters', () => ({ name: 'é'.repeat(51) }), 400, 'FLK-0111', 'name'],
      [
        'a description of 501 characters',
        () => ({ name: 'n', description: 'x'.repeat(501) }),
        400,
        'FLK-0001',
        'description',
      ],
      ['nodes that are no list', () => ({ name: 'n', nodes: {} }), 400, 'FLK-0001', 'nodes'],
      ['a node that is no object', () => ({ name: 'n', nodes: [7] }), 400, 'FLK-0001', 'nodes'],
      ['a node that is null', () => ({ name: 'n', nodes: [null] }), 400, 'FLK-0001', 'nodes'],
      ['a node without an id', () => ({ name: 'n', nodes: [{ type: 'note' }] }), 400, 'FLK-0001', 'nodes[0].id'],
      [
        'a node of a numeric type',
        () => ({ name: 'n', nodes: [{ id: 'a', type: 1 }] }),
        400,
        'FLK-0001',
        'nodes[0].type',
      ],
      [
        'an unknown key of a node',
        () => ({ name: 'n', nodes: [{ id: 'a', type: 'b', c: 1 }] }),
        400,
        'FLK-0001',
        'nodes[0].c',
      ],
      [
        'a position that is a text',
        () => ({ name: 'n', nodes: [{ id: 'a', type: 'b', position: 'x' }] }),
        400,
        'FLK-0001',
        'position',
      ],
      [
        'an x that is a text',
        () => ({ name: 'n', nodes: [{ id: 'a', type: 'b', position: { x: '1' } }] }),
        400,
        'FLK-0001',
        'nodes[0].position.x',
      ],
      [
        'data that is a list',
        () => ({ name: 'n', nodes: [{ id: 'a', type: 'b', data: [] }] }),
        400,
        'FLK-0001',
        'nodes[0].data',
      ],
      [
        'a node id of 51 characters',
        () => ({ name: 'n', nodes: [{ id: 'x'.repeat(51), type: 'b' }] }),
        400,
        'FLK-0120',
        'nodes[0].id',
      ],
      ['two nodes of one id', () => ({ name: 'n', nodes: [...many(1), ...many(1)] }), 400, 'FLK-0120', 'nodes[1].id'],
      ['101 nodes', () => ({ name: 'n', nodes: many(101) }), 400, 'FLK-0113', 'nodes'],
      [
        '201 edges',
        () => ({ name: 'n', nodes: many(2), edges: edges(...Array<string>(201).fill('n0>n1')) }),
        400,
        'FLK-0114',
        'edges',
      ],
      [
        'an edge to nowhere',
        () => ({ name: 'n', nodes: many(1), edges: edges('n0>gone') }),
        400,
        'FLK-0115',
        'edges[0].target',
      ],
      [
        'an edge without a source',
        () => ({ name: 'n', nodes: many(1), edges: [{ id: 'e', target: 'n0' }] }),
        400,
        'FLK-0001',
        'edges[0].source',
      ],
      [
        'two edges of one id',
        () => ({ name: 'n', nodes: many(2), edges: [...edges('n0>n1'), ...edges('n0>n1')] }),
        400,
        'FLK-0130',
        'edges[1].id',
      ],
      [
        'a label of 51 characters',
        () => ({ name: 'n', nodes: many(2), edges: [{ ...edges('n0>n1')[0], label: 'x'.repeat(51) }] }),
        400,
        'FLK-0130',
        'edges[0].label',
      ],
      [
        'a cycle of two',
        () => ({ name: 'n', nodes: many(2), edges: edges('n0>n1', 'n1>n0') }),
        400,
        'FLK-0115',
        'edges[',
      ],
      [
        'a node that follows itself',
        () => ({ name: 'n', nodes: many(1), edges: edges('n0>n0') }),
        400,
        'FLK-0115',
        'edges[0]',
      ],
      [
        'a handle that a conditional does not have',
        () => workflow('n', [trigger, conditional('if', 'true'), setOutput('o', {})], ['in>if', 'if>o:maybe']),
        400,
        'FLK-0115',
        'edges[1].sourceHandle',
      ],
      ['metadata that is a text', () => ({ name: 'n', metadata: 'x' }), 400, 'FLK-0001', 'metadata'],
      [
        'a run limit of nothing',
        () => ({ name: 'n', settings: { runTimeoutSeconds: 0 } }),
        400,
        'FLK-0001',
        'settings.runTimeoutSeconds',
      ],
      [
        'an executor without an id',
        () => ({ name: 'n', nodes: [call({ providerConfigId: tracer })] }),
        400,
        'WORKFLOW_INVALID_EXECUTOR_CONFIG',
        'nodes[0].data.executorId',
      ],
      [
        'an unknown executor',
        () => ({ name: 'n', nodes: [call({ executorId: 'no.such', providerConfigId: tracer })] }),
        404,
        'FLK-0104',
        'nodes[0].data.executorId',
      ],
      [
        'no provider configuration',
        () => ({ name: 'n', nodes: [call({ executorId: 'tracer.list-validations' })] }),
        400,
        'FLK-0150',
        'nodes[0].data.providerConfigId',
      ],
      [
        'a provider configuration that is no UUID',
        () => ({ name: 'n', nodes: [executor('c', '7')] }),
        400,
        'FLK-0150',
        'nodes[0].data.providerConfigId',
      ],
      [
        'a provider configuration that does not exist',
        () => ({ name: 'n', nodes: [executor('c', unknownId)] }),
        400,
        'FLK-0150',
        'nodes[0].data.providerConfigId',
      ],
      [
        'data that fail the schema',
        () => ({ name: 'n', nodes: [valid({ transactionType: 'GOLD' })] }),
        400,
        'WORKFLOW_INVALID_EXECUTOR_CONFIG',
        'nodes[0].data',
      ],
      [
        'a timeout below nothing',
        () => ({ name: 'n', nodes: [valid({ timeout: -1 })] }),
        400,
        'WORKFLOW_INVALID_EXECUTOR_CONFIG',
        'nodes[0].data.timeout',
      ],
      [
        'a retry without end',
        () => ({ name: 'n', nodes: [valid({ retry: { maxAttempts: 1e9 } })] }),
        400,
        'WORKFLOW_INVALID_EXECUTOR_CONFIG',
        'nodes[0].data.retry.maxAttempts',
      ],
      [
        'a credential in a header',
        () => ({ name: 'n', nodes: [valid({ headers: { Authorization: 'x' } })] }),
        400,
        'WORKFLOW_INVALID_EXECUTOR_CONFIG',
        'nodes[0].data.headers.Authorization',
      ],
      [
        'a mapping that is no list',
        () => ({ name: 'n', nodes: [valid({ inputMapping: 'x' })] }),
        400,
        'FLK-0140',
        'nodes[0].data.inputMapping',
      ],
      [
        'a mapping of numbers',
        () => ({ name: 'n', nodes: mapped(7) }),
        400,
        'FLK-0140',
        'nodes[0].data.inputMapping[0]',
      ],
      [
        'a path with a negative index',
        () => ({ name: 'n', nodes: mapped({ source: 'a[-1]', target: 'b' }) }),
        400,
        'FLK-0140',
        'nodes[0].data.inputMapping[0].source',
      ],
      [
        'a path that is not closed',
        () => ({ name: 'n', nodes: mapped({ source: 'a[', target: 'b' }) }),
        400,
        'FLK-0140',
        'inputMapping[0].source',
      ],
      [
        'an unknown transformation',
        () => ({ name: 'n', nodes: mapped({ source: 'a', target: 'b', transformation: { type: 'explode' } }) }),
        400,
        'FLK-0140',
        'inputMapping[0].transformation',
      ],
      [
        'a transformation without what it needs',
        () => ({ name: 'n', nodes: mapped({ source: 'a', target: 'b', transformation: { type: 'add_prefix' } }) }),
        400,
        'FLK-0140',
        'inputMapping[0].transformation',
      ],
      [
        'an output mapping that does not parse',
        () => ({ name: 'n', nodes: [valid({ outputMapping: [{ source: 'a[x]', target: 'b' }] })] }),
        400,
        'FLK-0141',
        'nodes[0].data.outputMapping[0].source',
      ],
      [
        'a shift of nothing',
        () => ({ name: 'n', nodes: transformed({ operation: 'shift' }) }),
        400,
        'FLK-0142',
        'nodes[0].data.transforms[0]',
      ],
      [
        'a concat of no list',
        () => ({ name: 'n', nodes: transformed({ operation: 'concat', spec: { sources: 1, targetPath: 'x' } }) }),
        400,
        'FLK-0142',
        'transforms[0]',
      ],
      [
        'a concat of a number',
        () => ({
          name: 'n',
          nodes: transformed({ operation: 'concat', spec: { sources: [{ value: 7 }], targetPath: 'x' } }),
        }),
        400,
        'FLK-0142',
        'transforms[0]',
      ],
      [
        'an unknown operation',
        () => ({ name: 'n', nodes: transformed({ operation: 'explode', spec: { a: 'b' } }) }),
        400,
        'FLK-0142',
        'transforms[0]',
      ],
      [
        'a condition that ends early',
        () => ({ name: 'n', nodes: [conditional('if', 'a ==')] }),
        422,
        'FLK-0105',
        'nodes[0].data.condition',
      ],
      [
        'a condition with a lone quote',
        () => ({ name: 'n', nodes: [conditional('if', 'x == "')] }),
        422,
        'FLK-0105',
        'nodes[0].data.condition',
      ],
      [
        'a condition that is a number',
        () => ({ name: 'n', nodes: [{ ...conditional('if', ''), data: { condition: 7 } }] }),
        422,
        'FLK-0105',
        'nodes[0].data.condition',
      ],
      [
        'CEL that does not parse',
        () => ({ name: 'n', nodes: [conditional('if', '= input.(')] }),
        422,
        'FLK-0105',
        'nodes[0].data.condition',
      ],
      [
        'CEL about a node that is not there',
        () => ({ name: 'n', nodes: [conditional('if', '= steps.gone.x == 1')] }),
        422,
        'FLK-0105',
        'nodes[0].data.condition',
      ],
      [
        'an output with broken CEL',
        () => ({ name: 'n', nodes: [setOutput('o', { a: [{ b: '= 1 +' }] })] }),
        422,
        'FLK-0105',
        'nodes[0].data.output.a[0].b',
      ],
      [
        'the condition of an edge that does not parse',
        () => ({ name: 'n', nodes: many(2), edges: [{ ...edges('n0>n1')[0], condition: '>' }] }),
        422,
        'FLK-0105',
        'edges[0].condition',
      ],
      [
        'a webhook path that is a number',
        () => ({ name: 'n', nodes: [webhookTrigger('/x', { path: 7 })] }),
        400,
        'FLK-0120',
        'nodes[0].data.path',
      ],
      [
        'a webhook method that is none',
        () => ({ name: 'n', nodes: [webhookTrigger('/x', { method: 'BREW' })] }),
        400,
        'FLK-0120',
        'nodes[0].data.method',
      ],
      [
        'a token that is a number',
        () => ({ name: 'n', nodes: [webhookTrigger('/x', { verify_token: 7 })] }),
        400,
        'FLK-0120',
        'nodes[0].data.verify_token',
      ],
    ])('with %s is refused when it is saved', async (_what, body, status, code, field) => {
      for (const answer of save(body())) await expectRefusal(answer, status, code, field);
    });

    it('with a field that every object inherits is refused where fields are known', async () => {
      for (const field of ['constructor', 'toString']) {
        const body = { name: 'n', nodes: [{ id: 'a', type: 'b', [field]: 1 }], [field]: 1 };
        for (const answer of save(body)) await expectRefusal(answer, 400, 'FLK-0001', `nodes[0].${field}`);
      }
    });

    it('may use such names where names are free, but for the ids of nodes, and finds nothing under them that was not sent', async () => {
      const { client, provider } = world;
      for (const id of ['constructor', 'toString', 'hasOwnProperty', '__proto__']) {
        for (const answer of save({ name: 'n', nodes: [{ id, type: 'note' }] })) {
          await expectRefusal(answer, 400, 'FLK-0120', 'nodes[0].id');
        }
      }
      const free = { constructor: 'a', toString: 'b', hasOwnProperty: { valueOf: 1 } };
      provider.on('/echo', ({ body }) => [200, body]);
      const inputMapping = [
        { source: 'workflow.constructor', target: 'constructor' },
        { source: 'workflow.toString', target: 'valueOf.toString' },
        { source: 'workflow.constructor.name', target: 'name' },
      ];
      const call = executor('call', tracer, { path: 'echo', inputMapping });
      const outputMapping = [{ source: 'body', target: 'prototype' }];
      const definition = {
        ...chain('inherited names', { ...call, data: { ...(call['data'] as object), outputMapping } }),
        metadata: free,
      };
      const id = await client.active(definition);
      expect((await client.get(`/v1/workflows/${id}`)).body).toMatchObject(definition);
      const given = await client.run(id, free, 'inherited');
      const sent = { constructor: 'a', valueOf: { toString: 'b' }, name: null };
      expect(given.results.finalOutput).toEqual({ workflow: free, call: { prototype: sent } });
      const missing = await client.run(id, {}, 'not inherited');
      expect(missing.results.stepResults[0].output.prototype).toEqual({
        constructor: null,
        valueOf: { toString: null },
        name: null,
      });
      const asked = await client.active(
        workflow('asks', [trigger, conditional('if', 'workflow.toString'), setOutput('o', {})], ['in>if', 'if>o:true']),
      );
      expect((await client.run(asked, {}, 'asks')).status.status).toBe('failed');
      expect(({} as { a?: string }).a).toBeUndefined();
      before = await counts();
    });

    it('gets every finding at once', async () => {
      const nodes = [conditional('a', 'x =='), executor('b', '7'), ...many(1), ...many(1)];
      const { body } = await world.client.post('/v1/workflows', { name: 'n', nodes });
      expect(body.fields.map(({ field }: { field: string }) => field).sort()).toEqual([
        ...['nodes[0].data.condition', 'nodes[1].data.providerConfigId', 'nodes[3].id'],
      ]);
    });

    it.each<[string, () => object, number, string, string]>([
      [
        'a conditional without a branch',
        () => workflow('bad-graph', [trigger, conditional('if', 'true')], ['in>if']),
        422,
        'FLK-0105',
        'nodes[1]',
      ],
      [
        'a conditional without a condition',
        () => workflow('bad-graph', [trigger, conditional('if', ''), setOutput('o', {})], ['in>if', 'if>o:true']),
        422,
        'FLK-0105',
        'nodes[1].data.condition',
      ],
      [
        'a branch without a handle',
        () => workflow('bad-graph', [trigger, conditional('if', 'true'), setOutput('o', {})], ['in>if', 'if>o']),
        400,
        'FLK-0115',
        'edges[1].sourceHandle',
      ],
      [
        'a node that nothing leads to',
        () => workflow('bad-graph', [trigger, setOutput('o', {})], []),
        422,
        'FLK-0116',
        'nodes[1]',
      ],
      [
        'a condition about a node that cannot have run',
        () =>
          workflow('bad-graph', [trigger, conditional('if', 'o.x == 1'), setOutput('o', {})], ['in>if', 'if>o:true']),
        422,
        'FLK-0105',
        'nodes[1].data.condition',
      ],
      ['a node called workflow', () => chain('bad-graph', setOutput('workflow', {})), 400, 'FLK-0120', 'nodes[1].id'],
    ])('with %s may be a draft, and is refused when it is activated', async (_what, body, status, code, field) => {
      const { client } = world;
      const id = await client.draft(body());
      const answer = await client.act(`/v1/workflows/${id}/activate`);
      const named = (answer.body.fields ?? []).map((finding: { field: string }) => finding.field);
      expect([answer.status, answer.body.code, named]).toEqual([status, code, expect.arrayContaining([field])]);
      expect((await client.get(`/v1/workflows/${id}`)).body.status).toBe('draft');
      await client.made(client.delete(`/v1/workflows/${id}`));
    });
  });

  describe('a provider configuration', () => {
    const config = { base_url: 'http://127.0.0.1:1', api_key: 'k' };
    it.each<[string, object, number, string, string]>([
      ['no name', { providerId: 'tracer', config }, 400, 'FLK-0295', 'name'],
      ['an empty name', { name: ' ', providerId: 'tracer', config }, 400, 'FLK-0295', 'name'],
      ['a name of 101 bytes', { name: 'é'.repeat(51), providerId: 'tracer', config }, 400, 'FLK-0296', 'name'],
      [
        'a description of 501 characters',
        { name: 'n', description: 'x'.repeat(501), providerId: 'tracer', config },
        400,
        'FLK-0297',
        'description',
      ],
      ['no config', { name: 'n', providerId: 'tracer' }, 400, 'FLK-0298', 'config'],
      ['an empty config', { name: 'n', providerId: 'tracer', config: {} }, 400, 'FLK-0298', 'config'],
      ['a config that is a list', { name: 'n', providerId: 'tracer', config: [] }, 400, 'FLK-0001', 'config'],
      ['no provider', { name: 'n', config }, 400, 'FLK-0299', 'providerId'],
      ['a provider of a number', { name: 'n', providerId: 7, config }, 400, 'FLK-0001', 'providerId'],
      ['an unknown provider', { name: 'n', providerId: 's3', config }, 404, 'FLK-0294', 's3'],
      [
        'a key that is missing',
        { name: 'n', providerId: 'tracer', config: { base_url: 'http://x' } },
        422,
        'FLK-0293',
        'config.api_key',
      ],
      [
        'an unknown way to authenticate',
        { name: 'n', providerId: 'tracer', config: { ...config, auth_type: 'magic' } },
        422,
        'FLK-0293',
        'config.auth_type',
      ],
      [
        'basic without a user',
        { name: 'n', providerId: 'http', config: { base_url: 'http://x', auth_type: 'basic' } },
        422,
        'FLK-0293',
        'config.',
      ],
      [
        'a reference to a secret of somebody else',
        { name: 'n', providerId: 'tracer', config: { ...config, api_key: { $secret: unknownId } } },
        422,
        'FLK-0293',
        'config.api_key',
      ],
      [
        'metadata that is a list',
        { name: 'n', providerId: 'tracer', config, metadata: [] },
        400,
        'FLK-0001',
        'metadata',
      ],
    ])('with %s is refused', async (_what, body, status, code, field) => {
      await expectRefusal(world.client.post('/v1/provider-configurations', body), status, code, field);
    });

    it.each(['not a url', 'file:///etc/passwd', 'ftp://x', 'http://'])(
      'with the base URL %s may be stored, as format is no rule of the contract, but no test passes: 422',
      async (base_url) => {
        const { client } = world;
        const id = await client.provider('odd', { base_url, api_key: 'k' });
        const { status, body } = await client.act(`/v1/provider-configurations/${id}/test`);
        await client.made(client.delete(`/v1/provider-configurations/${id}`));
        expect([status, body.code]).toEqual([422, expect.stringMatching(/^FLK-034[01]$/)]);
      },
    );

    it('keeps its provider', async () => {
      const patch = world.client.patch(`/v1/provider-configurations/${tracer}`, { providerId: 'http' });
      await expectRefusal(patch, 400, 'FLK-0299', 'providerId');
    });
  });

  describe('an API key', () => {
    it.each<[object, string]>([
      [{}, 'name'],
      [{ name: '' }, 'name'],
      [{ name: 'x'.repeat(2_000) }, 'name'],
      [{ name: 'x', expiresAt: 'tomorrow' }, 'expiresAt'],
      [{ name: 'x', expiresAt: '2027-02-30T00:00:00Z' }, 'expiresAt'],
      [{ name: 'x', expiresAt: '2001-01-01T00:00:00Z' }, 'expiresAt'],
    ])('as %j is refused', async (body, field) => {
      const answer = await world.client.post('/v1/api-keys', body);
      expect(answer.status).toBe(400);
      await expectRefusal(Promise.resolve(answer), 400, answer.body.code, field);
    });
  });

  describe('a start', () => {
    it.each([[[]], ['x'], [7], [true]])('with %j as inputData is refused', async (inputData) => {
      await expectRefusal(world.client.start(active, inputData, 'bad'), 400, 'FLK-0001', 'inputData');
    });

    it('with a key that is too long is refused', async () => {
      await expectRefusal(world.client.start(active, {}, 'k'.repeat(5_000)), 400, 'FLK-0509', 'Idempotency-Key');
    });
  });

  describe('a query', () => {
    const bad: [string, string, string, string][] = [
      ['/v1/workflows', 'cursor=garbage', 'INVALID_CURSOR', 'cursor'],
      ['/v1/workflows', 'cursor=%00%ff', 'INVALID_CURSOR', 'cursor'],
      ['/v1/workflows', `cursor=${Buffer.from('{"v":1}').toString('base64')}`, 'INVALID_CURSOR', 'cursor'],
      ['/v1/workflows', 'status=asleep', 'FLK-0304', 'status'],
      ['/v1/workflows', 'sortBy=colour', 'FLK-0304', 'sortBy'],
      ['/v1/workflows', 'sortOrder=up', 'FLK-0304', 'sortOrder'],
      ['/v1/workflows', 'limit=0', 'FLK-0304', 'limit'],
      ['/v1/workflows', 'limit=1&limit=2', 'FLK-0304', 'limit'],
      ['/v1/workflows', 'surprise=1', 'FLK-0304', 'surprise'],
      ['/v1/workflows', '__proto__=1', 'FLK-0304', '__proto__'],
      ['/v1/executions', 'limit=0', 'FLK-0309', 'limit'],
      ['/v1/executions', 'limit=101', 'FLK-0309', 'limit'],
      ['/v1/executions', 'limit=-1', 'FLK-0309', 'limit'],
      ['/v1/executions', 'sortOrder=up', 'FLK-0310', 'sortOrder'],
      ['/v1/executions', 'sortBy=status', 'FLK-0304', 'sortBy'],
      ['/v1/executions', 'status=lost', 'FLK-0304', 'status'],
      ['/v1/executions', 'workflowId=7', 'FLK-0002', 'workflowId'],
      ['/v1/executions', 'cursor=garbage', 'INVALID_CURSOR', 'cursor'],
      ['/v1/executions', 'cursor=garbage&sortBy=startedAt', 'FLK-0304', 'cursor'],
      ['/v1/executions', 'surprise=1', 'FLK-0304', 'surprise'],
      ['/v1/provider-configurations', 'limit=0', 'FLK-0304', 'limit'],
      ['/v1/provider-configurations', 'limit=ten', 'FLK-0304', 'limit'],
      ['/v1/provider-configurations', 'status=asleep', 'FLK-0304', 'status'],
      ['/v1/provider-configurations', 'sortOrder=up', 'FLK-0304', 'sortOrder'],
      ['/v1/provider-configurations', 'cursor=garbage', 'INVALID_CURSOR', 'cursor'],
      ['/v1/dashboards/executions', 'startTime=noon', 'FLK-0302', 'startTime'],
      ['/v1/dashboards/executions', 'endTime=2026-02-30T00:00:00Z', 'FLK-0302', 'endTime'],
      [
        '/v1/dashboards/executions',
        'startTime=2026-02-02T00:00:00Z&endTime=2026-01-01T00:00:00Z',
        'FLK-0302',
        'startTime',
      ],
      ['/v1/dashboards/executions', 'status=lost', 'FLK-0302', 'status'],
      ['/v1/api-keys', 'limit=0', 'FLK-0304', 'limit'],
      ['/v1/api-keys', 'cursor=garbage', 'INVALID_CURSOR', 'cursor'],
      ['/v1/audit-events', 'asOf=garbage', 'FLK-0304', 'asOf'],
      ['/v1/audit-events', `q=${'x'.repeat(300)}`, 'FLK-0304', 'q'],
      ['/v1/audit-events', 'dateFrom=2026-01-01', 'FLK-0305', 'dateFrom'],
      ['/v1/audit-events/histogram', 'interval=century', 'FLK-0304', 'interval'],
      ['/v1/audit-events/export', 'format=pdf', 'FLK-0304', 'format'],
    ];

    it.each(bad)('%s?%s is 400 %s', async (path, query, code, field) => {
      await expectRefusal(world.client.get(`${path}?${query}`), 400, code, field);
    });

    it('at of a resource that names no instant is 400 FLK-0304', async () => {
      for (const at of ['noon', '2026-02-30T00:00:00Z', '2026-01-01', '']) {
        for (const path of [`/v1/workflows/${draft}`, `/v1/provider-configurations/${tracer}`]) {
          await expectRefusal(world.client.get(`${path}?at=${at}`), 400, 'FLK-0304', 'at');
        }
      }
    });

    it('a cursor of one list is none of another', async () => {
      const { client } = world;
      await client.run(active, {}, 'cursor');
      before = await counts();
      const { nextCursor } = (await client.get('/v1/executions?limit=1')).body;
      expect(nextCursor).not.toBe('');
      for (const path of ['/v1/workflows', '/v1/provider-configurations', '/v1/api-keys']) {
        await expectRefusal(
          client.get(`${path}?cursor=${encodeURIComponent(nextCursor)}`),
          400,
          'INVALID_CURSOR',
          'cursor',
        );
      }
    });
  });

  describe('an id', () => {
    const routes: [string, string, string, string][] = [
      ['GET', '/v1/workflows/', '', 'FLK-0100'],
      ['PUT', '/v1/workflows/', '', 'FLK-0100'],
      ['DELETE', '/v1/workflows/', '', 'FLK-0100'],
      ['POST', '/v1/workflows/', '/clone', 'FLK-0100'],
      ['POST', '/v1/workflows/', '/activate', 'FLK-0100'],
      ['POST', '/v1/workflows/', '/deactivate', 'FLK-0100'],
      ['POST', '/v1/workflows/', '/draft', 'FLK-0100'],
      ['POST', '/v1/workflows/', '/executions', 'FLK-0100'],
      ['GET', '/v1/workflows/', '/versions', 'FLK-0100'],
      ['GET', '/v1/executions/', '', 'FLK-0500'],
      ['GET', '/v1/executions/', '/results', 'FLK-0500'],
      ['GET', '/v1/executions/', '/steps', 'FLK-0500'],
      ['POST', '/v1/executions/', '/cancel', 'FLK-0500'],
      ['POST', '/v1/executions/', '/retry', 'FLK-0500'],
      ['GET', '/v1/provider-configurations/', '', 'FLK-0290'],
      ['PATCH', '/v1/provider-configurations/', '', 'FLK-0290'],
      ['DELETE', '/v1/provider-configurations/', '', 'FLK-0290'],
      ['POST', '/v1/provider-configurations/', '/enable', 'FLK-0290'],
      ['POST', '/v1/provider-configurations/', '/disable', 'FLK-0290'],
      ['POST', '/v1/provider-configurations/', '/test', 'FLK-0290'],
      ['GET', '/v1/executors/', '', 'FLK-0250'],
      ['PATCH', '/v1/executors/', '', 'FLK-0250'],
      ['DELETE', '/v1/executors/', '', 'FLK-0250'],
      ['GET', '/v1/audit-events/', '', 'FLK-0600'],
      ['GET', '/v1/audit-events/', '/verify', 'FLK-0600'],
    ];

    it.each(routes)(
      '%s %s:id%s is 404 %s when unknown, 400 FLK-0002 when it is no UUID',
      async (method, start, end, code) => {
        const body = end === '/clone' || method === 'PUT' ? { name: 'x' } : method === 'GET' ? undefined : {};
        const headers = { 'idempotency-key': 'bad' };
        const send = (id: string) => world.client.send(method, `${start}${id}${end}`, { body, headers });
        await expectRefusal(send(unknownId), 404, code);
        for (const id of [
          '7',
          'x',
          `${unknownId}0`,
          unknownId.replaceAll('-', ''),
          '%00',
          '..%2f..',
          "'%20OR%201=1",
          '%F0%9F%92%A9',
          'x'.repeat(400),
        ]) {
          await expectRefusal(send(id), 400, 'FLK-0002', 'd');
        }
        for (const id of ['x'.repeat(2_000), '%', '%E0%A4']) {
          const answer = await send(id);
          expect([id.slice(0, 9), [400, 404, 414], answer.body.code]).toEqual([
            id.slice(0, 9),
            expect.arrayContaining([answer.status]),
            text,
          ]);
        }
      },
    );

    it('counts in capitals as well', async () => {
      expect((await world.client.get(`/v1/workflows/${draft.toUpperCase()}`)).body.id).toBe(draft);
    });
  });

  describe('a header', () => {
    it.each(['x', '1', '"x"', 'W/"1"', '"1', '""', '"-1"', '"1.5"', '"99999999999999999999"', '"1", "2"'])(
      'If-Match: %s changes nothing',
      async (ifMatch) => {
        const headers = { 'if-match': ifMatch };
        for (const answer of [
          await world.client.put(`/v1/workflows/${draft}`, { name: 'changed' }, headers),
          await world.client.delete(`/v1/workflows/${draft}`, headers),
          await world.client.act(`/v1/workflows/${draft}/activate`, headers),
          await world.client.patch(`/v1/provider-configurations/${tracer}`, { description: 'changed' }, headers),
          await world.client.act(`/v1/provider-configurations/${tracer}/disable`, headers),
          await world.client.delete(`/v1/provider-configurations/${tracer}`, headers),
        ]) {
          expect([[400, 409, 412], answer.body.code]).toEqual([expect.arrayContaining([answer.status]), text]);
        }
      },
    );

    it.each(['wait', 'wait=', 'wait=-1', 'wait=soon', 'wait=1e3', ';;==,', 'wait="', 'x'.repeat(4_000)])(
      'Prefer: %s is no error: a preference that is not understood is ignored',
      async (prefer) => {
        const answer = await world.client.start(active, {}, 'k', { prefer });
        expect([answer.status, answer.body.executionId]).toEqual([200, ended]);
      },
    );

    it('of a strange request id is not repeated', async () => {
      for (const id of ['a b', 'x'.repeat(1_000), '<script>', 'é']) {
        const { headers } = await world.client.get('/version', { 'x-request-id': id });
        expect(headers['x-request-id']).not.toBe(id);
      }
    });

    it('of 20 KiB is refused in the envelope of the contract, and so is a URL of 20 KiB', async () => {
      for (const answer of [
        await world.client.get('/v1/workflows', { 'x-large': 'x'.repeat(20_000) }),
        await world.client.get(`/v1/workflows?cursor=${'x'.repeat(20_000)}`),
      ]) {
        expect([[400, 414, 431], answer.body]).toEqual([
          expect.arrayContaining([answer.status]),
          expect.objectContaining({ code: text, title: text, message: text }),
        ]);
      }
    });
  });

  describe('what is no request', () => {
    const raw = (bytes: string): Promise<string> =>
      new Promise((resolve) => {
        const socket = connect(Number(new URL(world.client.url).port), '127.0.0.1', () => socket.end(bytes));
        let got = '';
        socket.on('data', (chunk: Buffer) => (got += chunk.toString()));
        socket.on('error', () => resolve(got));
        socket.on('close', () => resolve(got));
      });

    it.each([
      ['nonsense', 'hello\r\n\r\n'],
      ['an unknown method', 'BREW / HTTP/1.1\r\nHost: x\r\n\r\n'],
      ['two lengths', 'POST /v1/workflows HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx'],
      [
        'a length and chunks',
        'POST /v1/workflows HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      ],
      ['a bad chunk', 'POST /v1/workflows HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'],
      ['no host', 'GET /v1/workflows HTTP/1.1\r\n\r\n'],
      ['a control character in a header', 'GET / HTTP/1.1\r\nHost: x\r\nX: a\u0001b\r\n\r\n'],
      [
        'half a body',
        'POST /v1/workflows HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"name":"half"',
      ],
      ['an absolute URL', 'GET http://169.254.169.254/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
    ])('%s is answered 4xx or hung up on', async (_what, bytes) => {
      expect(await raw(bytes)).toMatch(/^$|^HTTP\/1.1 4\d\d /);
    });

    it('an unknown route is 404, a wrong method 405 with what is allowed, both in the envelope', async () => {
      const { client } = world;
      for (const path of [
        '/',
        '/v1',
        '/v2/workflows',
        '/v1/workflows/x/y/z',
        '/v1//workflows',
        '/v1/workflows/..%2f..%2fhealth',
        '/.env',
        '/%00',
      ]) {
        const answer = await client.get(path);
        expect([path, [400, 404], answer.body.code]).toEqual([
          path,
          expect.arrayContaining([answer.status]),
          expect.any(String),
        ]);
      }
      for (const [method, path] of [
        ['DELETE', '/v1/workflows'],
        ['PATCH', `/v1/workflows/${draft}`],
        ['GET', `/v1/workflows/${draft}/activate`],
        ['PUT', '/v1/executions'],
        ['POST', '/v1/executors'],
        ['DELETE', '/v1/catalog/executors'],
        ['POST', '/health'],
        ['POST', '/v1/audit-events'],
      ] as const) {
        const answer = await client.send(method, path, { body: '{' });
        expect([method, path, answer.status, answer.body.code]).toEqual([method, path, 405, 'METHOD_NOT_ALLOWED']);
        expect(answer.headers.allow).toMatch(/[A-Z]+/);
      }
    });
  });

  describe('random bodies', () => {
    const sample = (): object[] => [
      chain(
        'fuzz',
        executor('call', tracer, { outputMapping: [{ source: 'body.x', target: 'x' }] }),
        conditional('if', 'call.x == 1'),
      ),
      {
        name: 'fuzz',
        providerId: 'tracer',
        config: { base_url: 'http://127.0.0.1:1', api_key: 'k', headers: { a: 'b' } },
        metadata: { a: 1 },
      },
      { templateId: 'tracer-midaz-validation', params: { workflowName: 'fuzz', tracerProviderConfigId: unknownId } },
      { inputData: { a: [1, { b: null }] } },
      { reason: 'fuzz' },
    ];
    const strange = fc.oneof(
      fc.jsonValue({ maxDepth: 3 }),
      fc.constantFrom<unknown>(
        null,
        '',
        ' ',
        '=',
        '= ',
        '"',
        "'",
        '$',
        '[',
        'a[',
        'a..b',
        '\u0000',
        '💩',
        1e308,
        -0,
        {},
        [],
        [[]],
        unknownId,
      ),
      fc.string({ unit: 'binary' }),
    );
    /** The document with one place, found by the numbers, replaced, removed or doubled. */
    const mutate = (document: unknown, steps: readonly number[], value: unknown, how: number): unknown => {
      const [step, ...rest] = steps;
      if (step === undefined || typeof document !== 'object' || document === null) return value;
      const copy: Record<string, unknown> = Array.isArray(document) ? ([...document] as never) : { ...document };
      const keys = Object.keys(copy);
      const at = keys[step % Math.max(keys.length, 1)];
      if (at === undefined) return value;
      if (rest.length === 0 && how === 0) delete copy[at];
      else if (rest.length === 0 && how === 1) copy[`${at}x`] = copy[at];
      else copy[at] = mutate(copy[at], rest, value, how);
      return copy;
    };

    it('never make a 5xx, whichever route they go to', async () => {
      const routes = [
        ...withBody.map(([method, path]) => [method, path()] as const),
        ...Object.values(idPaths('/nothing')).map((path) => ['POST', path] as const),
        ['POST', `/v1/executions/${ended}/retry`] as const,
        ['PATCH', `/v1/executors/${unknownId}`] as const,
        ['POST', `/v1/api-keys/${unknownId}/revoke`] as const,
      ];
      expect(key).toEqual(text);
      const samples = sample();
      const mutation = fc.tuple(
        fc.nat(samples.length - 1),
        fc.array(fc.nat(30), { minLength: 1, maxLength: 6 }),
        strange,
        fc.nat(4),
      );
      const body = fc.oneof(
        {
          arbitrary: mutation.map(([which, steps, value, how]) =>
            JSON.stringify(mutate(samples[which], steps, value, how)),
          ),
          weight: 4,
        },
        { arbitrary: strange.map((value) => JSON.stringify(value) ?? ''), weight: 1 },
        { arbitrary: fc.string({ unit: 'binary' }), weight: 1 },
      );
      await fc.assert(
        fc.asyncProperty(fc.nat(routes.length - 1), body, async (which, sent) => {
          const [method, path] = routes[which]!;
          const answer = await world.client.send(method, path, { body: sent, headers: { 'idempotency-key': 'fuzz' } });
          expect(answer.status).toBeLessThan(500);
          expect(answer.status).toBeGreaterThanOrEqual(200);
          if (answer.status >= 400) expect(answer.body).toMatchObject({ code: text, message: text, requestId: text });
        }),
        { numRuns: 400, endOnFailure: true },
      );
      before = await counts();
    }, 60_000);
  });
});
