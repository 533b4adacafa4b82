// EventStoreDB away, slow, silent, forgetful, without a leader; PostgreSQL away, restarted, full. Whoever writes is told to come
// again, whoever reads is answered while the views can, and all goes on by itself afterwards: nothing lost, nothing twice.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { announce } from '../support/announce.js';
import type { RunningServer } from '../../apps/server/src/server.worker.js';
import { startServer } from '../../apps/server/src/server.worker.js';
import { parseSettings } from '../../apps/server/src/settings.js';
import { everyRunEnded, everythingIsThere, nothingWasRepeated } from '../support/aftermath.js';
import type { Answer, Caller } from '../support/caller.js';
import { callServer } from '../support/caller.js';
import { until } from '../support/until.js';
import { CountingProvider } from '../support/counting-provider.js';
import { Load, loadWorkflow } from '../support/load.js';
import type { PostgresCluster } from '../support/postgres.js';
import { startPostgres } from '../support/postgres.js';
import { freePort } from '../support/free-port.js';
import { smallDisk } from '../support/small-disk.js';
import type { SharedStores, StoreOptions } from '../support/store-configurations.js';
import { inServers } from '../support/store-configurations.js';
import { verifyEvents } from '../support/verified-events.js';

/** How long the store is away under load; an operator's worst case is tried with AWAY_MS=30000. */
const AWAY_MS = Number(process.env['AWAY_MS'] ?? 3_000);
/** Instead of 10 s: who waits for an answer that does not come is told so sooner. */
const APPEND_DEADLINE_MS = 3_000;
const READY_LIMIT_MS = 40_000;
const configuration = inServers();

/** A server on stores of its own, and everything it is asked. */
class Scene implements Caller {
  readonly provider = new CountingProvider();
  readonly port: number;
  private server: Promise<RunningServer> | undefined;
  private workflowId = '';
  private readonly loads: Load[] = [];

  private constructor(
    readonly stores: SharedStores,
    port: number,
  ) {
    this.port = port;
  }

  static async open(options: StoreOptions = {}): Promise<Scene> {
    return new Scene(await configuration.open(options), await freePort());
  }

  /** Begins to start; `started` waits. */
  begin(): void {
    const settings = { HOST: '127.0.0.1', PORT: String(this.port), LOG_LEVEL: 'silent', AUTH: 'off' };
    const EVENTSTORE_URL = `${this.stores.node.url}&defaultDeadline=${APPEND_DEADLINE_MS}`;
    this.server = startServer(parseSettings({ ...settings, ...this.stores.env, EVENTSTORE_URL }));
    this.server.catch(() => undefined);
  }

  async started(): Promise<void> {
    await this.server;
    await this.ready();
    this.workflowId = await loadWorkflow(this, 'load', await this.provider.listen());
  }

  load(name: string): Load {
    const load = new Load(this, this.workflowId, name);
    this.loads.push(load);
    return load;
  }

  /** After a test, however it ended: no fault and no load of it are there for the next one. */
  async calm(): Promise<void> {
    this.stores.node.double?.faults.clear();
    for (const load of this.loads.splice(0)) await load.stop().catch(() => undefined);
  }

  call(...asked: Parameters<Caller['call']>): Promise<Answer> {
    return callServer(`http://127.0.0.1:${this.port}`, ...asked);
  }

  /** Fails with what is not well, when that lasts. */
  async ready(): Promise<void> {
    const limitMs = Date.now() + READY_LIMIT_MS;
    while (Object.keys(await this.complaints()).length > 0 && Date.now() < limitMs) await pause(50);
    expect(await this.complaints()).toEqual({});
  }

  /** Which checks are not well, and why. */
  async complaints(): Promise<Record<string, string>> {
    const { status, body } = await this.call('GET', '/readyz');
    const checks = Object.entries(body['checks'] as Record<string, { status: string; reason?: string }>);
    const bad = checks.filter(([, check]) => check.status !== 'up');
    expect([status, body['status']]).toEqual(bad.length > 0 ? [503, 'unhealthy'] : [200, 'healthy']);
    return Object.fromEntries(bad.map(([name, { reason = '' }]) => [name, reason]));
  }

  /** The gauges that say which checks are well. */
  async gauges(): Promise<Record<string, number>> {
    const { body } = await this.call('GET', '/metrics');
    const lines = String(body['text']).matchAll(/^runledger_check_up\{check="(\w+)"\} (\d)$/gm);
    return Object.fromEntries([...lines].map(([, name = '', value]) => [name, Number(value)]));
  }

  /** The load goes on until more was taken, and ends; everything it was promised is there, and nobody complains. */
  async recovers(load: Load): Promise<void> {
    await load.advances(20);
    await load.stop();
    await everyRunEnded(this);
    await everythingIsThere(this, load);
    await this.ready();
  }

  async nothingWasRepeated(): Promise<void> {
    const events = await this.stores.wholeLog();
    nothingWasRepeated(events, this.provider);
    expect((await verifyEvents(events)).defects).toEqual([]);
  }

  async close(): Promise<void> {
    await (await this.server)?.close();
    this.provider.close();
    await this.stores.remove();
  }
}

const lists = [
  ...['/v1/workflows', '/v1/executions', '/v1/provider-configurations', '/v1/api-keys', '/v1/audit-events'],
  ...['/v1/dashboards/executions', '/v1/dashboards/workflows/summary', '/v1/catalog/executors', '/version', '/metrics'],
];

async function expectAnswered(scene: Scene, paths: readonly string[]): Promise<void> {
  const answers = await Promise.all(paths.map(async (path) => [path, (await scene.call('GET', path)).status]));
  expect(answers).toEqual(paths.map((path) => [path, 200]));
}

async function expectTurnedAway(asked: Promise<Answer>): Promise<void> {
  const { status, body, retryAfter } = await asked;
  expect([status, body]).toEqual([503, expect.objectContaining({ code: 'STORE_UNAVAILABLE' })]);
  expect(Number(retryAfter)).toBeGreaterThan(0);
}

const nothingTwice = 'after all that nothing was done twice, and the log verifies';

describe(`${configuration.name}: EventStoreDB`, () => {
  let scene: Scene;

  beforeAll(async () => {
    scene = await Scene.open();
  }, 120_000);
  afterEach(() => scene.calm(), 60_000);
  afterAll(() => scene.close(), 60_000);

  it('cannot be reached at the start: the server says so, and starts once it can be', async () => {
    await scene.stores.node.kill();
    scene.begin();
    await until(async () => (await scene.call('GET', '/readyz').catch(() => undefined)) !== undefined);
    expect(await scene.complaints()).toEqual({ server: expect.stringMatching(/^it waits: .*EventStoreDB/) });
    await expectTurnedAway(scene.call('POST', '/v1/workflows', { name: 'too early' }));
    await expectTurnedAway(scene.call('GET', '/v1/workflows'));
    await scene.stores.node.start();
    await scene.started();
    expect((await scene.call('POST', '/v1/workflows', { name: 'now' })).status).toBe(201);
  }, 120_000);

  it(`is lost for ${AWAY_MS} ms under load: reads go on, writes are told to come again`, async () => {
    const load = scene.load('lost');
    await load.advances(30);
    await scene.stores.node.kill();
    const back = pause(AWAY_MS);
    await load.isFelt();
    await expectTurnedAway(scene.call('POST', '/v1/workflows', { name: 'lost' }));
    expect(Object.keys(await scene.complaints())).toContain('event_store');
    expect((await scene.complaints())['event_store']).toMatch(/EventStoreDB|event store/);
    expect(await scene.gauges()).toMatchObject({ event_store: 0, server: 1 });
    expect((await scene.call('GET', '/health')).status).toBe(503);
    await expectAnswered(scene, lists);
    await back;
    await scene.stores.node.start();
    await scene.recovers(load);
    expect(await scene.gauges()).toMatchObject({ event_store: 1, views: 1, workers: 1 });
    expect(load.turnedAway).toBeGreaterThan(0);
  }, 180_000);

  it(nothingTwice, () => scene.nothingWasRepeated(), 60_000);
});

describe('EventStoreDB, played by its double,', () => {
  let scene: Scene;

  beforeAll(async () => {
    scene = await Scene.open({ onDouble: true });
    scene.begin();
    await scene.started();
  }, 120_000);
  afterEach(() => scene.calm(), 60_000);
  afterAll(() => scene.close(), 60_000);

  const faults = () => {
    const { double } = scene.stores.node;
    if (!double) throw new Error('there is no double');
    return { ...double, faults: double.faults, port: double.port };
  };

  it('is slow: everything is done, only later', async () => {
    const load = scene.load('slow');
    await load.advances(10);
    const slow = faults().faults.slowAnswers({ delayMs: 200, operations: ['append', 'read'] });
    await load.advances(20);
    await expectAnswered(scene, lists);
    expect(await scene.complaints()).not.toHaveProperty('event_store');
    expect(slow.fired).toBeGreaterThan(20);
    slow.clear();
    await scene.recovers(load);
    expect(load.turnedAway).toBe(0);
  }, 120_000);

  it('answers that it is not the leader: the leader is asked, and nothing else happens', async () => {
    const load = scene.load('leaderless');
    await load.advances(10);
    const { port } = faults();
    const refused = faults().faults.notLeader({ host: '127.0.0.1', port, times: 10, operations: ['append', 'read'] });
    await refused.struck(10);
    await scene.recovers(load);
  }, 120_000);

  it('has no leader for a while: writes are told to come again', async () => {
    const load = scene.load('election');
    await load.advances(10);
    const { port } = faults();
    const refused = faults().faults.notLeader({ host: '127.0.0.1', port, operations: ['append', 'read'] });
    await load.isFelt();
    expect((await scene.complaints())['event_store']).toMatch(/not the leader/);
    await expectAnswered(scene, lists);
    expect(refused.fired).toBeGreaterThan(0);
    refused.clear();
    await scene.recovers(load);
  }, 120_000);

  it('loses answers and cuts connections: what was written is known to be, and nothing is written twice', async () => {
    const load = scene.load('forgetful');
    await load.advances(10);
    const lost = faults().faults.loseReply({ applied: true, then: 'cut', times: 5 });
    await lost.struck(5);
    const gone = faults().faults.loseReply({ applied: false, then: 'cut', times: 5 });
    await gone.struck(5);
    await scene.recovers(load);
  }, 120_000);

  it('falls silent, and its late answers come when nobody waits for them any more', async () => {
    const load = scene.load('silent');
    await load.advances(10);
    const silence = faults().faults.blackHole();
    await load.isFelt();
    expect(Object.keys(await scene.complaints())).toContain('event_store');
    await expectAnswered(scene, lists);
    expect(silence.fired).toBeGreaterThan(0);
    silence.clear();
    await scene.recovers(load);
  }, 180_000);

  it(nothingTwice, () => scene.nothingWasRepeated(), 60_000);
});

describe('PostgreSQL', () => {
  let cluster: PostgresCluster;
  let scene: Scene;

  /** One after the other, each on its own. @returns what the last one finds. */
  const admin = async (...statements: readonly string[]): Promise<readonly { name: string }[]> => {
    const client = new pg.Client(cluster.adminUrl);
    await client.connect();
    try {
      let rows: readonly { name: string }[] = [];
      for (const sql of statements) ({ rows } = await client.query<{ name: string }>(sql));
      return rows;
    } finally {
      await client.end();
    }
  };

  beforeAll(async () => {
    cluster = await startPostgres({ settings: { fsync: 'off' } });
    scene = await Scene.open({ viewsUrl: cluster.url });
  }, 120_000);
  afterEach(() => scene.calm(), 60_000);
  afterAll(async () => {
    await scene.close();
    await cluster.remove();
  }, 60_000);

  it('cannot be reached at the start: the server says so, and starts once it can be', async () => {
    await cluster.stop();
    scene.begin();
    await until(async () => (await scene.call('GET', '/readyz').catch(() => undefined)) !== undefined);
    expect(await scene.complaints()).toEqual({ server: expect.stringMatching(/^it waits: .*PostgreSQL/) });
    await expectTurnedAway(scene.call('POST', '/v1/workflows', { name: 'too early' }));
    await cluster.start();
    await scene.started();
  }, 120_000);

  it('is restarted under load: nobody is told anything but to come again', async () => {
    const load = scene.load('restarted');
    await load.advances(30);
    await cluster.stop();
    const back = pause(AWAY_MS);
    await until(async () => 'views' in (await scene.complaints()));
    await expectTurnedAway(scene.call('GET', '/v1/workflows'));
    expect((await scene.complaints())['views']).toMatch(/PostgreSQL/);
    expect(await scene.gauges()).toMatchObject({ views: 0, event_store: 1 });
    await back;
    await cluster.start();
    await scene.recovers(load);
    expect(await scene.gauges()).toMatchObject({ views: 1, event_store: 1 });
  }, 180_000);

  it('has no room left on its disk: the log goes on, the views stand still and say so, until there is room', async () => {
    const load = scene.load('full');
    await load.advances(10);
    const room = await withoutRoom();
    await until(async () => /No space left on device/.test((await scene.complaints())['views'] ?? ''), 100);
    expect(await scene.gauges()).toMatchObject({ views: 0, event_store: 1 });
    const shown = await scene.call('GET', '/v1/workflows?limit=1');
    expect([200, 503]).toContain(shown.status);
    await room();
    await scene.recovers(load);
  }, 180_000);

  it(nothingTwice, () => scene.nothingWasRepeated(), 60_000);

  /** @returns what makes room again. */
  async function withoutRoom(): Promise<() => Promise<void>> {
    const schema = scene.stores.env['VIEWS_SCHEMA'] ?? '';
    const tables = await admin(`SELECT tablename AS name FROM pg_tables WHERE schemaname = '${schema}'`);
    const disk = await smallDisk(cluster, 256);
    if (!disk) {
      announce('no small disk could be mounted here: the full disk is played by triggers');
      await admin(`CREATE FUNCTION ${schema}.refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$`);
      const begun = `TRIGGER refuse BEFORE INSERT ON ${schema}.`;
      const refusing = `EXECUTE FUNCTION ${schema}.refuse()`;
      await admin(...tables.map(({ name }) => `CREATE ${begun}${name} ${refusing}`));
      return async () => {
        await admin(...tables.map(({ name }) => `DROP TRIGGER refuse ON ${schema}.${name}`));
      };
    }
    await admin(`CREATE TABLESPACE small LOCATION '${disk.path}'`);
    await admin(...tables.map(({ name }) => `ALTER TABLE ${schema}.${name} SET TABLESPACE small`));
    const ballast = join(disk.path, 'ballast');
    fill(ballast);
    return async () => {
      rmSync(ballast);
      return Promise.resolve();
    };
  }
});

/** Until nothing more can be written there. */
function fill(path: string): void {
  for (const size of [1 << 20, 4_096, 1]) {
    try {
      for (;;) writeFileSync(path, Buffer.alloc(size), { flag: 'a' });
    } catch {
      // full, to this size
    }
  }
}
