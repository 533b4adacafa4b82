// Runs as a client of the v1 contract meets them (sections 1.5 to 1.8, 1.10, 2 to 3): started, followed, read, repeated,
// cancelled, against a provider on this machine. What execution.md adds to the contract is named where it is expected.
import type { ServerResponse } from 'node:http';
import { storeConfigurations } from '../support/store-configurations.js';
import type { Node } from './definitions.js';
import { chain, conditional, executor, pixScreening, setOutput, trigger, workflow } from './definitions.js';
import type { Received } from './provider.js';
import type { Answered } from './v1-client.js';
import type { World } from './world.js';
import { openWorld, problem, text, time, unknownId, uuid } from './world.js';

let world: World;
/** base_url ends in a path, as that of a real provider does. */
let kyc: string;

const called = { executionId: uuid, workflowId: uuid, startedAt: time };
const quick = { maxAttempts: 3, initialDelayMs: 5, maxDelayMs: 10 };

describe.each(storeConfigurations())('on $name', (configuration) => {
  beforeAll(async () => {
    world = await openWorld(configuration);
    const { client, provider } = world;
    kyc = await client.provider('kyc', { base_url: `${provider.url}/v1/kyc`, api_key: 'k-9f2a77c1-secret' });
    provider
      .on('/v1/kyc/validate', ({ body }) => [200, { customerId: 'c-1', result: { riskScore: body.score ?? 10 } }])
      .on('/v1/kyc/echo', ({ body }) => [200, body])
      .on('/v1/kyc/text', (_received, response) => {
        response.writeHead(200, { 'content-type': 'text/plain', 'x-tag': 'a' }).end('plain');
        return undefined;
      });
  }, 60_000);

  afterAll(() => world.close(), 30_000);

  const run = (definition: object, inputData: unknown = {}) =>
    world.client.active(definition).then((id) => world.client.run(id, inputData, world.fresh('key')));

  /** The compliance example of the contract's clients: low risk is approved, high risk is looked at. */
  function compliance(name: string): object {
    const nodes: Node[] = [
      trigger,
      executor('kyc-executor', kyc, {
        endpointName: 'validate',
        inputMapping: [{ source: 'workflow.score', target: 'score' }],
        outputMapping: [
          { source: 'body.customerId', target: 'customerId' },
          { source: 'body.result', target: 'result' },
        ],
      }),
      conditional('low', 'kyc-executor.result.riskScore < 50'),
      executor('aml', kyc, { endpointName: 'validate' }),
      setOutput('approve', { decision: 'approve' }),
      setOutput('review', { decision: 'review' }),
    ];
    return workflow(name, nodes, [
      'in>kyc-executor',
      'kyc-executor>low',
      'low>aml:true',
      'aml>approve',
      'low>review:false',
    ]);
  }

  describe('a run', () => {
    it('starts with 201 and exactly running [MUST], and goes to the URL below the base URL [MUST]', async () => {
      const { client, provider, fresh } = world;
      const id = await client.active(compliance(fresh('compliance')));
      const started = await client.start(id, { score: 10 }, fresh('key'));
      expect([started.status, started.body]).toEqual([201, { ...called, workflowId: id, status: 'running' }]);
      const status = await client.ended(started.body.executionId);
      expect(status).toEqual({
        ...{ executionId: started.body.executionId, workflowId: id, status: 'completed', currentStepNumber: 4 },
        ...{ totalSteps: 5, startedAt: time, completedAt: time, workflowName: text, workflowVersion: 1 },
      });
      const [first] = provider.to('/v1/kyc/validate');
      expect(first).toMatchObject({ method: 'POST', body: { score: 10 } });
      expect(first?.headers).toMatchObject({ 'content-type': 'application/json', 'x-api-key': 'k-9f2a77c1-secret' });
    });

    it('says running even of a run that has nothing to wait for [MUST]', async () => {
      const { client, fresh } = world;
      const id = await client.active(chain(fresh('instant'), setOutput('out', { a: 1 })));
      for (let time = 0; time < 5; time += 1) {
        const { status, body } = await client.start(id, {}, fresh('key'));
        expect([status, body.status, Object.keys(body).sort()]).toEqual([
          ...[201, 'running'],
          ['executionId', 'startedAt', 'status', 'workflowId'],
        ]);
      }
    });

    it('answers its results in the shape of the contract; finalOutput is an object with the decision [MUST]', async () => {
      const { results } = await run(pixScreening(world.fresh('pix'), kyc).valueOf(), { doc: '123.456.789-00' });
      expect(results.status).toBe('failed');
      world.provider.on('/v1/kyc/validations', () => [200, { decision: 'ALLOW' }]);
      const example = pixScreening(world.fresh('pix'), kyc);
      const { executionId, results: done } = await run(example, { doc: '123.456.789-00', amount: 1500.5 });
      const step = { status: 'completed', executedAt: time, durationMs: expect.any(Number) };
      expect(done).toEqual({
        ...{ executionId, workflowId: uuid, status: 'completed', startedAt: time, completedAt: time },
        stepResults: [
          { stepNumber: 1, stepName: 'Screen', nodeId: 'screen', output: { decision: 'ALLOW' }, ...step },
          {
            ...{ stepNumber: 2, stepName: 'Allowed', nodeId: 'ok?', ...step },
            output: { condition: 'screen.decision == "ALLOW"', result: true, branchTaken: 'true' },
          },
          {
            ...{ stepNumber: 3, stepName: 'Approve', nodeId: 'yes', ...step },
            output: { actionType: 'set_output', output: { approved: true } },
          },
        ],
        finalOutput: { approved: true },
      });
      expect(world.provider.to('/v1/kyc/validations').at(-1)?.body).toEqual({ document: '12345678900' });
    });

    it('that takes the short way has exactly its three entries [MUST]', async () => {
      const { results } = await run(compliance(world.fresh('high-risk')), { score: 90 });
      expect(results.stepResults.map(({ nodeId }: { nodeId: string }) => nodeId)).toEqual([
        'kyc-executor',
        'low',
        'review',
      ]);
      expect(results.stepResults[1].output).toMatchObject({ result: false, branchTaken: 'false' });
      expect(results.stepResults[1].stepName).toBe('conditional_low');
      expect(results.finalOutput).toEqual({ decision: 'review' });
      expect(results.stepResults[0].output).toEqual({ customerId: 'c-1', result: { riskScore: 90 } });
    });

    it('without set_output ends with everything it knows; a conditional without a way on ends it well', async () => {
      const definition = workflow(
        world.fresh('context'),
        [
          trigger,
          executor('call', kyc, { endpointName: 'echo', outputMapping: [{ source: 'body', target: 'said' }] }),
          conditional('if', 'false'),
          setOutput('no', {}),
        ],
        ['in>call', 'call>if', 'if>no:true'],
      );
      const { results } = await run(definition, { document: 'd' });
      expect(results.status).toBe('completed');
      expect(results.finalOutput).toEqual({ workflow: { document: 'd' }, call: { said: { document: 'd' } } });
    });

    it('without an output mapping keeps the raw envelope; a body that is no JSON is a text', async () => {
      const { results } = await run(
        chain(world.fresh('raw'), executor('call', kyc, { path: 'text', endpointName: 'no' })),
      );
      expect(results.stepResults[0].output).toEqual({
        ...{ status: 200, status_text: '200 OK', url: `${world.provider.url}/v1/kyc/text`, body: 'plain' },
        headers: expect.objectContaining({ 'Content-Type': 'text/plain', 'X-Tag': 'a' }),
      });
    });

    it('carries no errorMessage while it is under way [MUST], and has no results: 422 FLK-0502', async () => {
      const { client, provider, fresh } = world;
      let failures = 0;
      provider.on('/v1/kyc/shaky', () => ((failures += 1) < 2 ? [500, {}] : [200, {}]));
      const retry = { maxAttempts: 3, initialDelayMs: 1_500, maxDelayMs: 1_500 };
      const id = await client.active(chain(fresh('shaky'), executor('call', kyc, { endpointName: 'shaky', retry })));
      const { executionId } = (await client.start(id, {}, fresh('key'))).body;
      const path = `/v1/executions/${executionId}`;
      let underWay: Answered;
      do underWay = await client.get(path);
      while (failures === 0 && underWay.body.status === 'running');
      expect(underWay.body).toEqual({
        ...{ executionId, workflowId: id, status: 'running', currentStepNumber: expect.any(Number), totalSteps: 1 },
        ...{ startedAt: time, workflowName: text, workflowVersion: 1 },
      });
      const results = await client.get(`${path}/results`);
      expect([results.status, results.body]).toEqual([422, problem('FLK-0502', 'Unprocessable Entity')]);
      expect((await client.ended(executionId)).status).toBe('completed');
    });

    it('of an unknown id is 404 FLK-0500, of no id 400 FLK-0002', async () => {
      const { client } = world;
      for (const end of ['', '/results', '/steps', '/events']) {
        const unknown = await client.get(`/v1/executions/${unknownId}${end}`);
        expect([unknown.status, unknown.body]).toEqual([404, problem('FLK-0500', 'Not Found')]);
        expect((await client.get(`/v1/executions/7${end}`)).body.code).toBe('FLK-0002');
      }
    });

    it('is listed, filtered, sorted and paged', async () => {
      const { client, fresh } = world;
      const id = await client.active(chain(fresh('listed'), setOutput('out', {})));
      const runs: string[] = [];
      for (let count = 0; count < 5; count += 1) runs.push((await client.run(id, { count }, fresh('key'))).executionId);
      const seen: string[] = [];
      let cursor = '';
      do {
        const { status, body } = await client.get(
          `/v1/executions?workflowId=${id}&status=completed&limit=2${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
        );
        expect([status, Object.keys(body).sort()]).toEqual([200, ['hasMore', 'items', 'nextCursor']]);
        seen.push(...body.items.map(({ executionId }: { executionId: string }) => executionId));
        expect(body.hasMore).toBe(body.nextCursor !== '');
        cursor = body.nextCursor;
      } while (cursor !== '');
      expect(seen).toEqual([...runs].reverse());
      const query = `workflowId=${id}&sortBy=completedAt&sortOrder=asc`;
      const ascending = (await client.get(`/v1/executions?${query}`)).body.items;
      expect(ascending.map(({ executionId }: { executionId: string }) => executionId)).toEqual(runs);
      expect(ascending[0]).toEqual((await client.get(`/v1/executions/${runs[0]}`)).body);
    });

    it('is counted by the dashboards', async () => {
      const { client } = world;
      const { body } = await client.get('/v1/dashboards/executions');
      expect(Object.keys(body)).toEqual(expect.arrayContaining(['total', 'completed', 'failed', 'pending', 'running']));
      const { total, ...counts } = body as Record<string, number>;
      expect(total).toBe(Object.values(counts).reduce((sum, count) => sum + count, 0));
      expect(body.completed).toBeGreaterThan(0);
      const none = (await client.get('/v1/dashboards/executions?startTime=2030-01-01T00:00:00Z')).body;
      expect(none).toMatchObject({ total: 0, completed: 0 });
      const failed = (await client.get('/v1/dashboards/executions?status=failed')).body;
      expect(failed).toMatchObject({ total: body.failed, failed: body.failed, completed: 0 });
      const workflows = (await client.get('/v1/dashboards/workflows/summary')).body;
      expect(workflows).toEqual({
        ...{ total: expect.any(Number), active: expect.any(Number) },
        byStatus: expect.arrayContaining([{ status: 'active', count: workflows.active }]),
      });
      expect(workflows.byStatus.reduce((sum: number, { count }: { count: number }) => sum + count, 0)).toBe(
        workflows.total,
      );
    });

    it('outlives its workflow, and says which version it ran', async () => {
      const { client, fresh } = world;
      const id = await client.active(chain(fresh('gone'), setOutput('out', { v: 1 })));
      const { executionId } = await client.run(id, {}, fresh('key'));
      await client.made(client.act(`/v1/workflows/${id}/deactivate`));
      await client.made(client.delete(`/v1/workflows/${id}`));
      expect((await client.get(`/v1/executions/${executionId}`)).body).toMatchObject({
        workflowId: id,
        workflowVersion: 1,
      });
      expect((await client.get(`/v1/executions/${executionId}/results`)).body.finalOutput).toEqual({ v: 1 });
    });
  });

  describe('a start', () => {
    it('without Idempotency-Key is 400 FLK-0509 [MUST], a blank one too', async () => {
      const { client } = world;
      for (const headers of [{}, { 'idempotency-key': '   ' }]) {
        const answer = await client.post(`/v1/workflows/${unknownId}/executions`, { inputData: {} }, headers);
        expect([answer.status, answer.body]).toEqual([
          400,
          expect.objectContaining(problem('FLK-0509', 'Bad Request')),
        ]);
      }
    });

    it('is checked in the order of section 3.1', async () => {
      const { client, fresh } = world;
      const key = { 'idempotency-key': 'order' };
      const large = JSON.stringify({ inputData: { text: 'x'.repeat(1_048_576) } });
      const post = (id: string, body: unknown, headers = {}) =>
        client.post(`/v1/workflows/${id}/executions`, body, headers);
      expect((await post('no-uuid', large)).body).toEqual(problem('FLK-0506', 'Payload Too Large'));
      expect((await post('no-uuid', '{')).body.code).toBe('FLK-0002');
      expect((await post(unknownId, '{')).body.code).toBe('FLK-0001');
      expect((await post(unknownId, {}, { 'content-type': 'text/plain', ...key })).body.code).toBe('FLK-0001');
      expect((await post(unknownId, {})).body.code).toBe('FLK-0509');
      expect((await post(unknownId, {}, key)).body).toEqual(problem('FLK-0100', 'Not Found'));
      const draft = await client.draft(chain(fresh('draft'), setOutput('out', {})));
      const early = await post(draft, {}, key);
      expect([early.status, early.body]).toEqual([422, problem('FLK-0501', 'Unprocessable Entity')]);
      expect((await post(unknownId, { inputData: [] }, key)).body.code).toBe('FLK-0001');
    });

    it('takes exactly 1 MiB of body, and none at all of inputData', async () => {
      const { client, fresh } = world;
      const id = await client.active(chain(fresh('mebibyte'), setOutput('out', { got: true })));
      const [before, after] = ['{"inputData":{"t":"', '"}}'];
      const full = before + 'x'.repeat(1_048_576 - before.length - after.length) + after;
      const path = `/v1/workflows/${id}/executions`;
      expect((await client.post(path, full, { 'idempotency-key': fresh('key') })).status).toBe(201);
      expect((await client.post(path, `${full} `, { 'idempotency-key': fresh('key') })).status).toBe(413);
      expect((await client.post(path, {}, { 'idempotency-key': fresh('key') })).status).toBe(201);
    });

    it('that is repeated answers 200, the same run and Idempotency-Replayed [MUST: same id]', async () => {
      const { client, fresh } = world;
      const id = await client.active(chain(fresh('repeated'), setOutput('out', {})));
      const first = await client.start(id, { b: 1, a: 2 }, 'the-key');
      expect(first.headers['idempotency-replayed']).toBeUndefined();
      await client.ended(first.body.executionId);
      const again = await client.start(id, { a: 2, b: 1 }, '  the-key ');
      expect([again.status, again.body.executionId]).toEqual([200, first.body.executionId]);
      expect(again.headers['idempotency-replayed']).toBe('true');
      const other = await client.start(id, { a: 3 }, 'the-key');
      expect([other.status, other.body]).toEqual([409, expect.objectContaining(problem('FLK-0505', 'Conflict'))]);
      expect((await client.get(`/v1/executions?workflowId=${id}`)).body.items).toHaveLength(1);
      await client.made(client.act(`/v1/workflows/${id}/deactivate`));
      const late = await client.start(id, { a: 2, b: 1 }, 'the-key');
      expect([late.status, late.body.executionId]).toEqual([200, first.body.executionId]);
    });

    it('has a key of its own in every workflow', async () => {
      const { client, fresh } = world;
      const ids = await Promise.all([1, 2].map(() => client.active(chain(fresh('scope'), setOutput('out', {})))));
      const [one, other] = await Promise.all(ids.map((id) => client.start(id, {}, 'shared-key')));
      expect([one?.status, other?.status]).toEqual([201, 201]);
      expect(one?.body.executionId).not.toBe(other?.body.executionId);
    });

    it('that comes thirty times at once is one run', async () => {
      const { client, provider, fresh } = world;
      provider.on('/v1/kyc/once', () => [200, {}]);
      const id = await client.active(chain(fresh('once'), executor('call', kyc, { endpointName: 'once' })));
      const answers = await Promise.all(Array.from({ length: 30 }, () => client.start(id, { n: 1 }, 'at-once')));
      expect(new Set(answers.map(({ body }) => body.executionId)).size).toBe(1);
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(29);
      await client.ended(answers[0]?.body.executionId);
      expect(provider.to('/v1/kyc/once')).toHaveLength(1);
    });

    it('with Prefer: wait is answered with the ended run, or as without it when that takes longer', async () => {
      const { client, provider, fresh } = world;
      let release: (() => void) | undefined;
      const held = new Promise<void>((done) => (release = done));
      provider.on('/v1/kyc/held', async () => held.then(() => [200, {}] as const));
      const id = await client.active(chain(fresh('instant'), setOutput('out', { decision: 'approve' })));
      const waited = await client.start(id, {}, fresh('key'), { prefer: 'respond-async, wait=10' });
      expect([waited.status, waited.body]).toEqual([
        201,
        { ...called, status: 'completed', completedAt: time, finalOutput: { decision: 'approve' } },
      ]);
      expect(waited.headers['preference-applied']).toBe('wait=10');
      const slow = await client.active(chain(fresh('held'), executor('call', kyc, { endpointName: 'held' })));
      const late = await client.start(slow, {}, fresh('key'), { prefer: 'wait=1' });
      expect([late.status, late.body]).toEqual([201, { ...called, status: 'running' }]);
      release?.();
      expect((await client.ended(late.body.executionId)).status).toBe('completed');
      const failing = await client.active(chain(fresh('failing'), executor('call', kyc, { endpointName: 'nowhere' })));
      const failed = await client.start(failing, {}, fresh('key'), { prefer: 'wait=10' });
      expect(failed.body).toMatchObject({ status: 'failed', errorMessage: text });
      expect(failed.body).not.toHaveProperty('finalOutput');
    });
  });

  describe('a failed call', () => {
    it('names its node, the attempts and the status: executor call failed', async () => {
      world.provider.on('/v1/kyc/down', () => [500, { why: 'maintenance' }]);
      const { executionId, status, results } = await run(
        chain(world.fresh('down'), executor('screen', kyc, { endpointName: 'down', retry: quick }), setOutput('o', {})),
      );
      expect(status).toMatchObject({
        ...{ status: 'failed', currentStepNumber: 1, totalSteps: 2 },
        errorMessage: expect.stringMatching(/^node "screen": executor call failed after 3 attempts: .*status 500/),
        error: { code: text, nodeId: 'screen', attempt: 3, httpStatus: 500, bodyExcerpt: '{"why":"maintenance"}' },
      });
      expect(results).toEqual({
        ...{ executionId, workflowId: uuid, status: 'failed', startedAt: time, completedAt: time },
        stepResults: [
          {
            ...{ stepNumber: 1, stepName: 'executor_screen', nodeId: 'screen', status: 'failed', errorMessage: text },
            ...{ executedAt: time, durationMs: expect.any(Number) },
          },
        ],
      });
      expect(world.provider.to('/v1/kyc/down')).toHaveLength(3);
    });

    it('is repeated for 5xx, 429 and broken connections, with one Idempotency-Key, until it succeeds', async () => {
      const { client, provider } = world;
      const answers = [500, 429, 'reset', 200] as const;
      let next = 0;
      provider.on('/v1/kyc/flaky', (_received, _response, socket) => {
        const answer = answers[next++] ?? 200;
        if (answer !== 'reset') return [answer, { ok: true }];
        socket.destroy();
        return undefined;
      });
      const retry = { ...quick, maxAttempts: 5 };
      const { executionId, status } = await run(
        chain(world.fresh('flaky'), executor('call', kyc, { endpointName: 'flaky', retry })),
      );
      expect(status.status).toBe('completed');
      const calls = provider.to('/v1/kyc/flaky');
      expect(calls.map(({ headers }) => headers['idempotency-key'])).toEqual(Array(4).fill(`${executionId}:call`));
      const { steps } = (await client.get(`/v1/executions/${executionId}/steps`)).body;
      expect(steps[0].attempts).toHaveLength(4);
      expect(steps[0].attempts.map(({ call }: { call?: { status?: number } }) => call?.status)).toEqual([
        ...[500, 429, undefined, 200],
      ]);
    });

    it.each([400, 401, 403, 404, 409, 422, 203, 206])('is not repeated for status %d', async (code) => {
      const path = `/v1/kyc/answers-${code}`;
      world.provider.on(path, () => [code, { code }]);
      const { status } = await run(
        chain(world.fresh('refused'), executor('call', kyc, { endpointName: `answers-${code}`, retry: quick })),
      );
      expect(status).toMatchObject({ status: 'failed', error: { httpStatus: code, attempt: 1 } });
      expect(status.errorMessage).toMatch(new RegExp(`^node "call": executor call failed.*${code}`));
      expect(world.provider.to(path)).toHaveLength(1);
    });

    it('stops at the time limit of its node', async () => {
      const hung = new Set<ServerResponse>();
      world.provider.on('/v1/kyc/hangs', (_received, response) => void hung.add(response));
      const data = { endpointName: 'hangs', timeout: 0.2, retry: { ...quick, maxAttempts: 2 } };
      const { status } = await run(chain(world.fresh('hangs'), executor('call', kyc, data)));
      expect(status.errorMessage).toMatch(/executor call failed after 2 attempts/);
      expect(status.error.code).toMatch(/timeout/);
      expect(hung.size).toBe(2);
    });

    it('bad data opens the breaker for nobody: a 4xx does not count', async () => {
      const { client, provider, fresh } = world;
      provider.on('/v1/kyc/bad', () => [422, {}]);
      const bad = await client.active(chain(fresh('bad'), executor('call', kyc, { endpointName: 'bad' })));
      await Promise.all(Array.from({ length: 12 }, () => client.run(bad, {}, fresh('key'))));
      expect((await run(chain(fresh('good'), executor('call', kyc, { endpointName: 'validate' })))).status.status).toBe(
        'completed',
      );
    });

    it('of a disabled provider configuration says so', async () => {
      const { client, provider, fresh } = world;
      const config = await client.provider(fresh('off'), { base_url: provider.url, api_key: 'k' });
      const id = await client.active(chain(fresh('off'), executor('call', config)));
      await client.made(client.act(`/v1/provider-configurations/${config}/disable`));
      const { status } = await client.run(id, {}, fresh('key'));
      expect(status.errorMessage).toMatch(/^node "call": .*provider configuration is not active/);
    });

    it('that was failed can be gone on with from the step that failed', async () => {
      const { client, provider, fresh } = world;
      let healthy = false;
      provider.on('/v1/kyc/mended', () => (healthy ? [200, {}] : [400, {}]));
      const first = executor('first', kyc, { endpointName: 'echo' });
      const second = executor('second', kyc, { endpointName: 'mended' });
      const { executionId } = await run(chain(fresh('mended'), first, second), { document: 'mended' });
      healthy = true;
      expect((await client.act(`/v1/executions/${executionId}/retry`)).status).toBe(200);
      const again = await client.ended(executionId);
      expect([again.status, again.errorMessage]).toEqual(['completed', undefined]);
      expect(provider.to('/v1/kyc/echo').filter(({ body }) => body.document === 'mended')).toHaveLength(1);
    });
  });

  describe('the graph', () => {
    it('runs branches that do not depend on each other at the same time, and their meeting point once', async () => {
      const { provider, fresh } = world;
      const waiting: (() => void)[] = [];
      provider.on('/v1/kyc/barrier', async () => {
        await new Promise<void>((go) => {
          waiting.push(go);
          if (waiting.length === 3) for (const each of waiting) each();
        });
        return [200, {}] as const;
      });
      provider.on('/v1/kyc/met', () => [200, {}]);
      const call = (id: string, endpointName: string) => executor(id, kyc, { endpointName });
      const definition = workflow(
        fresh('diamond'),
        [
          trigger,
          call('a', 'barrier'),
          call('b', 'barrier'),
          call('c', 'barrier'),
          call('met', 'met'),
          setOutput('out', {}),
        ],
        ['in>a', 'in>b', 'in>c', 'a>met', 'b>met', 'c>met', 'met>out'],
      );
      const { results } = await run(definition);
      expect(results.status).toBe('completed');
      expect(provider.to('/v1/kyc/met')).toHaveLength(1);
      expect(results.stepResults).toHaveLength(5);
      expect(results.stepResults.map(({ stepNumber }: { stepNumber: number }) => stepNumber)).toEqual([1, 2, 3, 4, 5]);
    });

    it('ten diamonds in a row run their tail once', async () => {
      const nodes: Node[] = [trigger];
      const arrows: string[] = [];
      for (let at = 0; at < 10; at += 1) {
        const from = at === 0 ? 'in' : `end${at - 1}`;
        nodes.push(setOutput(`l${at}`, {}), setOutput(`r${at}`, {}), setOutput(`end${at}`, { at }));
        arrows.push(`${from}>l${at}`, `${from}>r${at}`, `l${at}>end${at}`, `r${at}>end${at}`);
      }
      const { results } = await run(workflow(world.fresh('diamonds'), nodes, arrows));
      expect(results.stepResults).toHaveLength(30);
      expect(results.finalOutput).toEqual({ at: 9 });
    });

    it('an edge with a condition is taken when it is true, and a skipped node says why in the steps', async () => {
      const { client, fresh } = world;
      const definition = workflow(fresh('gated'), [trigger, setOutput('a', { a: 1 }), setOutput('b', { b: 1 })], []);
      const gated = [
        { id: 'e1', source: 'in', target: 'a', condition: 'workflow.amount > 10' },
        { id: 'e2', source: 'in', target: 'b', condition: 'workflow.amount <= 10' },
      ];
      const { executionId, results } = await run({ ...definition, edges: gated }, { amount: 3 });
      expect(results.stepResults).toEqual([expect.objectContaining({ nodeId: 'b' })]);
      const { steps } = (await client.get(`/v1/executions/${executionId}/steps`)).body;
      expect(steps).toEqual([
        expect.objectContaining({ nodeId: 'b', status: 'completed' }),
        expect.objectContaining({ nodeId: 'a', status: 'skipped', reason: text }),
      ]);
    });

    it('unknown types are passed through without a step; an action that does nothing leaves one', async () => {
      const { results } = await run(
        chain(
          world.fresh('other'),
          { id: 'note', type: 'note' },
          { id: 'log', type: 'action', data: { actionType: 'log' } },
        ),
      );
      expect(results.stepResults).toEqual([
        expect.objectContaining({ nodeId: 'log', stepName: 'action_log', output: { actionType: 'log' } }),
      ]);
    });

    it('a cancelled run makes no new call, and says so in the audit trail', async () => {
      const { client, provider, fresh } = world;
      let asked: ((received: Received) => void) | undefined;
      const isAsked = new Promise<Received>((done) => (asked = done));
      provider
        .on('/v1/kyc/never', (received) => {
          asked?.(received);
          return undefined;
        })
        .on('/v1/kyc/after', () => [200, {}]);
      const id = await client.active(
        chain(
          fresh('cancelled'),
          executor('a', kyc, { endpointName: 'never' }),
          executor('b', kyc, { endpointName: 'after' }),
        ),
      );
      const { executionId } = (await client.start(id, {}, fresh('key'))).body;
      await isAsked;
      const answer = await client.post(`/v1/executions/${executionId}/cancel`, { reason: 'asked by the customer' });
      expect([answer.status, answer.body.status]).toEqual([200, 'cancelled']);
      expect((await client.post(`/v1/executions/${executionId}/cancel`, {})).body).toEqual(answer.body);
      expect((await client.get(`/v1/executions/${executionId}/results`)).body.status).toBe('cancelled');
      const audit = (await client.get(`/v1/audit-events?resourceId=${executionId}&eventType=EXECUTION_CANCELLED`)).body;
      expect(audit.items).toEqual([
        expect.objectContaining({ reason: 'asked by the customer', resourceType: 'execution' }),
      ]);
      expect(provider.to('/v1/kyc/after')).toEqual([]);
    });
  });

  describe('conditions (section 1.8)', () => {
    const input = {
      n: 10,
      s: '10',
      z: '085',
      t: true,
      e: '',
      f: 'False',
      nil: null,
      list: [1, 2],
      o: { deep: { x: 5 } },
    };

    it.each([
      ['workflow.n > 5', true],
      ['workflow.n >= 10 AND workflow.n <= 10', true],
      ['workflow.n > 50 OR workflow.s == 10', true],
      ['workflow.n > 50 AND workflow.missing == 1', false],
      ['workflow.t OR workflow.missing == 1', true],
      ['"10" == "10.0"', true],
      ['workflow.z == 85', true],
      ['workflow.t == "true"', true],
      ['workflow.t == TRUE', true],
      ['workflow.nil == "<nil>"', true],
      ['workflow.list == "[1 2]"', true],
      ['workflow.e', false],
      ['workflow.f', false],
      ['workflow.nil', false],
      ['workflow.list', true],
      ['workflow.o.deep.x != 5', false],
      ["workflow.s == '10'", true],
      ['1e3 == 1000', true],
      ['"x AND y" == "x AND y"', true],
      ['"p>=q" == "p>=q"', true],
      ['workflow.n == 1 OR workflow.n == 10 AND workflow.t', true],
      ['= input.n > 5 && size(input.list) == 2', true],
      ['= steps == {} || true', true],
    ])('%s is %s', async (condition, result) => {
      const { status, results } = await run(chain(world.fresh('condition'), conditional('if', condition)), input).catch(
        async () =>
          run(
            workflow(
              world.fresh('condition'),
              [trigger, conditional('if', condition), setOutput('y', {})],
              ['in>if', 'if>y:true'],
            ),
            input,
          ),
      );
      expect(status.errorMessage).toBeUndefined();
      expect(results.stepResults[0].output).toEqual({ condition, result, branchTaken: String(result) });
    });

    it.each(['workflow.missing == 1', 'workflow.o.no.way', 'workflow.s > "abc"', 'workflow.t < 1'])(
      '%s fails the step and the run',
      async (condition) => {
        const definition = workflow(
          world.fresh('fails'),
          [trigger, conditional('if', condition), setOutput('y', {})],
          ['in>if', 'if>y:true'],
        );
        const { status } = await run(definition, input);
        expect(status.errorMessage).toMatch(/^node "if": condition evaluation failed: /);
      },
    );
  });

  describe('mappings and transformations (sections 1.6 and 1.7)', () => {
    const input = {
      name: 'joão',
      cpf: '123.456.789-00',
      n: 7,
      list: [{ id: 1 }, { id: 2 }],
      nil: null,
      e: '',
      big: 1500.5,
    };
    const send = async (data: object): Promise<Received['body']> => {
      const { fresh, provider } = world;
      const before = provider.to('/v1/kyc/echo').length;
      const { status } = await run(
        chain(fresh('mapped'), executor('call', kyc, { endpointName: 'echo', ...data })),
        input,
      );
      if (status.status !== 'completed') return status;
      return provider.to('/v1/kyc/echo')[before]?.body;
    };
    const map = (...inputMapping: object[]) => send({ inputMapping });
    const apply = (...transforms: object[]) => send({ inputMapping: [], transforms });
    const changed = (type: string, config?: object) =>
      map({ source: 'workflow.cpf', target: 'v', transformation: { type, ...(config && { config }) } });

    it('send only what is mapped, null for what is missing, arrays by index and wildcard', async () => {
      expect(
        await map(
          { source: 'workflow.name', target: 'person.fullName' },
          { source: 'workflow.missing', target: 'gone' },
          { source: 'workflow.list[1].id', target: 'second' },
          { source: 'workflow.list[*].id', target: 'ids' },
          { source: 'workflow.nil', target: 'nil', required: true },
          { source: 'workflow.e', target: 'e', required: true },
          { source: '', target: 'ignored' },
        ),
      ).toEqual({ person: { fullName: 'joão' }, gone: null, second: 2, ids: [1, 2], nil: null, e: '' });
    });

    it('fail the step when a required source is missing, and name it', async () => {
      const status = await map(
        { source: 'workflow.missing', target: 'x', required: true },
        { source: 'workflow.n', target: 'n' },
      );
      expect(status.errorMessage).toMatch(/^node "call": input transformation failed: .*workflow\.missing/);
      expect(status.errorMessage).toContain('FLK-0142');
    });

    it('take an expression as their source', async () => {
      expect(await map({ source: '= input.n * 2', target: 'double' })).toEqual({ double: 14 });
    });

    it.each([
      ['remove_characters', { characters: '.-' }, '12345678900'],
      ['add_prefix', { prefix: 'BR-' }, 'BR-123.456.789-00'],
      ['add_suffix', { suffix: '!' }, '123.456.789-00!'],
      ['to_uppercase', undefined, '123.456.789-00'],
    ] as const)('%s changes its target', async (type, config, value) => {
      expect(await changed(type, config)).toEqual({ v: value });
    });

    it('letters beyond ASCII change their case', async () => {
      const to = (type: string) => map({ source: 'workflow.name', target: 'v', transformation: { type } });
      expect([await to('to_uppercase'), await to('to_lowercase')]).toEqual([{ v: 'JOÃO' }, { v: 'joão' }]);
    });

    it('run every operation of the contract in a list of transforms', async () => {
      const shifted = await apply(
        {
          operation: 'shift',
          spec: { name: 'workflow.name', n: 'workflow.n', first: ['workflow.list[0].id'], nil: 'workflow.nil' },
        },
        {
          operation: 'concat',
          spec: { sources: [{ path: 'name' }, { value: 'x' }, { path: 'gone' }], targetPath: 'all', delim: '-' },
        },
        { operation: 'coalesce', spec: { some: ['nil', 'n'] } },
        { operation: 'default', spec: { fixed: { a: [1] } } },
        { operation: 'add_prefix', spec: { path: 'name', prefix: '>' } },
        { operation: 'delete', spec: { paths: ['n'] } },
        { operation: 'pass', spec: { any: 1 } },
      );
      expect(shifted).toEqual({ name: '>joão', first: [1], nil: null, all: 'joão-x-null', some: 7, fixed: { a: [1] } });
      expect(await apply({ operation: 'extract', spec: { path: 'workflow.list[1]' } })).toEqual({ id: 2 });
      const { when, id, name } = await apply(
        { operation: 'shift', spec: { name: 'workflow.name' } },
        { operation: 'default', spec: { when: '2026-05-02T13:00:00Z' } },
        {
          operation: 'timestamp',
          spec: { when: { inputFormat: '2006-01-02T15:04:05Z07:00', outputFormat: '02/01/2006' } },
        },
        { operation: 'uuid', spec: { id: { version: 5, namespace: 'DNS', names: [{ path: 'name' }] } } },
      );
      expect([when, name]).toEqual(['02/05/2026', 'joão']);
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5/);
    });

    it('without any, the input of the run is sent and nothing else', async () => {
      expect(await send({ inputMapping: [] })).toEqual(input);
    });
  });

  describe('set_output', () => {
    it('puts its object out as it is, expressions evaluated', async () => {
      const output = { literal: '${workflow.n}', sum: '= input.n + 1', nested: [{ was: '= input.n' }] };
      const { results } = await run(chain(world.fresh('output'), setOutput('out', output)), { n: 1 });
      expect(results.finalOutput).toEqual({ literal: '${workflow.n}', sum: 2, nested: [{ was: 1 }] });
    });
  });
});
