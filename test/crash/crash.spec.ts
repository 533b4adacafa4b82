// A server killed at random moments under load, and where the log is elsewhere, that one too. Nothing acknowledged is lost,
// every run ends, and no finished step is called again. The provider counts; the log says what was finished; both are
// compared at the end.
import { everyRunEnded, everythingIsThere, interruptions, nothingWasRepeated } from '../support/aftermath.js';
import { until } from '../support/until.js';
import { CountingProvider } from '../support/counting-provider.js';
import { Load, loadWorkflow } from '../support/load.js';
import type { TestStores } from '../support/store-configurations.js';
import { storeConfigurations } from '../support/store-configurations.js';
import { verifyEvents } from '../support/verified-events.js';
import { Victim } from './victim.js';

/** How often each is killed. CRASH_KILLS=all: as often where the stores are servers as on files, which takes minutes. */
const ALL = { server: 20, store: 10 };
const FEWER = { server: 6, store: 4 };
/** Calls of the provider before each of them, at least. */
const CALLS_BETWEEN = 10;

describe.each(storeConfigurations())('on $name', (configuration) => {
  const provider = new CountingProvider();
  let stores: TestStores;
  let victim: Victim;

  beforeAll(async () => {
    stores = await configuration.open();
    victim = new Victim(stores.env);
    await victim.start();
  }, 120_000);

  afterAll(async () => {
    await victim.stop();
    provider.close();
    await stores.remove();
  }, 60_000);

  /** Work goes on; then, after a moment, the next blow. */
  async function underLoad(load: Load): Promise<void> {
    const calls = provider.calls.length;
    await load.until(() => provider.calls.length >= calls + CALLS_BETWEEN);
    await new Promise((later) => setTimeout(later, Math.random() * 300));
  }

  /** While it waits for answers of the provider, which nobody is there to hear afterwards. */
  async function killServer(load: Load): Promise<void> {
    await underLoad(load);
    const release = provider.hold();
    await load.until(() => provider.underWay > 0);
    const { cut } = provider;
    expect(await victim.kill()).toBe('SIGKILL');
    await until(() => provider.cut > cut);
    release();
    await victim.start();
  }

  /** And it comes back once somebody was turned away because of it. */
  async function killStore({ node }: TestStores, load: Load): Promise<void> {
    await underLoad(load);
    await node?.kill();
    await load.isFelt();
    await node?.start();
  }

  const chosen = configuration.shared && process.env['CRASH_KILLS'] !== 'all' ? FEWER : ALL;
  const kills = { server: chosen.server, store: configuration.shared ? chosen.store : 0 };
  const named = `${kills.server} kills of the server${kills.store > 0 ? ` and ${kills.store} of EventStoreDB` : ''}`;

  it(`goes on by itself after each of ${named}, loses nothing acknowledged and repeats no finished step`, async () => {
    const load = new Load(victim, await loadWorkflow(victim, 'crash', await provider.listen()), 'crash');
    for (let kill = 0; kill < kills.server; kill += 1) {
      await killServer(load);
      if (kill >= kills.server - kills.store) await killStore(stores, load);
    }
    await load.stop();
    await everyRunEnded(victim);
    const list = await victim.call('GET', '/v1/dashboards/executions');
    await everythingIsThere(victim, load);
    await victim.stop();

    const events = await stores.wholeLog();
    expect(events.filter(({ type }) => type === 'ExecutionStarted')).toHaveLength(Number(list.body['total']));
    expect(load.acknowledged.size).toBeGreaterThan(kills.server + kills.store);
    nothingWasRepeated(events, provider);
    expect(interruptions(events)).toBeGreaterThanOrEqual(kills.server);
    expect((await verifyEvents(events)).defects).toEqual([]);
  }, 600_000);
});
