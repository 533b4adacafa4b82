// Every route of the v1 contract (section 10), by a client that knows nothing but the contract: statuses, shapes to the
// last key, and the life of the things behind them. What we answer beyond the contract is named where it is expected.
import { storeConfigurations } from '../support/store-configurations.js';
import { chain, executor, pixScreening, setOutput, webhookTrigger, workflow } from './definitions.js';
import type { World } from './world.js';
import { openWorld, problem, text, time, unknownId, uuid } from './world.js';

let world: World;
let tracer: string;

const created = { workflowId: uuid, id: uuid, version: '1.0.0', status: 'draft', createdAt: time };
const noPage = { items: [], nextCursor: '', hasMore: false };

describe.each(storeConfigurations())('on $name', (configuration) => {
  beforeAll(async () => {
    world = await openWorld(configuration);
    const { client, provider } = world;
    provider.on('/validations', () => [200, { decision: 'ALLOW' }]);
    tracer = await client.provider('tracer-prod', { base_url: provider.url, api_key: 'k-9f2a77c1-secret' });
  }, 60_000);

  afterAll(() => world.close(), 30_000);

  const straight = (name: string): object => chain(name, setOutput('out', { done: true }));
  /** The whole example workflow as it must come back: the trigger's token is a secret. */
  const shown = (example: object): object => {
    const { nodes, ...rest } = example as { nodes: { data: object }[] };
    const [first, ...others] = nodes;
    return { ...rest, nodes: [{ ...first, data: { ...first?.data, verify_token: '****hook' } }, ...others] };
  };

  describe('probes', () => {
    it('GET /health is 200 when the server is ready [MUST]', async () => {
      const { status, body } = await world.client.get('/health');
      expect(status).toBe(200);
      expect(body).toEqual({
        status: 'healthy',
        version: text,
        uptime: expect.stringMatching(/^(\d+h)?(\d+m)?[\d.]+s$/),
        timestamp: time,
        checks: { database: { status: 'healthy', message: text } },
      });
    });

    it('GET /readyz says what is up', async () => {
      const { status, body } = await world.client.get('/readyz');
      expect(status).toBe(200);
      expect(body).toMatchObject({ status: 'healthy', version: text, checks: expect.any(Object) });
      for (const check of Object.values<{ status: string }>(body.checks)) expect(check.status).toBe('up');
    });

    it('GET /version and GET /swagger are public', async () => {
      expect((await world.client.get('/version')).body).toEqual({ version: text, requestDate: time });
      expect((await world.client.get('/swagger/index.html')).status).toBe(200);
      expect((await world.client.get('/swagger/json')).body).toMatchObject({ openapi: text });
    });
  });

  describe('workflows', () => {
    it('POST /v1/workflows answers workflowId, version, status and createdAt, and GET the whole of it', async () => {
      const { client } = world;
      const example = pixScreening('pix-screening', tracer);
      const answer = await client.post('/v1/workflows', example);
      expect([answer.status, answer.body]).toEqual([201, created]);
      expect(answer.body.id).toBe(answer.body.workflowId);
      const item = { ...shown(example), id: answer.body.workflowId, status: 'draft', createdAt: time, updatedAt: time };
      const read = await client.get(`/v1/workflows/${answer.body.workflowId}`);
      expect([read.status, read.body]).toEqual([200, item]);
      expect(read.headers['content-type']).toMatch(/^application\/json/);
      expect((await client.get('/v1/workflows')).body).toEqual({ items: [item], nextCursor: '', hasMore: false });
    });

    it('leaves out what is null or empty, always has nodes and edges, and keeps a fractional position', async () => {
      const { client } = world;
      const bare = await client.draft({ name: 'bare', description: null, metadata: {} });
      expect((await client.get(`/v1/workflows/${bare}`)).body).toEqual({
        ...{ id: bare, name: 'bare', status: 'draft', nodes: [], edges: [], createdAt: time, updatedAt: time },
      });
      const nodes = [
        { id: 'a', type: 'trigger', position: { x: 10.5, y: -0.25 } },
        { id: 'b', type: 'note' },
      ];
      const placed = await client.draft({ name: 'placed', nodes });
      const back = (await client.get(`/v1/workflows/${placed}`)).body.nodes;
      expect(back).toEqual([nodes[0], { ...nodes[1], position: { x: 0, y: 0 } }]);
    });

    it('PUT answers the whole, replaces the content and merges the metadata', async () => {
      const { client } = world;
      const id = await client.draft({ ...straight('before'), description: 'old', metadata: { a: 1, b: 2 } });
      const answer = await client.put(`/v1/workflows/${id}`, { name: 'after', metadata: { b: 3 } });
      expect([answer.status, answer.body]).toEqual([
        200,
        {
          ...{ id, name: 'after', status: 'draft', nodes: [], edges: [], metadata: { a: 1, b: 3 } },
          ...{ createdAt: time, updatedAt: time },
        },
      ]);
      expect((await client.post('/v1/workflows', { name: 'before' })).status).toBe(201);
    });

    it('a token that was read masked and is sent back in a PUT stays what it was', async () => {
      const { client, fresh } = world;
      const path = `/${fresh('masked')}`;
      const hook = webhookTrigger(path, { verify_token: 'the-real-token-1' });
      const id = await client.draft(workflow(fresh('masked'), [hook, setOutput('out', {})], ['in>out']));
      const read = (await client.get(`/v1/workflows/${id}`)).body;
      expect(JSON.stringify(read)).not.toContain('the-real-token-1');
      expect((await client.put(`/v1/workflows/${id}`, read)).status).toBe(200);
      await client.made(client.act(`/v1/workflows/${id}/activate`));
      const call = (token: string) => client.post(`/v1/webhooks${path}`, {}, { 'x-webhook-token': token });
      expect((await call('the-real-token-1')).status).toBe(201);
      expect((await call('****en-1')).status).toBe(401);
    });

    it('answers 409 FLK-0101 to a name that is taken, whoever asks for it [MUST]', async () => {
      const { client } = world;
      const taken = problem('FLK-0101', 'Conflict');
      const id = await client.draft({ name: 'only one' });
      const other = await client.draft({ name: 'another' });
      for (const answer of [
        await client.post('/v1/workflows', { name: 'only one' }),
        await client.put(`/v1/workflows/${other}`, { name: 'only one' }),
        await client.post(`/v1/workflows/${id}/clone`, { name: 'only one' }),
      ]) {
        expect([answer.status, answer.body]).toEqual([409, expect.objectContaining(taken)]);
      }
      expect((await client.delete(`/v1/workflows/${id}`)).status).toBe(204);
      expect((await client.post('/v1/workflows', { name: 'only one' })).status).toBe(201);
    });

    it('one of two simultaneous creations of the same name wins [MUST]', async () => {
      const { client } = world;
      const answers = await Promise.all(
        Array.from({ length: 8 }, () => client.post('/v1/workflows', { name: 'race' })),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409, 409, 409, 409]);
    });

    it('POST clone copies description, nodes and edges, but no metadata, from any status', async () => {
      const { client } = world;
      const source = { ...straight('cloned'), description: 'as it was', metadata: { a: 1 } };
      const id = await client.active(source);
      const answer = await client.post(`/v1/workflows/${id}/clone`, { name: 'cloned-v2' });
      expect([answer.status, answer.body]).toEqual([201, created]);
      const { metadata: _gone, ...kept } = { ...source, name: 'cloned-v2' };
      const at = { id: answer.body.workflowId, status: 'draft', createdAt: time, updatedAt: time };
      expect((await client.get(`/v1/workflows/${answer.body.workflowId}`)).body).toEqual({ ...kept, ...at });
    });

    it('a trigger with nothing but a triggerId is accepted, activates and has no route [MUST]', async () => {
      const { client } = world;
      const id = await client.draft(chain('only-trigger-id', setOutput('out', {})));
      expect((await client.act(`/v1/workflows/${id}/activate`)).status).toBe(200);
    });

    it('a node with nothing but mappings is accepted whatever the schema of its executor says [MUST]', async () => {
      const { client } = world;
      const inputMapping = [
        { source: 'workflow.customer.cpf', target: 'document' },
        { source: 'workflow.customer.name', target: 'fullName' },
      ];
      const answer = await client.post(
        '/v1/workflows',
        chain('only-mappings', executor('kyc', tracer, { inputMapping, endpointName: 'validate' })),
      );
      expect([answer.status, answer.body]).toEqual([201, created]);
    });

    it('commands are sent as JSON of zero length [MUST]', async () => {
      const { client } = world;
      const id = await client.draft(straight('no bytes'));
      const path = `/v1/workflows/${id}`;
      expect((await client.act(`${path}/activate`)).status).toBe(200);
      expect((await client.act(`${path}/deactivate`)).status).toBe(200);
      expect((await client.act(`${path}/draft`)).status).toBe(200);
      const configuration = `/v1/provider-configurations/${await client.provider('no bytes', {
        ...{ base_url: world.provider.url, api_key: 'k' },
      })}`;
      expect((await client.act(`${configuration}/disable`)).status).toBe(200);
      expect((await client.act(`${configuration}/enable`)).status).toBe(200);
      expect((await client.act(`${configuration}/test`)).status).toBe(200);
    });

    it('GET /v1/workflows filters, sorts and pages', async () => {
      const { client } = world;
      const names = ['page-a', 'page-b', 'page-c', 'page-d', 'page-e'];
      const ids = [];
      for (const name of names) ids.push(await client.active(straight(name)));
      const seen: string[] = [];
      let cursor = '';
      do {
        const query = `status=active&limit=2&sortBy=name&sortOrder=ASC${cursor && `&cursor=${cursor}`}`;
        const { status, body } = await client.get(`/v1/workflows?${query}`);
        expect([status, Object.keys(body).sort()]).toEqual([200, ['hasMore', 'items', 'nextCursor']]);
        expect(body.hasMore).toBe(body.nextCursor !== '');
        seen.push(...body.items.map(({ name }: { name: string }) => name));
        cursor = encodeURIComponent(body.nextCursor);
      } while (cursor !== '');
      expect(seen.filter((name) => name.startsWith('page-'))).toEqual(names);
      expect(seen).toEqual([...new Set(seen)]);
      for (const id of ids) {
        await client.made(client.act(`/v1/workflows/${id}/deactivate`));
        expect((await client.delete(`/v1/workflows/${id}`)).status).toBe(204);
      }
      expect((await client.get('/v1/workflows?status=inactive')).body).toEqual(noPage);
    });

    it('carries an ETag that If-Match is held against', async () => {
      const { client } = world;
      const id = await client.draft({ name: 'tagged' });
      const path = `/v1/workflows/${id}`;
      const { etag = '' } = (await client.get(path)).headers;
      expect(etag).toMatch(/^"\d+"$/);
      const [one, other] = await Promise.all(
        ['one', 'other'].map((description) => client.put(path, { name: 'tagged', description }, { 'if-match': etag })),
      );
      expect([one?.status, other?.status].sort()).toEqual([200, 409]);
      const lost = one?.status === 409 ? one : other;
      expect(lost?.body).toEqual(problem('FLK-0350', 'Conflict'));
      expect((await client.act(`${path}/activate`, { 'if-match': etag })).body.code).toBe('FLK-0350');
      expect((await client.delete(path, { 'if-match': etag })).status).toBe(409);
      const now = (await client.get(path)).headers.etag ?? '';
      expect((await client.delete(path, { 'if-match': now })).status).toBe(204);
      expect((await client.get(path)).body).toEqual(problem('FLK-0100', 'Not Found'));
    });
  });

  describe('the status machine of section 1.4', () => {
    const arrange = {
      draft: async () => world.client.draft(straight(world.fresh('machine'))),
      active: async () => world.client.active(straight(world.fresh('machine'))),
      inactive: async () => {
        const id = await world.client.active(straight(world.fresh('machine')));
        await world.client.made(world.client.act(`/v1/workflows/${id}/deactivate`));
        return id;
      },
    };
    const act = (name: string) => (id: string) => world.client.act(`/v1/workflows/${id}/${name}`);
    const actions = {
      update: (id: string) => world.client.put(`/v1/workflows/${id}`, straight(world.fresh('updated'))),
      activate: act('activate'),
      deactivate: act('deactivate'),
      draft: act('draft'),
      delete: (id: string) => world.client.delete(`/v1/workflows/${id}`),
      clone: (id: string) => world.client.post(`/v1/workflows/${id}/clone`, { name: world.fresh('copy') }),
    };

    it.each([
      ['draft', 'update', 200, 'draft'],
      ['draft', 'activate', 200, 'active'],
      ['draft', 'deactivate', 422, 'FLK-0102'],
      ['draft', 'draft', 422, 'FLK-0102'],
      ['draft', 'delete', 204, undefined],
      ['draft', 'clone', 201, 'draft'],
      ['active', 'update', 422, 'FLK-0103'],
      ['active', 'activate', 422, 'FLK-0102'],
      ['active', 'deactivate', 200, 'inactive'],
      ['active', 'draft', 422, 'FLK-0102'],
      ['active', 'delete', 422, 'FLK-0103'],
      ['active', 'clone', 201, 'draft'],
      ['inactive', 'update', 422, 'FLK-0103'],
      ['inactive', 'activate', 422, 'FLK-0102'],
      ['inactive', 'deactivate', 422, 'FLK-0102'],
      ['inactive', 'draft', 200, 'draft'],
      ['inactive', 'delete', 204, undefined],
      ['inactive', 'clone', 201, 'draft'],
    ] as const)('%s, %s: %d %s', async (from, action, status, outcome) => {
      const id = await arrange[from]();
      const answer = await actions[action](id);
      expect(answer.status).toBe(status);
      const after = (await world.client.get(`/v1/workflows/${id}`)).body;
      if (status === 422) {
        expect(answer.body).toEqual(problem(outcome, 'Unprocessable Entity'));
        expect(after.status).toBe(from);
      } else if (action === 'delete') {
        expect([answer.text, after.code]).toEqual(['', 'FLK-0100']);
      } else {
        expect(answer.body.status).toBe(outcome);
        if (action !== 'clone') expect(answer.body).toEqual(after);
      }
    });

    it.each(Object.keys(actions) as (keyof typeof actions)[])(
      '%s of an unknown id is 404, of no id 400',
      async (action) => {
        const unknown = await actions[action](unknownId);
        expect([unknown.status, unknown.body]).toEqual([404, problem('FLK-0100', 'Not Found')]);
        const malformed = await actions[action]('not-a-uuid');
        expect([malformed.status, malformed.body.code]).toEqual([400, 'FLK-0002']);
      },
    );
  });

  describe('provider configurations', () => {
    const config = { base_url: 'https://tracer.bank.example', api_key: 'k-9f2a77c1', auth_type: 'api_key' };
    const masked = { ...config, api_key: '****77c1' };
    let id: string;
    const path = (): string => `/v1/provider-configurations/${id}`;
    const item = (changes: object): object => ({
      ...{ id, name: 'bank', description: 'Risk engine', providerId: 'tracer', config: masked, status: 'active' },
      ...{ metadata: { owner: 'risk' }, createdAt: time, updatedAt: time },
      ...changes,
    });

    it('POST answers id, name, status active [MUST] and createdAt', async () => {
      const { client } = world;
      const body = {
        name: 'bank',
        description: 'Risk engine',
        providerId: 'tracer',
        config,
        metadata: { owner: 'risk' },
      };
      const answer = await client.post('/v1/provider-configurations', body);
      expect([answer.status, answer.body]).toEqual([
        201,
        { id: uuid, name: 'bank', status: 'active', createdAt: time },
      ]);
      id = answer.body.id;
      const again = await client.post('/v1/provider-configurations', body);
      expect([again.status, again.body]).toEqual([409, expect.objectContaining(problem('FLK-0291', 'Conflict'))]);
    });

    it('GET, alone and in the list, masks secrets and only secrets', async () => {
      const { client } = world;
      expect((await client.get(path())).body).toEqual(item({}));
      const list = (await client.get('/v1/provider-configurations?providerId=tracer&status=active&limit=100')).body;
      expect(Object.keys(list)).toEqual(['items', 'nextCursor', 'hasMore']);
      expect(list.items).toContainEqual(item({}));
    });

    it('PATCH changes what it names; a mask sent back leaves the secret as it is', async () => {
      const { client, provider } = world;
      expect((await client.patch(path(), { description: 'EU region' })).body).toEqual(
        item({ description: 'EU region' }),
      );
      provider.on('/patched', () => [200, {}]);
      const base_url = provider.url;
      const patched = await client.patch(path(), { config: { ...masked, base_url }, metadata: { team: 'x' } });
      const metadata = { owner: 'risk', team: 'x' };
      expect([patched.status, patched.body]).toEqual([
        200,
        item({ description: 'EU region', config: { ...masked, base_url }, metadata }),
      ]);
      const run = await client.active(chain('patched', executor('call', id, { endpointName: 'patched' })));
      expect((await client.run(run, {}, 'patched')).status.status).toBe('completed');
      expect(provider.to('/patched')[0]?.headers['x-api-key']).toBe(config.api_key);
    });

    it('disable and enable answer the whole, and 422 FLK-0292 the second time', async () => {
      const { client } = world;
      const disabled = await client.act(`${path()}/disable`);
      expect([disabled.status, disabled.body.status, disabled.body.config.api_key]).toEqual([
        200,
        'disabled',
        '****77c1',
      ]);
      expect((await client.act(`${path()}/disable`)).body).toEqual(problem('FLK-0292', 'Unprocessable Entity'));
      expect((await client.patch(path(), { description: 'while disabled' })).status).toBe(200);
      expect((await client.act(`${path()}/enable`)).body.status).toBe('active');
      const again = await client.act(`${path()}/enable`);
      expect([again.status, again.body]).toEqual([422, problem('FLK-0292', 'Unprocessable Entity')]);
    });

    it('DELETE is 409 with the users while a workflow names it, else 204', async () => {
      const { client } = world;
      const refused = await client.delete(path());
      expect([refused.status, refused.text]).toEqual([409, expect.stringContaining('patched')]);
      const unused = await client.provider('unused', config);
      const answer = await client.delete(`/v1/provider-configurations/${unused}`);
      expect([answer.status, answer.text]).toEqual([204, '']);
      const gone = await client.get(`/v1/provider-configurations/${unused}`);
      expect([gone.status, gone.body]).toEqual([404, problem('FLK-0290', 'Not Found')]);
      expect(await client.provider('unused', config)).toEqual(uuid);
    });

    it('a base URL that nobody answers is accepted: http://localhost:9999 [MUST]', async () => {
      expect(await world.client.provider('nobody', { base_url: 'http://localhost:9999', api_key: 'k' })).toEqual(uuid);
    });

    it('POST test against a base URL that answers 404 is 200 and partial [MUST]', async () => {
      const { client, provider } = world;
      const tested = await client.provider('tested', {
        base_url: `${provider.url}/nothing`,
        api_key: 'k-tested-secret',
      });
      const { status, body } = await client.act(`/v1/provider-configurations/${tested}/test`);
      const durationMs = expect.any(Number);
      const details = { statusCode: 404, responseTimeMs: durationMs };
      expect([status, body]).toEqual([
        200,
        {
          ...{ providerConfigId: tested, providerId: 'tracer', overallStatus: 'partial', durationMs },
          stages: [
            {
              ...{ name: 'connectivity', status: 'passed', durationMs, message: text },
              details: { ...details, url: `${provider.url}/nothing` },
            },
            {
              ...{ name: 'authentication', status: 'passed', durationMs, message: text },
              details: { ...details, hasApiKey: true, headerCount: 0 },
            },
            {
              ...{ name: 'end_to_end', status: 'failed', durationMs, error: expect.stringContaining('404') },
              details: { ...details, responseBodyLen: durationMs, contentType: 'application/json' },
            },
          ],
          ...{ summary: text, startedAt: time, completedAt: time },
        },
      ]);
      expect(provider.to('/nothing').map(({ method }) => method)).toEqual(['GET', 'GET', 'GET']);
      expect(provider.to('/nothing').map(({ headers }) => headers['x-api-key'])).toEqual([
        undefined,
        'k-tested-secret',
        'k-tested-secret',
      ]);
    });

    it('POST test refuses a destination that calls may not reach: 422 FLK-0341', async () => {
      const { client } = world;
      const away = await client.provider('metadata', { base_url: 'http://169.254.169.254/latest', api_key: 'k' });
      const { status, body } = await client.act(`/v1/provider-configurations/${away}/test`);
      expect([status, body.code, body.title]).toEqual([422, 'FLK-0341', 'Unprocessable Entity']);
    });

    it('the legacy executor configurations are an empty collection', async () => {
      const { client } = world;
      expect((await client.get('/v1/executors')).body).toEqual(noPage);
      for (const answer of [
        await client.get(`/v1/executors/${unknownId}`),
        await client.patch(`/v1/executors/${unknownId}`, { name: 'x' }),
        await client.delete(`/v1/executors/${unknownId}`),
      ]) {
        expect([answer.status, answer.body]).toEqual([404, problem('FLK-0250', 'Not Found')]);
      }
      expect((await client.post('/v1/executors', {})).status).toBe(405);
    });
  });

  describe('the catalogue', () => {
    const ids = (items: { id: string }[]): string[] => items.map(({ id }) => id);

    it('lists executors, triggers, providers and templates as top-level arrays sorted by id', async () => {
      const { client } = world;
      const { body: executors } = await client.get('/v1/catalog/executors');
      for (const one of executors) {
        expect(one).toEqual({ id: text, name: text, category: text, version: 'v1', providerId: text });
      }
      expect(ids(executors)).toEqual([...ids(executors)].sort());
      expect(ids(executors)).toEqual(
        expect.arrayContaining([
          'midaz.create-account',
          'midaz.create-transaction',
          'midaz.get-account',
          'midaz.get-account-balance',
          'tracer.list-validations',
          'tracer.validate-transaction',
        ]),
      );
      const { body: triggers } = await client.get('/v1/catalog/triggers');
      expect(triggers).toEqual([{ id: 'webhook', name: 'Webhook', version: 'v1' }]);
      const { body: providers } = await client.get('/v1/catalog/providers');
      expect(ids(providers)).toEqual(['http', 'midaz', 'tracer']);
      for (const one of providers) expect(one).toEqual({ id: text, name: text, description: text, version: 'v1' });
      const { body: templates } = await client.get('/v1/catalog/templates');
      expect(templates).toEqual([
        { id: 'tracer-midaz-validation', name: text, description: text, version: 'v1', category: 'Compliance' },
      ]);
      const { body: ofTracer } = await client.get('/v1/catalog/providers/tracer/executors');
      expect(ids(ofTracer)).toEqual(['tracer.list-validations', 'tracer.validate-transaction']);
    });

    it('gives schemas as non-empty JSON strings [MUST], with a parsed twin', async () => {
      const { client } = world;
      for (const [path, key] of [
        ['executors/tracer.validate-transaction', 'schema'],
        ['executors/midaz.get-account', 'schema'],
        ['triggers/webhook', 'schema'],
        ['providers/midaz', 'configSchema'],
        ['templates/tracer-midaz-validation', 'paramSchema'],
      ] as const) {
        const { status, body } = await client.get(`/v1/catalog/${path}`);
        expect(status).toBe(200);
        expect(body[key]).toEqual(expect.any(String));
        expect(JSON.parse(body[key])).toMatchObject({ type: 'object' });
        expect(body[`${key}Object`]).toEqual(JSON.parse(body[key]));
      }
    });

    it('offers the active provider configurations in the schema of the template', async () => {
      const { body } = await world.client.get('/v1/catalog/templates/tracer-midaz-validation');
      const { tracerProviderConfigId } = JSON.parse(body.paramSchema).properties;
      expect(tracerProviderConfigId.oneOf).toContainEqual({ const: tracer, title: 'tracer-prod' });
    });

    it('validates executor configurations and template parameters', async () => {
      const { client } = world;
      const validate = '/v1/catalog/executors/tracer.list-validations/validate';
      expect((await client.post(validate, { config: { limit: 5 } })).body).toEqual({ valid: true });
      const wrong = await client.post(validate, { config: { limit: 500 } });
      expect([wrong.status, wrong.body]).toEqual([
        400,
        { ...problem('FLK-0201', 'Bad Request'), fields: [{ field: 'config.limit', message: text }] },
      ]);
      const template = '/v1/catalog/templates/tracer-midaz-validation/validate';
      const params = { workflowName: 'x', tracerProviderConfigId: tracer, midazProviderConfigId: unknownId };
      expect((await client.post(template, { params })).body).toEqual({ valid: true });
      expect((await client.post(template, { params: { ...params, webhookMethod: 'GET' } })).body.code).toBe('FLK-0242');
    });

    it.each([
      ['executors/no.such', 'FLK-0200'],
      ['triggers/no-such', 'FLK-0210'],
      ['providers/no-such', 'FLK-0230'],
      ['providers/no-such/executors', 'FLK-0230'],
      ['templates/no-such', 'FLK-0240'],
    ])('GET /v1/catalog/%s is 404 %s', async (path, code) => {
      const { status, body } = await world.client.get(`/v1/catalog/${path}`);
      expect([status, body]).toEqual([404, problem(code, 'Not Found')]);
    });
  });

  describe('the template', () => {
    it('makes the workflow that section 1.9 describes, which runs through both of its providers', async () => {
      const { client, provider } = world;
      const urls = { onboarding_base_url: provider.url, transaction_base_url: provider.url };
      const [organization_id, ledger_id] = [unknownId, '5b0e1f0a-3f5a-4a53-8a63-0f0d8c1f7a10'];
      const midaz = await client.provider('midaz', { ...urls, organization_id, ledger_id }, 'midaz');
      const params = { workflowName: 'pix-guard', tracerProviderConfigId: tracer, midazProviderConfigId: midaz };
      const body = { templateId: 'tracer-midaz-validation', params: { ...params, webhookPath: '/pix/guard' } };
      const answer = await client.post('/v1/workflows/from-template', body);
      expect([answer.status, answer.body]).toEqual([201, created]);
      const read = (await client.get(`/v1/workflows/${answer.body.workflowId}`)).body;
      expect(read).toMatchObject({
        name: 'pix-guard',
        metadata: { templateId: 'tracer-midaz-validation', templateVersion: 'v1' },
        nodes: [
          {
            ...{ id: 'webhook-trigger', type: 'trigger', position: { x: 250, y: 0 } },
            data: { triggerType: 'webhook', path: '/pix/guard', method: 'POST' },
          },
          { id: 'tracer-validate', type: 'executor', position: { x: 250, y: 150 } },
          {
            ...{ id: 'decision-check', position: { x: 250, y: 300 } },
            data: { condition: 'tracer-validate.body.decision == "ALLOW"' },
          },
          { id: 'midaz-create-tx', type: 'executor', position: { x: 100, y: 450 } },
        ],
      });
      expect(read.edges.at(-1)).toMatchObject({ sourceHandle: 'true', label: 'Approved' });
      const ledger = `/v1/organizations/${organization_id}/ledgers/${ledger_id}/transactions/json`;
      provider.on('/v1/validations', () => [201, { decision: 'ALLOW' }]).on(ledger, () => [201, { id: 'tx' }]);
      await client.made(client.act(`/v1/workflows/${answer.body.workflowId}/activate`));
      const send = { asset: 'BRL', value: '10' };
      const call = await client.post('/v1/webhooks/pix/guard', { amount: '10', transaction: send });
      expect(call.status).toBe(201);
      expect((await client.ended(call.body.executionId)).status).toBe('completed');
      expect(provider.to('/v1/validations')[0]?.body).toMatchObject({ amount: '10', requestId: null });
      expect(provider.to(ledger)[0]).toMatchObject({ method: 'POST', body: { send, description: null } });
    });

    it('answers 404 FLK-0240, 400 FLK-0242 and 409 FLK-0101', async () => {
      const post = (body: object) => world.client.post('/v1/workflows/from-template', body);
      const templateId = 'tracer-midaz-validation';
      expect((await post({ templateId: 'none', params: {} })).body.code).toBe('FLK-0240');
      const missing = await post({ templateId, params: { workflowName: 'x' } });
      expect([missing.status, missing.body.code]).toEqual([400, 'FLK-0242']);
      expect(missing.body.fields.map(({ field }: { field: string }) => field)).toEqual(
        expect.arrayContaining(['params.tracerProviderConfigId', 'params.midazProviderConfigId']),
      );
      const params = { workflowName: 'pix-guard', tracerProviderConfigId: tracer, midazProviderConfigId: tracer };
      const mismatch = await post({ templateId, params: { ...params, workflowName: 'mismatch' } });
      expect([mismatch.status, mismatch.body.code]).toEqual([400, 'FLK-0151']);
    });
  });

  describe('checks of a workflow, in the order of section 1.4', () => {
    const post = (body: object) => world.client.post('/v1/workflows', body);
    const node = (data: object) => ({ id: 'call', type: 'executor', data });

    it('on create: name before executors, executors before provider configurations, those before mappings', async () => {
      const bad = { inputMapping: [{ source: 'a[x]', target: 'b' }] };
      const order: [object, number, string][] = [
        [{ name: '', nodes: [node(bad)] }, 400, 'FLK-0110'],
        [{ name: 'n', nodes: [node(bad)], edges: [{ id: 'e', source: 'call', target: 'gone' }] }, 400, 'FLK-0115'],
        [{ name: 'n', nodes: [node(bad)] }, 400, 'WORKFLOW_INVALID_EXECUTOR_CONFIG'],
        [{ name: 'n', nodes: [node({ ...bad, executorId: 'no.such' })] }, 404, 'FLK-0104'],
        [{ name: 'n', nodes: [node({ ...bad, executorId: 'tracer.list-validations' })] }, 400, 'FLK-0150'],
        [
          {
            name: 'n',
            nodes: [node({ ...bad, executorId: 'tracer.list-validations', providerConfigId: unknownId, limit: 0 })],
          },
          400,
          'WORKFLOW_INVALID_EXECUTOR_CONFIG',
        ],
        [
          { name: 'n', nodes: [node({ ...bad, executorId: 'tracer.list-validations', providerConfigId: unknownId })] },
          400,
          'FLK-0150',
        ],
        [
          { name: 'n', nodes: [node({ ...bad, executorId: 'midaz.get-account', providerConfigId: tracer })] },
          400,
          'FLK-0151',
        ],
        [
          { name: 'n', nodes: [node({ ...bad, executorId: 'tracer.list-validations', providerConfigId: tracer })] },
          400,
          'FLK-0140',
        ],
      ];
      for (const [body, status, code] of order) {
        const answer = await post(body);
        expect([answer.status, answer.body.code]).toEqual([status, code]);
      }
    });

    it('on activation: no nodes 422 FLK-0112, no trigger 422 FLK-0116, a disabled provider before the transition', async () => {
      const { client, fresh } = world;
      const activate = (id: string) => client.act(`/v1/workflows/${id}/activate`);
      const empty = await activate(await client.draft({ name: fresh('empty') }));
      expect([empty.status, empty.body]).toEqual([
        422,
        expect.objectContaining(problem('FLK-0112', 'Unprocessable Entity')),
      ]);
      const lone = await activate(await client.draft({ name: fresh('lone'), nodes: [setOutput('out', {})] }));
      expect([lone.status, lone.body.code]).toEqual([422, 'FLK-0116']);
      const config = await client.provider(fresh('soon-off'), { base_url: world.provider.url, api_key: 'k' });
      const id = await client.active(chain(fresh('provider-off'), executor('call', config)));
      await client.made(client.act(`/v1/provider-configurations/${config}/disable`));
      const again = await activate(id);
      expect([again.status, again.body.code]).toEqual([400, 'FLK-0150']);
    });

    it('a webhook route that is taken is 400 FLK-0360 on activation, and only then', async () => {
      const { client, fresh } = world;
      const nodes = [webhookTrigger('/taken/route'), setOutput('out', {})];
      const first = await client.active(workflow(fresh('listens'), nodes, ['in>out']));
      const second = await client.draft(workflow(fresh('listens'), nodes, ['in>out']));
      const refused = await client.act(`/v1/workflows/${second}/activate`);
      expect([refused.status, refused.body.code]).toEqual([400, 'FLK-0360']);
      expect(refused.text).not.toContain(first);
      const twice = [
        webhookTrigger('/own/route'),
        { ...webhookTrigger('own/route/'), id: 'in2' },
        setOutput('out', {}),
      ];
      const own = await client.draft(workflow(fresh('listens'), twice, ['in>out', 'in2>out']));
      expect((await client.act(`/v1/workflows/${own}/activate`)).body.code).toBe('FLK-0360');
      await client.made(client.act(`/v1/workflows/${first}/deactivate`));
      expect((await client.act(`/v1/workflows/${second}/activate`)).status).toBe(200);
    });
  });

  it('cleans up: everything that was made can be taken away again', async () => {
    const { client } = world;
    for (;;) {
      const { items } = (await client.get('/v1/workflows?limit=100')).body;
      if (items.length === 0) break;
      for (const { id, status } of items) {
        if (status === 'active') await client.made(client.act(`/v1/workflows/${id}/deactivate`));
        expect((await client.delete(`/v1/workflows/${id}`)).status).toBe(204);
      }
    }
    const { items } = (await client.get('/v1/provider-configurations?limit=100')).body;
    for (const { id } of items) expect((await client.delete(`/v1/provider-configurations/${id}`)).status).toBe(204);
    expect((await client.get('/v1/workflows')).body).toEqual(noPage);
    expect((await client.get('/v1/provider-configurations')).body).toEqual(noPage);
    expect((await client.get('/v1/dashboards/workflows/summary')).body).toMatchObject({ total: 0, active: 0 });
  });
});
