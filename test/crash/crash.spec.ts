// A server killed at random moments under load, and where the log is elsewhere, that one too. Nothing acknowledged is lost,
// every run ends, and no finished step is called again. The provider counts; the log says what was finished; both are
// compared at the end.
import type { RecordedEvent } from '@app/kernel';
import type { TestStores } from '../support/store-configurations.js';
import { storeConfigurations } from '../support/store-configurations.js';
import { verifyEvents } from '../support/verified-events.js';
import { CountingProvider } from './counting-provider.js';
import { Load } from './load.js';
import { Victim } from './victim.js';

const SERVER_KILLS = 20;
const STORE_KILLS = 10;
/** Calls of the provider before each of them, at least. */
const CALLS_BETWEEN = 10;
const STEPS = ['first', 'second', 'third', 'fourth'];

const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks until it is so; a test that waits in vain ends by its own limit. */
async function until(isSo: () => boolean | Promise<boolean>, everyMs: number): Promise<void> {
  while (!(await isSo())) await later(everyMs);
}

const stepKey = (event: RecordedEvent): string =>
  `${event.stream.slice('execution-'.length)}:${(event.data as { nodeId: string }).nodeId}`;

function countBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1);
  return counts;
}

describe.each(storeConfigurations())('on $name', (configuration) => {
  let provider: CountingProvider;
  let stores: TestStores;
  let victim: Victim;

  beforeAll(async () => {
    provider = new CountingProvider();
    stores = await configuration.open();
    victim = new Victim(stores.env);
    await victim.start();
  }, 120_000);

  afterAll(async () => {
    await victim.stop();
    provider.close();
    await stores.remove();
  }, 60_000);

  async function defineWorkflow(): Promise<string> {
    const config = { base_url: await provider.listen() };
    const asked = { name: 'checks', providerId: 'http', config };
    const made = await victim.call('POST', '/v1/provider-configurations', asked);
    expect(made.status).toBe(201);
    const node = (id: string) => ({
      id,
      type: 'executor',
      position: { x: 0, y: 0 },
      data: {
        executorId: 'http.request',
        providerConfigId: made.body['id'],
        method: 'POST',
        path: '/check',
        inputMapping: [{ source: 'workflow.customer', target: 'customer' }],
      },
    });
    const trigger = { id: 'in', type: 'trigger', position: { x: 0, y: 0 }, data: { triggerId: 'webhook' } };
    const chain = ['in', ...STEPS];
    const created = await victim.call('POST', '/v1/workflows', {
      name: 'crash',
      nodes: [trigger, ...STEPS.map(node)],
      edges: STEPS.map((target, index) => ({ id: `e${index}`, source: chain[index], target })),
    });
    expect(created.status).toBe(201);
    const id = String(created.body['workflowId']);
    expect((await victim.call('POST', `/v1/workflows/${id}/activate`)).status).toBe(200);
    return id;
  }

  /** Work goes on; then, after a moment, the next blow. */
  async function underLoad(load: Load): Promise<void> {
    const calls = provider.calls.length;
    await until(() => {
      load.check();
      return provider.calls.length >= calls + CALLS_BETWEEN;
    }, 5);
    await later(Math.random() * 300);
  }

  /** While it waits for answers of the provider, which nobody is there to hear afterwards. */
  async function killServer(load: Load): Promise<void> {
    await underLoad(load);
    const release = provider.hold();
    await until(() => {
      load.check();
      return provider.underWay > 0;
    }, 1);
    const { cut } = provider;
    expect(await victim.kill()).toBe('SIGKILL');
    await until(() => provider.cut > cut, 5);
    release();
    await victim.start();
  }

  /** And it comes back once somebody was turned away because of it. */
  async function killStore({ node }: TestStores, load: Load): Promise<void> {
    await underLoad(load);
    const { turnedAway } = load;
    await node?.kill();
    await until(() => {
      load.check();
      return load.turnedAway > turnedAway;
    }, 5);
    await node?.start();
  }

  async function everyRunEnded(): Promise<void> {
    await until(async () => {
      const counts = await victim.call('GET', '/v1/dashboards/executions');
      return counts.status === 200 && counts.body['running'] === 0;
    }, 100);
  }

  async function everythingIsThere({ acknowledged, workflowsMade }: Load): Promise<void> {
    for (const id of acknowledged.values()) {
      const run = await victim.call('GET', `/v1/executions/${id}`);
      expect(run.body).toMatchObject({ executionId: id, status: 'completed' });
    }
    for (const id of workflowsMade) expect((await victim.call('GET', `/v1/workflows/${id}`)).status).toBe(200);
  }

  /** What the log says was finished, and when, against what the provider was asked. */
  function nothingWasRepeated(events: readonly RecordedEvent[]): void {
    const of = (type: string): RecordedEvent[] => events.filter((event) => event.type === type);
    expect(of('ExecutionCompleted')).toHaveLength(of('ExecutionStarted').length);
    const finished = countBy(of('StepCompleted'), stepKey);
    expect(Math.max(...finished.values())).toBe(1);
    expect(finished.size).toBe(of('ExecutionStarted').length * STEPS.length);
    const claims = countBy(of('StepStarted'), stepKey);
    const calls = countBy(provider.calls, (call) => call.key);
    for (const [key, count] of calls) expect([key, count <= (claims.get(key) ?? 0)]).toEqual([key, true]);
    const finishedAt = new Map(of('StepCompleted').map((event) => [stepKey(event), Date.parse(event.recordedAt)]));
    const late = provider.calls.filter((call) => call.atMs > (finishedAt.get(call.key) ?? 0));
    expect(late).toEqual([]);
    // The kills did hit calls under way: otherwise this test would have shown nothing.
    const interrupted = of('StepFailed').filter(
      (event) => (event.data as { error: { code: string } }).error.code === 'interrupted',
    );
    expect(interrupted.length).toBeGreaterThanOrEqual(SERVER_KILLS);
  }

  const storeKills = configuration.shared ? STORE_KILLS : 0;
  const kills = `${SERVER_KILLS} kills of the server${storeKills > 0 ? ` and ${storeKills} of EventStoreDB` : ''}`;

  it(`goes on by itself after each of ${kills}, loses nothing acknowledged and repeats no finished step`, async () => {
    const load = new Load(victim, await defineWorkflow());
    for (let kill = 0; kill < SERVER_KILLS; kill += 1) {
      await killServer(load);
      if (kill >= SERVER_KILLS - storeKills) await killStore(stores, load);
    }
    await load.stop();
    await everyRunEnded();
    const list = await victim.call('GET', '/v1/dashboards/executions');
    await everythingIsThere(load);
    await victim.stop();

    const events = await stores.wholeLog();
    expect(events.filter(({ type }) => type === 'ExecutionStarted')).toHaveLength(Number(list.body['total']));
    expect(load.acknowledged.size).toBeGreaterThan(SERVER_KILLS + storeKills);
    nothingWasRepeated(events);
    expect((await verifyEvents(events)).defects).toEqual([]);
  }, 600_000);
});
