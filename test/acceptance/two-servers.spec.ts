// Two servers on one log and one set of views: whatever is done on the one is seen and done on the other, and either may die.
import type { ServerProcess } from '../support/server-process.js';
import { startServer } from '../support/server-process.js';
import type { SharedStores } from '../support/store-configurations.js';
import { inServers } from '../support/store-configurations.js';
import { until } from '../support/until.js';
import { chain, executor, setOutput, webhookTrigger, workflow } from './definitions.js';
import { LocalProvider } from './provider.js';
import { V1Client } from './v1-client.js';

const RUNS = 12;
const configuration = inServers();

describe(`two servers on ${configuration.name}`, () => {
  let stores: SharedStores;
  let provider: LocalProvider;
  let servers: ServerProcess[];
  let one: V1Client;
  let other: V1Client;
  let mine: Record<string, string>;
  let config: string;
  let release: () => void;

  beforeAll(async () => {
    [stores, provider] = await Promise.all([configuration.open(), new LocalProvider().listen()]);
    const held = new Promise<void>((go) => (release = go));
    provider
      .on('/ok', () => [200, { ok: true }])
      .on('/never', () => undefined)
      .on('/held', () => held.then(() => [200, { ok: true }] as const));
    const env = { AUTH: 'keys', LOG_LEVEL: 'warn' };
    const first = await startServer({ dataDir: stores.directory, env: { ...stores.env, ...env } });
    servers = [first];
    const another = { ...stores.anotherEnv(), ...env };
    servers.push(await startServer({ dataDir: another.DATA_DIR, env: another }));
    mine = { 'x-api-key': /rl_[A-Za-z0-9_-]+/.exec(first.output())?.[0] ?? '' };
    [one, other] = servers.map(({ url }) => new V1Client(url, mine)) as [V1Client, V1Client];
    config = await one.provider('shared', { base_url: provider.url, api_key: 'k' });
  }, 180_000);

  afterAll(async () => {
    for (const client of [one, other]) client.close();
    for (const server of servers) await server.stop();
    provider.close();
    await stores.remove();
  }, 60_000);

  const calling = (name: string, ...paths: readonly string[]): object => {
    const calls = paths.map((path) =>
      executor(`call-${path}`, config, { path, effect: 'at_least_once', retry: { maxAttempts: 5, initialDelayMs: 5 } }),
    );
    return chain(name, ...calls, setOutput('out', { done: true }));
  };
  const epoch = async (): Promise<unknown> => (await stores.rows('SELECT epoch FROM view_folding'))[0];

  it('give one first key, and both take it', async () => {
    expect(servers.map(({ output }) => (output().match(/rl_[A-Za-z0-9_-]+/g) ?? []).length)).toEqual([1, 0]);
    for (const client of [one, other]) expect((await client.get('/v1/workflows')).status).toBe(200);
    for (const { url } of servers) {
      const stranger = new V1Client(url);
      expect((await stranger.get('/v1/workflows')).status).toBe(401);
      stranger.close();
    }
  });

  it('know of each key, from the moment it is made to the moment it is revoked', async () => {
    const { id, key } = await one.made(one.post('/v1/api-keys', { name: 'made on one' }));
    expect((await other.get('/v1/workflows', { 'x-api-key': key })).status).toBe(200);
    await other.made(other.act(`/v1/api-keys/${id}/revoke`));
    expect((await one.get('/v1/workflows', { 'x-api-key': key })).status).toBe(401);
  });

  it('show each the runs and the trail of the other', async () => {
    const id = await one.active(calling('seen on both', 'ok'));
    for (const [here, there] of [
      [one, other],
      [other, one],
    ] as const) {
      const { executionId } = await here.made(here.start(id, {}, here.url));
      expect(await there.ended(executionId)).toMatchObject({ executionId, status: 'completed' });
      const { body } = await there.get(`/v1/executions/${executionId}/results`);
      expect(body.finalOutput).toEqual({ done: true });
      const entries = (): Promise<{ eventType: string }[]> =>
        there.made(there.get(`/v1/audit-events?resourceId=${executionId}&limit=100`)).then(({ items }) => items);
      await until(async () => (await entries()).some(({ eventType }) => eventType === 'EXECUTION_COMPLETED'));
    }
  });

  it('keep a name, a run of one key and a webhook as one', async () => {
    const both = <T>(ask: (client: V1Client) => Promise<T>): Promise<T[]> => Promise.all([one, other].map(ask));
    const made = await both((client) => client.post('/v1/workflows', { name: 'claimed twice' }));
    expect(made.map(({ status }) => status).sort()).toEqual([201, 409]);
    const id = await other.active(calling('started twice', 'ok'));
    const started = await both((client) => client.start(id, { amount: 1 }, 'the same key'));
    expect(started.map(({ status }) => status).sort()).toEqual([200, 201]);
    expect(new Set(started.map(({ body }) => body.executionId)).size).toBe(1);
    const hook = webhookTrigger('/shared');
    await one.active(workflow('heard on both', [hook, setOutput('out', {})], ['in>out']));
    const heard = await both((client) => client.post('/v1/webhooks/shared', {}));
    expect(heard.map(({ status }) => status)).toEqual([201, 201]);
  });

  it('cancel each the runs of the other', async () => {
    const id = await one.active(calling('cancelled', 'never'));
    for (const [here, there] of [
      [one, other],
      [other, one],
    ] as const) {
      const calls = provider.to('/never').length;
      const { executionId } = await here.made(here.start(id, {}, `cancel ${here.url}`));
      await until(() => Promise.resolve(provider.to('/never').length > calls));
      const cancelled = await there.post(`/v1/executions/${executionId}/cancel`, { reason: 'from next door' });
      expect([cancelled.status, cancelled.body.status]).toEqual([200, 'cancelled']);
      expect((await here.ended(executionId)).status).toBe('cancelled');
      // Whoever drove it has let it go: it does not call again.
      await until(async () => /runledger_live_runs 0\n/.test((await here.get('/metrics')).text));
      expect(provider.to('/never')).toHaveLength(calls + 1);
    }
  }, 60_000);

  it('open each the failed runs of the other again', async () => {
    const id = await one.active(calling('opened again', 'ok', 'sick'));
    for (const [here, there] of [
      [one, other],
      [other, one],
    ] as const) {
      provider.on('/sick', () => [400, { no: true }]);
      const calls = provider.to('/ok').length;
      const failed = await here.run(id, {}, `again ${here.url}`);
      expect(failed.status.status).toBe('failed');
      provider.on('/sick', () => [200, { yes: true }]);
      expect((await there.act(`/v1/executions/${failed.executionId}/retry`)).status).toBe(200);
      expect((await there.ended(failed.executionId)).status).toBe('completed');
      expect((await here.ended(failed.executionId)).status).toBe('completed');
      expect(provider.to('/ok')).toHaveLength(calls + 1);
    }
  }, 60_000);

  it('have one of them fold the views', async () => {
    expect(await epoch()).toEqual({ epoch: '1' });
    await one.made(one.post('/v1/workflows', { name: 'folded once' }));
    await other.made(other.post('/v1/workflows', { name: 'folded once, too' }));
    expect(await epoch()).toEqual({ epoch: '1' });
  });

  it('when one is killed, the other finishes its runs, takes the folding over, and repeats no finished step', async () => {
    const id = await one.active(calling('inherited', 'ok', 'held'));
    const [finished, before] = [provider.to('/ok').length, provider.to('/held').length];
    const keys = Array.from({ length: RUNS }, (_, index) => `inherited ${index}`);
    const started = await Promise.all(
      keys.map((key, index) => (index % 2 ? one : other).made((index % 2 ? one : other).start(id, {}, key))),
    );
    await until(() => Promise.resolve(provider.to('/held').length >= before + RUNS));
    expect(await servers[0]!.stop('SIGKILL')).toBeNull();
    release();
    for (const { executionId } of started) {
      expect(await other.ended(executionId, 60_000)).toMatchObject({ status: 'completed' });
    }
    expect(provider.to('/ok')).toHaveLength(finished + RUNS);
    // The half that was its own was called once, the half of the one that was killed once more.
    expect(provider.to('/held')).toHaveLength(before + RUNS + RUNS / 2);
    const shown = await other.made(other.get('/v1/dashboards/executions'));
    expect(shown.running).toBe(0);
    expect(await epoch()).toEqual({ epoch: '2' });
    expect((await other.get('/readyz')).status).toBe(200);
    const late = await other.made(other.start(id, {}, 'afterwards'));
    expect((await other.ended(late.executionId)).status).toBe('completed');
  }, 120_000);

  it('and when it comes back, both go on', async () => {
    servers[0] = await startServer({
      dataDir: stores.directory,
      env: { ...stores.env, AUTH: 'keys', LOG_LEVEL: 'warn' },
    });
    one.close();
    one = new V1Client(servers[0].url, mine);
    const id = await one.active(calling('back again', 'ok'));
    for (const client of [one, other]) expect((await client.run(id, {}, client.url)).status.status).toBe('completed');
    expect(await epoch()).toEqual({ epoch: '2' });
  }, 120_000);

  it('refuse a third whose keys are others, in one line that says which', async () => {
    const env = { ...stores.anotherEnv(), AUTH: 'keys', API_KEY_PEPPER: 'another pepper, which is long enough' };
    const third = startServer({ dataDir: env.DATA_DIR, env });
    await expect(third).rejects.toThrow(/runledger cannot start: [^\n]*API_KEY_PEPPER[^\n]*\n$/);
  }, 60_000);
});
