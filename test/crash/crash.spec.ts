// A server killed at random moments under load, and where the log is elsewhere, that one too. Nothing acknowledged is lost,
// every run ends, and no finished step is called again. The provider counts; the log says what was finished; both are
// compared at the end.
import { everyRunEnded, everythingIsThere, interruptions, nothingWasRepeated } from '../support/aftermath.js';
import { until } from '../support/caller.js';
import { CountingProvider } from '../support/counting-provider.js';
import { Load, loadWorkflow } from '../support/load.js';
import type { TestStores } from '../support/store-configurations.js';
import { storeConfigurations } from '../support/store-configurations.js';
import { verifyEvents } from '../support/verified-events.js';
import { Victim } from './victim.js';

const SERVER_KILLS = 20;
const STORE_KILLS = 10;
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

  const storeKills = configuration.shared ? STORE_KILLS : 0;
  const kills = `${SERVER_KILLS} kills of the server${storeKills > 0 ? ` and ${storeKills} of EventStoreDB` : ''}`;

  it(`goes on by itself after each of ${kills}, loses nothing acknowledged and repeats no finished step`, async () => {
    const load = new Load(victim, await loadWorkflow(victim, 'crash', await provider.listen()), 'crash');
    for (let kill = 0; kill < SERVER_KILLS; kill += 1) {
      await killServer(load);
      if (kill >= SERVER_KILLS - storeKills) await killStore(stores, load);
    }
    await load.stop();
    await everyRunEnded(victim);
    const list = await victim.call('GET', '/v1/dashboards/executions');
    await everythingIsThere(victim, load);
    await victim.stop();

    const events = await stores.wholeLog();
    expect(events.filter(({ type }) => type === 'ExecutionStarted')).toHaveLength(Number(list.body['total']));
    expect(load.acknowledged.size).toBeGreaterThan(SERVER_KILLS + storeKills);
    nothingWasRepeated(events, provider);
    expect(interruptions(events)).toBeGreaterThanOrEqual(SERVER_KILLS);
    expect((await verifyEvents(events)).defects).toEqual([]);
  }, 600_000);
});
