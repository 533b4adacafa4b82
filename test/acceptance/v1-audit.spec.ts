// Who did what, as the contract's client reads it (section 6) and as audit.md adds to it; and the replay of streams.
import { storeConfigurations } from '../support/store-configurations.js';
import { chain, executor, setOutput } from './definitions.js';
import type { Answered } from './v1-client.js';
import type { World } from './world.js';
import { openWorld, problem, text, time, unknownId, uuid } from './world.js';

const leafHash = expect.stringMatching(/^[0-9a-f]{64}$/) as string;

let world: World;
let workflowId: string;
let executionId: string;
let failedId: string;
let providerId: string;

const started = new Date().toISOString();

describe.each(storeConfigurations())('on $name', (configuration) => {
  beforeAll(async () => {
    world = await openWorld(configuration, { TRUSTED_PROXIES: 'loopback' });
    const { client, provider } = world;
    provider.on('/ok', () => [200, { decision: 'ALLOW' }]);
    providerId = await client.provider('audited', { base_url: provider.url, api_key: 'k-never-in-the-trail' });
    workflowId = await client.draft(chain('audited', executor('call', providerId, { endpointName: 'ok' })));
    await aMillisecond();
    await client.made(
      client.put(`/v1/workflows/${workflowId}`, { ...(await whole(workflowId)), description: 'better' }),
    );
    await aMillisecond();
    await client.made(client.act(`/v1/workflows/${workflowId}/activate`));
    executionId = (await client.run(workflowId, { document: 'd' }, 'audited')).executionId;
    const failing = await client.active(chain('failing', executor('call', providerId, { endpointName: 'none' })));
    failedId = (await client.run(failing, {}, 'failing')).executionId;
    await client.made(client.act(`/v1/workflows/${failing}/deactivate`));
    await client.made(client.act(`/v1/workflows/${failing}/draft`));
    await client.made(client.delete(`/v1/workflows/${failing}`));
    await client.made(client.patch(`/v1/provider-configurations/${providerId}`, { description: 'EU' }));
    await client.made(client.act(`/v1/provider-configurations/${providerId}/disable`));
    await client.made(client.act(`/v1/provider-configurations/${providerId}/enable`));
  }, 60_000);

  afterAll(() => world.close(), 30_000);

  /** `at` counts in milliseconds: two events that are told apart by it must not fall into one. */
  const aMillisecond = (): Promise<unknown> => new Promise((later) => setTimeout(later, 3));
  const whole = async (id: string): Promise<object> => (await world.client.get(`/v1/workflows/${id}`)).body;
  const events = async (query: string): Promise<Answered['body'][]> =>
    (await world.client.made(world.client.get(`/v1/audit-events?limit=100&${query}`))).items;
  const typesOf = async (query: string): Promise<string[]> =>
    (await events(`${query}&sortOrder=ASC`)).map(({ eventType }) => eventType);

  describe('an entry', () => {
    it('has the names of section 6.2 and ours', async () => {
      const [entry] = await events(`resourceId=${workflowId}&eventType=WORKFLOW_ACTIVATED`);
      expect(entry).toEqual({
        ...{ eventId: uuid, eventType: 'WORKFLOW_ACTIVATED', action: 'ACTIVATE', result: 'SUCCESS' },
        ...{ resourceId: workflowId, resourceType: 'workflow', resourceName: 'audited', timestamp: time },
        actor: { type: 'user', id: 'anonymous', name: 'anonymous', via: 'none', ipAddress: '127.0.0.1' },
        metadata: expect.objectContaining({ 'workflow.name': 'audited' }),
        ...{ category: 'administrative', channel: 'rest', requestId: text, correlationId: text },
        ...{
          summary: expect.stringContaining('audited'),
          stream: `workflow-${workflowId}`,
          revision: 2,
          position: text,
        },
        ...('context' in entry ? { context: expect.any(Object) } : {}),
        ...('hash' in entry ? { hash: leafHash, previousHash: leafHash, leafIndex: expect.any(Number) } : {}),
      });
      const { status, body } = await world.client.get(`/v1/audit-events/${entry.eventId}`);
      expect([status, body]).toEqual([
        200,
        { ...entry, hash: leafHash, previousHash: leafHash, leafIndex: body.leafIndex },
      ]);
    });

    it('tells the life of a workflow, a provider configuration and a run', async () => {
      expect(await typesOf(`resourceId=${workflowId}`)).toEqual([
        ...['WORKFLOW_CREATED', 'WORKFLOW_UPDATED', 'WORKFLOW_ACTIVATED'],
      ]);
      expect(await typesOf(`resourceId=${providerId}`)).toEqual([
        ...[
          'PROVIDER_CONFIG_CREATED',
          'PROVIDER_CONFIG_UPDATED',
          'PROVIDER_CONFIG_DISABLED',
          'PROVIDER_CONFIG_ENABLED',
        ],
      ]);
      expect(await typesOf(`resourceId=${executionId}&eventType=EXECUTION_STARTED,EXECUTION_COMPLETED`)).toEqual([
        ...['EXECUTION_STARTED', 'EXECUTION_COMPLETED'],
      ]);
      expect(await typesOf(`resourceId=${failedId}`)).toEqual(
        expect.arrayContaining(['PROVIDER_CALL_STARTED', 'PROVIDER_CALL_FAILED', 'EXECUTION_FAILED']),
      );
      const [deleted] = await events('eventType=WORKFLOW_DELETED');
      expect(deleted).toMatchObject({ resourceName: 'failing', action: 'DELETE' });
      const [failure] = await events('result=FAILED&eventType=EXECUTION_FAILED');
      expect(failure.metadata.error).toEqual(expect.stringContaining('404'));
    });

    it('of an update says what changed', async () => {
      const [entry] = await events(`resourceId=${workflowId}&eventType=WORKFLOW_UPDATED`);
      expect(entry.changes).toEqual([expect.objectContaining({ path: 'description', after: 'better' })]);
    });

    it('names the first untrusted hop, the request and the client of a request', async () => {
      const headers = { 'x-forwarded-for': '203.0.113.7', 'x-request-id': 'req-42', 'user-agent': 'tests/1' };
      const answer = await world.client.post('/v1/workflows', { name: 'from afar' }, headers);
      expect(answer.headers['x-request-id']).toBe('req-42');
      expect(await events('requestId=req-42&category=administrative')).toEqual([
        expect.objectContaining({
          ...{ requestId: 'req-42', userAgent: 'tests/1', resourceName: 'from afar' },
          actor: expect.objectContaining({ ipAddress: '203.0.113.7' }),
        }),
      ]);
    });

    it('is left by a refusal: who wanted what, and why not', async () => {
      const refused = await world.client.act(`/v1/workflows/${workflowId}/activate`, { 'x-request-id': 'req-no' });
      expect(refused.status).toBe(422);
      expect(await events('requestId=req-no')).toEqual([
        expect.objectContaining({ eventType: 'COMMAND_REFUSED', result: 'FAILED', resourceId: workflowId }),
      ]);
    });

    it('never shows a secret', async () => {
      expect(JSON.stringify(await events(''))).not.toContain('k-never-in-the-trail');
    });

    it('of an unknown id is 404 FLK-0600, of no id 400 FLK-0002', async () => {
      const unknown = await world.client.get(`/v1/audit-events/${unknownId}`);
      expect([unknown.status, unknown.body]).toEqual([404, problem('FLK-0600', 'Not Found')]);
      expect((await world.client.get('/v1/audit-events/12')).body.code).toBe('FLK-0002');
      expect((await world.client.get(`/v1/audit-events/${unknownId}/verify`)).body.code).toBe('FLK-0600');
    });

    it('that exists is recomputed from the log and proved', async () => {
      const [entry] = await events('eventType=WORKFLOW_ACTIVATED');
      const { status, body } = await world.client.get(`/v1/audit-events/${entry.eventId}/verify`);
      expect([status, body.isValid, body.firstInvalidId, body.totalChecked]).toEqual([200, true, undefined, 1]);
      expect(body).toMatchObject({ message: text, leafIndex: expect.any(Number), treeSize: expect.any(Number) });
    });
  });

  describe('the list of entries', () => {
    it.each([
      ['eventType=EXECUTION_FAILED', 'eventType', ['EXECUTION_FAILED']],
      ['eventType=WORKFLOW_CREATED,WORKFLOW_DELETED', 'eventType', ['WORKFLOW_CREATED', 'WORKFLOW_DELETED']],
      ['action=DEACTIVATE', 'action', ['DEACTIVATE']],
      ['result=FAILED', 'result', ['FAILED']],
      ['resourceType=provider_config', 'resourceType', ['provider_config']],
      ['category=execution', 'category', ['execution']],
      ['channel=engine', 'channel', ['engine']],
    ])('%s selects these and nothing else', async (query, key, values) => {
      const found = await events(query);
      expect(found.length).toBeGreaterThan(0);
      expect([...new Set(found.map((entry) => entry[key]))].sort()).toEqual([...values].sort());
    });

    it('selects by actor, words, correlation and time', async () => {
      const [entry] = await events(`resourceId=${workflowId}&eventType=WORKFLOW_ACTIVATED`);
      expect((await events('actorId=anonymous')).length).toBeGreaterThan(5);
      expect(await events('actorId=nobody')).toEqual([]);
      expect((await events('q=activated%20audited')).map(({ eventId }) => eventId)).toContain(entry.eventId);
      const related = await events(`correlationId=${entry.correlationId}`);
      expect(related.map(({ eventId }) => eventId)).toContain(entry.eventId);
      const at = encodeURIComponent(entry.timestamp);
      expect((await events(`dateFrom=${at}&dateTo=${at}`)).map(({ eventId }) => eventId)).toContain(entry.eventId);
      expect(
        await events(`dateTo=${encodeURIComponent(new Date(Date.parse(started) - 60_000).toISOString())}`),
      ).toEqual([]);
      expect(await events('dateFrom=2099-01-01T00:00:00%2B02:00')).toEqual([]);
    });

    it('pages by position, newest first or oldest first, without loss or repetition', async () => {
      for (const order of ['', '&sortOrder=asc']) {
        const seen: string[] = [];
        let cursor = '';
        do {
          const { body } = await world.client.get(
            `/v1/audit-events?category=administrative&limit=3${order}&cursor=${encodeURIComponent(cursor)}`,
          );
          expect(Object.keys(body).sort()).toEqual(['hasMore', 'items', 'nextCursor']);
          expect(body.hasMore).toBe(body.nextCursor !== '');
          seen.push(...body.items.map(({ position }: { position: string }) => position));
          cursor = body.nextCursor;
        } while (cursor !== '');
        const sorted = [...new Set(seen)].sort();
        expect(seen).toEqual(order === '' ? sorted.reverse() : sorted);
        expect(seen.length).toBeGreaterThan(9);
      }
    });

    it('clamps its limit: 0 and less are 20, more than 100 are 100', async () => {
      expect((await world.client.get('/v1/audit-events?limit=0')).body.items).toHaveLength(20);
      expect((await world.client.get('/v1/audit-events?limit=-5')).body.items).toHaveLength(20);
      expect((await world.client.get('/v1/audit-events?limit=1000')).status).toBe(200);
    });

    it.each([
      ['eventType=NOT_ONE', 'FLK-0304', 'eventType'],
      ['eventType=workflow_created', 'FLK-0304', 'eventType'],
      ['action=PUSH', 'FLK-0304', 'action'],
      ['result=MAYBE', 'FLK-0304', 'result'],
      ['resourceType=thing', 'FLK-0304', 'resourceType'],
      ['resourceId=12', 'FLK-0002', 'resourceId'],
      ['dateFrom=yesterday', 'FLK-0305', 'dateFrom'],
      ['dateTo=2026-13-01T00:00:00Z', 'FLK-0305', 'dateTo'],
      ['dateFrom=2026-02-02T00:00:00Z&dateTo=2026-01-01T00:00:00Z', 'FLK-0308', 'dateFrom'],
      ['limit=many', 'FLK-0304', 'limit'],
      ['cursor=garbage', 'FLK-0610', 'cursor'],
      ['sortOrder=sideways', 'FLK-0304', 'sortOrder'],
      ['colour=blue', 'FLK-0304', 'colour'],
    ])('%s is 400 %s', async (query, code, field) => {
      const { status, body } = await world.client.get(`/v1/audit-events?${query}`);
      expect([status, body.code, body.title]).toEqual([400, code, 'Bad Request']);
      expect(body.fields).toContainEqual(expect.objectContaining({ field, message: text }));
    });
  });

  describe('the replay of a stream', () => {
    it('gives what was recorded, word for word, and what it amounts to at every revision', async () => {
      const { client } = world;
      const stream = `workflow-${workflowId}`;
      const { items } = (await client.get(`/v1/streams/${stream}/events`)).body;
      expect(items.map(({ type }: { type: string }) => type)).toEqual([
        ...['WorkflowCreated', 'WorkflowUpdated', 'WorkflowActivated'],
      ]);
      for (const [revision, event] of items.entries()) {
        expect(event).toMatchObject({ id: uuid, stream, revision, position: text, recordedAt: time });
        expect(event.metadata).toMatchObject({ actor: { type: 'user', id: 'anonymous' }, channel: 'rest', ip: text });
      }
      const at = async (query: string) => (await client.made(client.get(`/v1/streams/${stream}/state${query}`))).state;
      expect([(await at('?revision=0')).status, (await at('')).status]).toEqual(['draft', 'active']);
      expect(JSON.stringify(await at('?revision=0'))).not.toContain('better');
      expect((await at(`?at=${encodeURIComponent(items[1].recordedAt)}`)).status).toBe('draft');
      const newest = (await client.get(`/v1/streams/${stream}/events?direction=backward&limit=1`)).body.items;
      expect(newest).toEqual([items[2]]);
    });

    it('a workflow can be read as it stood at a time', async () => {
      const { client } = world;
      const { items } = (await client.get(`/v1/streams/workflow-${workflowId}/events`)).body;
      const then = (await client.get(`/v1/workflows/${workflowId}?at=${encodeURIComponent(items[0].recordedAt)}`)).body;
      expect([then.status, then.description]).toEqual(['draft', undefined]);
      const before = await client.get(`/v1/workflows/${workflowId}?at=2001-01-01T00:00:00Z`);
      expect([before.status, before.body.code]).toEqual([404, 'FLK-0100']);
    });

    it.each([
      ['workflow-12/events', 400, 'FLK-0002'],
      ['nonsense/events', 400, 'FLK-0002'],
      [`workflow-${unknownId}/events`, 404, 'STREAM_NOT_FOUND'],
      [`workflow-${unknownId}/state`, 404, 'STREAM_NOT_FOUND'],
      [`workflow-${unknownId}/state?revision=x`, 400, 'FLK-0304'],
      [`workflow-${unknownId}/events?limit=0`, 400, 'FLK-0304'],
      [`workflow-${unknownId}/events?direction=up`, 400, 'FLK-0304'],
    ])('%s is %d %s', async (path, status, code) => {
      const answer = await world.client.get(`/v1/streams/${path}`);
      expect([answer.status, answer.body.code]).toEqual([status, code]);
    });

    it('the events of a run can be read of the run too', async () => {
      const { client } = world;
      const own = (await client.get(`/v1/executions/${executionId}/events`)).body.items;
      expect((await client.get(`/v1/streams/execution-${executionId}/events`)).body.items).toMatchObject(own);
      expect(own[0].type).toBe('ExecutionStarted');
      expect(own.at(-1).type).toBe('ExecutionCompleted');
    });
  });

  describe('what leaves no doubt', () => {
    it('the run of a workflow that ends in set_output leaves its entries as well', async () => {
      const id = await world.client.active(chain('set', setOutput('out', { a: 1 })));
      const run = await world.client.run(id, {}, 'set');
      expect(await typesOf(`resourceId=${run.executionId}&category=execution`)).toEqual([
        ...['EXECUTION_STARTED', 'STEP_COMPLETED', 'EXECUTION_COMPLETED'],
      ]);
    });

    it('there is no way to change an entry', async () => {
      const [entry] = await events('');
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
        const answer = await world.client.send(method, `/v1/audit-events/${entry.eventId}`, { body: {} });
        expect([answer.status, answer.body.code]).toEqual([405, 'METHOD_NOT_ALLOWED']);
      }
    });
  });
});
