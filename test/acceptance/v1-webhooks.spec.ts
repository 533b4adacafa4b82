// Webhooks as section 5 of the contract has them, and what others call who know nothing of us.
import { createHmac } from 'node:crypto';
import { storeConfigurations } from '../support/store-configurations.js';
import { conditional, setOutput, webhookTrigger, workflow } from './definitions.js';
import type { Answered } from './v1-client.js';
import type { World } from './world.js';
import { openWorld, problem, time, uuid } from './world.js';

let world: World;

describe.each(storeConfigurations())('on $name', (configuration) => {
  beforeAll(async () => {
    world = await openWorld(configuration);
  }, 60_000);

  afterAll(() => world.close(), 30_000);

  const listening = (path: string, more: object = {}) =>
    world.client.active(
      workflow(world.fresh('hook'), [webhookTrigger(path, more), setOutput('out', { input: '= input' })], ['in>out']),
    );

  async function inputOf({ body }: Answered): Promise<Answered['body']> {
    await world.client.ended(body.executionId);
    return (await world.client.get(`/v1/executions/${body.executionId}/results`)).body.finalOutput.input;
  }

  describe('a webhook', () => {
    it('on a nested path starts a run and says which [MUST]', async () => {
      const { client } = world;
      const id = await listening('/kyc/inbound');
      const answer = await client.post(
        '/v1/webhooks/kyc/inbound?a=1&a=2&b=x',
        { doc: 'd', _webhook: 'mine' },
        {
          ...{ authorization: 'Bearer secret-1', 'x-api-key': 'secret-2', cookie: 'c=secret-3', 'x-custom': 'yes' },
        },
      );
      expect([answer.status, answer.body]).toEqual([
        201,
        { executionId: uuid, workflowId: id, status: 'running', startedAt: time },
      ]);
      expect(answer.headers).toMatchObject({
        'x-webhook-workflow-id': id,
        'x-webhook-execution-id': answer.body.executionId,
      });
      const input = await inputOf(answer);
      expect(input).toEqual({
        doc: 'd',
        _webhook: {
          ...{ method: 'POST', path: 'kyc/inbound', remote_ip: '127.0.0.1', query: { a: '2', b: 'x' } },
          headers: expect.objectContaining({ 'x-custom': 'yes', 'content-type': 'application/json' }),
        },
      });
      expect(JSON.stringify(input)).not.toMatch(/secret-[123]/);
    });

    it('that nobody listens to is 404 FLK-0361, whatever its body: an empty one [MUST], a broken one', async () => {
      const { client } = world;
      await listening('/listens');
      for (const answer of [
        await client.act('/v1/webhooks/nobody'),
        await client.post('/v1/webhooks/nobody', '{'),
        await client.get('/v1/webhooks/listens'),
        await client.post('/v1/webhooks/Listens', {}),
        await client.post('/v1/webhooks/', {}),
        await client.post('/v1/webhooks/listens/more', {}),
      ]) {
        expect([answer.status, answer.body]).toEqual([404, problem('FLK-0361', 'Not Found')]);
      }
    });

    it('is 404 once its workflow is inactive [MUST], and comes back with it', async () => {
      const { client } = world;
      const id = await listening('/comes/and/goes');
      const call = () => client.act('/v1/webhooks/comes/and/goes');
      expect((await call()).status).toBe(201);
      await client.made(client.act(`/v1/workflows/${id}/deactivate`));
      const gone = await call();
      expect([gone.status, gone.body.code]).toEqual([404, 'FLK-0361']);
      await client.made(client.act(`/v1/workflows/${id}/draft`));
      expect((await call()).status).toBe(404);
      await client.made(client.act(`/v1/workflows/${id}/activate`));
      expect((await call()).status).toBe(201);
      await client.made(client.act(`/v1/workflows/${id}/deactivate`));
      await client.made(client.delete(`/v1/workflows/${id}`));
      expect((await call()).status).toBe(404);
      await listening('/comes/and/goes');
      expect((await call()).status).toBe(201);
    });

    it('answers on its path with slashes around it and with %2F for a slash', async () => {
      await listening('slashed/path//');
      for (const path of ['slashed/path', 'slashed/path/', 'slashed%2Fpath', 'slashed%2fpath']) {
        expect([path, (await world.client.act(`/v1/webhooks/${path}`)).status]).toEqual([path, 201]);
      }
    });

    it.each(['GET', 'PUT', 'PATCH', 'DELETE'])('listens to %s when its trigger says so', async (method) => {
      const path = `/by/${method.toLowerCase()}`;
      await listening(path, { method });
      const answer = await world.client.send(method, `/v1/webhooks${path}`);
      expect(answer.status).toBe(201);
      expect((await inputOf(answer))._webhook.method).toBe(method);
      expect((await world.client.act(`/v1/webhooks${path}`)).status).toBe(404);
    });

    it('with a signing secret wants a signature over exactly its bytes, and a delivery sent again is the same run', async () => {
      const { client } = world;
      const key = 'sign-with-this-text';
      await listening('/signed', { signing_secret: key });
      const body = '{ "doc": 1.50 }';
      const timestamp = String(Math.floor(Date.now() / 1000));
      const signature = createHmac('sha256', key).update(`msg-1.${timestamp}.${body}`).digest('base64');
      const signed = {
        'webhook-id': 'msg-1',
        'webhook-timestamp': timestamp,
        'webhook-signature': `v1,${signature}`,
      };
      const first = await client.post('/v1/webhooks/signed', body, signed);
      expect(first.status).toBe(201);
      const again = await client.post('/v1/webhooks/signed', body, signed);
      expect([again.status, again.body.executionId]).toEqual([200, first.body.executionId]);
      for (const [text, headers] of [
        ['{ "doc": 1.5 }', signed],
        [body, { ...signed, 'webhook-id': 'msg-2' }],
        [body, {}],
      ] as const) {
        const answer = await client.post('/v1/webhooks/signed', text, headers);
        expect([answer.status, answer.body.code]).toEqual([401, 'FLK-0362']);
      }
    });

    it('with a token is 401 FLK-0362 without it, before the body is looked at', async () => {
      const { client } = world;
      await listening('/guarded', { verify_token: 'the-token-1' });
      for (const headers of [{}, { 'x-webhook-token': 'the-token-2' }, { 'x-webhook-token': '' }]) {
        const answer = await client.post('/v1/webhooks/guarded?token=the-token-1', '{', headers);
        expect([answer.status, answer.body]).toEqual([401, problem('FLK-0362', 'Unauthorized')]);
      }
      const token = { 'x-webhook-token': 'the-token-1' };
      const broken = await client.post('/v1/webhooks/guarded', '{', token);
      expect([broken.status, broken.body.code]).toEqual([400, 'FLK-0001']);
      const good = await client.act('/v1/webhooks/guarded', token);
      expect(good.status).toBe(201);
      expect(JSON.stringify(await inputOf(good))).not.toContain('the-token-1');
    });

    it.each([
      ['an array', '[1]', 'application/json'],
      ['a text', '"x"', 'application/json'],
      ['a form', 'a=1', 'application/x-www-form-urlencoded'],
      ['XML', '<a/>', 'application/xml'],
      ['JSON under another name', '{}', 'text/plain'],
    ])('refuses %s with 400 FLK-0001', async (_what, body, type) => {
      await listening(`/strict/${world.fresh('path')}`).then(async (id) => {
        const { data } = (await world.client.get(`/v1/workflows/${id}`)).body.nodes[0];
        const answer = await world.client.post(`/v1/webhooks${data.path}`, body, { 'content-type': type });
        expect([answer.status, answer.body.code]).toEqual([400, 'FLK-0001']);
        expect((await world.client.get(`/v1/executions?workflowId=${id}`)).body.items).toEqual([]);
      });
    });

    it('over 1 MiB is 413 FLK-0363, listened to or not', async () => {
      await listening('/large');
      const large = JSON.stringify({ text: 'x'.repeat(1_048_576) });
      for (const path of ['large', 'nobody-either']) {
        const answer = await world.client.post(`/v1/webhooks/${path}`, large);
        expect([answer.status, answer.body]).toEqual([413, problem('FLK-0363', 'Payload Too Large')]);
      }
    });

    it('with an Idempotency-Key is one run; without one, one a delivery', async () => {
      const { client } = world;
      const id = await listening('/keyed');
      const keyed = { 'idempotency-key': 'delivery-1' };
      const first = await client.post('/v1/webhooks/keyed', { n: 1 }, keyed);
      const again = await client.post('/v1/webhooks/keyed', { n: 1 }, keyed);
      expect([first.status, again.status]).toEqual([201, 200]);
      expect(again.headers).toMatchObject({
        ...{ 'x-webhook-execution-id': first.body.executionId, 'x-webhook-workflow-id': id },
        'idempotency-replayed': 'true',
      });
      expect((await client.post('/v1/webhooks/keyed', { n: 2 }, keyed)).body.code).toBe('FLK-0505');
      await client.post('/v1/webhooks/keyed', { n: 1 });
      await client.post('/v1/webhooks/keyed', { n: 1 });
      expect((await client.get(`/v1/executions?workflowId=${id}`)).body.items).toHaveLength(3);
    });

    it('can be waited for: Prefer: wait answers with the outcome', async () => {
      await listening('/waited');
      const { status, body } = await world.client.post('/v1/webhooks/waited', { n: 4 }, { prefer: 'wait=10' });
      expect([status, body]).toMatchObject([201, { status: 'completed', finalOutput: { input: { n: 4 } } }]);
    });

    it('has what came with it in reach of conditions', async () => {
      const nodes = [
        webhookTrigger('/asked'),
        conditional('if', 'workflow._webhook.method == "POST" AND workflow._webhook.query.q == "1"'),
        setOutput('yes', { decision: 'yes' }),
      ];
      await world.client.active(workflow('asked', nodes, ['in>if', 'if>yes:true']));
      const { body } = await world.client.post('/v1/webhooks/asked?q=1', {}, { prefer: 'wait=10' });
      expect(body.finalOutput).toEqual({ decision: 'yes' });
    });

    it('keeps its token out of the workflow, the audit trail and the streams', async () => {
      const { client } = world;
      const id = await listening('/discreet', { verify_token: 'never-to-be-seen' });
      for (const path of [
        `/v1/workflows/${id}`,
        '/v1/workflows?limit=100',
        `/v1/workflows/${id}/versions/1`,
        `/v1/audit-events?resourceId=${id}`,
        `/v1/streams/workflow-${id}/events`,
        `/v1/streams/workflow-${id}/state`,
      ]) {
        const answer = await client.get(path);
        expect([path, answer.status]).toEqual([path, 200]);
        expect(answer.text).not.toContain('never-to-be-seen');
      }
    });
  });
});
