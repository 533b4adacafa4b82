// What a server leaves in the trail by itself - start, stop, views made again, denials counted - and what it answers when it
// has as much to do as it may, or is about to stop.
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunningServer } from '../../apps/server/src/server.worker.js';
import { startServer } from '../../apps/server/src/server.worker.js';
import { parseSettings } from '../../apps/server/src/settings.js';
import { pathOf, titleOf } from './outcome.js';
import { full, ownDeeds, stopping } from './unavailable-routes.js';
import type { Entry } from './witness.js';
import { callerOf, expectOutcome, Witness } from './witness.js';
import type { Answer } from './world.js';
import { startProvider, until, World } from './world.js';

const environment = {
  ...{ AUTH: 'keys', PORT: '0', LOG_LEVEL: 'silent', TRUSTED_PROXIES: 'loopback', MAX_LIVE_RUNS: '1' },
  ...{ STEP_TIMEOUT_MS: '3600000', RUN_TIMEOUT_MS: '3600000' },
};
const DENIALS = 100;
/** As many as libs/access records one by one from one address in a minute. */
const RECORDED_DENIALS = 60;

describe('the life of a server', () => {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'runledger-life-'));
  const stopped: { readonly route: string; readonly answer: Answer }[] = [];
  let provider: Awaited<ReturnType<typeof startProvider>>;
  let server: RunningServer;
  let key = '';
  let world: World;
  let witness: Witness;
  let run = '';

  async function start(): Promise<void> {
    server = await startServer(parseSettings({ ...environment, DATA_DIR: dataDirectory }), {
      showFirstKey: (text) => (key = text),
    });
    world = await World.of(server.url, provider.url, key);
    witness = new Witness(world);
  }

  /** A request that has begun and does not go on: the server waits for it before it stops. */
  async function begun(): Promise<Socket> {
    const head = ['POST /v1/workflows HTTP/1.1', 'Host: here', 'Content-Type: application/json', 'Content-Length: 9'];
    const socket = connect(server.port, '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.write(`${head.join('\r\n')}\r\n\r\n{`);
    // The answer to a later request of another connection: the earlier one has been seen.
    await world.send('GET', '/health', {});
    return socket;
  }

  beforeAll(async () => {
    provider = await startProvider();
    await start();
  }, 60_000);

  afterAll(async () => {
    await server.close();
    provider.stop();
    rmSync(dataDirectory, { recursive: true, force: true });
  }, 30_000);

  const types = (entries: readonly Entry[]): string[] => entries.map(({ eventType }) => eventType);

  it('begins with the first key and the start', async () => {
    const trail = await witness.wholeTrail();
    expect(types(trail)).toEqual(['VALUE_RESERVED', 'API_KEY_CREATED', 'SERVER_STARTED']);
    expect(trail.at(-1)).toMatchObject({
      ...{ channel: 'engine', category: 'system', actor: { type: 'system', name: 'engine' } },
      metadata: { 'server.auth': 'keys', 'server.port': server.port },
    });
  });

  it('has one entry for each of many denials from one address, up to a measure, and counts the others', async () => {
    const ip = '203.0.113.77';
    for (let index = 0; index < DENIALS; index += 1) {
      const headers = { 'x-request-id': `flood-${index}`, 'x-forwarded-for': ip };
      expect((await world.send('GET', '/v1/workflows', { headers })).status).toBe(401);
    }
    const denials = await witness.wholeTrail(`ip=${ip}`);
    expect(denials.map(({ eventType, requestId }) => [eventType, requestId])).toEqual(
      Array.from({ length: RECORDED_DENIALS }, (_, index) => ['ACCESS_DENIED', `flood-${index}`]),
    );
    const other = { 'x-request-id': 'bystander', 'x-forwarded-for': '203.0.113.78' };
    await world.send('GET', '/v1/workflows', { headers: other });
    expect(types(await witness.wholeTrail('requestId=bystander'))).toEqual(['ACCESS_DENIED']);
  });

  describe('with as many runs under way as may be', () => {
    beforeAll(async () => {
      run = await world.run('/never');
    });

    const cases = full.flatMap(({ route, outcomes }) => outcomes.map((outcome) => ({ route, outcome })));
    it.each(cases.map((one) => [`${one.route} ${titleOf(one.outcome)}`, one] as const))('%s', async (_title, one) => {
      expectOutcome(await witness.of(one.route, one.outcome), one.outcome);
    });
  });

  it('turns away, before its stop, whoever calls any route but the probes', async () => {
    const held = await begun();
    const closing = server.close('SIGTERM');
    const cases = stopping.flatMap(({ route, outcomes }) => outcomes.map((outcome) => ({ route, outcome })));
    const answers = cases.map(async ({ route, outcome }, index) => {
      const { headers } = callerOf(`stopping-${index}`, index);
      const method = route.slice(0, route.indexOf(' '));
      const sent = await outcome.send(world);
      const all = {
        ...headers,
        'x-api-key': key,
        ...(method === 'QUERY' ? { 'content-type': 'application/json' } : {}),
      };
      return { route, answer: await world.send(method, pathOf(route, sent), { headers: all }) };
    });
    const probe = world.send('GET', '/health', {});
    stopped.push(...(await Promise.all(answers)));
    expect((await probe).status).toBe(200);
    held.destroy();
    await closing;
    expect(stopped).toHaveLength(stopping.length);
    for (const { route, answer } of stopped) {
      const code = route.startsWith('HEAD ') ? undefined : 'SHUTTING_DOWN';
      expect({ route, status: answer.status, code: answer.body['code'] }).toEqual({ route, status: 503, code });
    }
  });

  it('ends with what was counted, and with the stop; what was turned away before it left nothing', async () => {
    const before = Date.now();
    await start();
    const trail = await witness.wholeTrail();
    const system = trail.filter(({ eventType }) => ownDeeds.includes(eventType));
    expect(types(system)).toEqual(['SERVER_STARTED', 'SERVER_STOPPED', 'SERVER_STARTED']);
    expect(Date.parse(system[1]?.timestamp ?? '')).toBeLessThan(before);
    expect(system[1]?.metadata).toMatchObject({ 'server.id': system[0]?.metadata['server.id'] });
    const counted = trail.filter(({ metadata }) => metadata['request.count'] !== undefined);
    expect(counted).toMatchObject([
      {
        ...{ eventType: 'ACCESS_DENIED', requestId: `flood-${RECORDED_DENIALS}`, actor: { ipAddress: '203.0.113.77' } },
        metadata: { 'request.count': DENIALS - RECORDED_DENIALS, 'error.code': 'UNAUTHORIZED' },
      },
    ]);
    expect(trail.filter(({ requestId }) => requestId?.startsWith('stopping-'))).toEqual([]);
  });

  it('tells when views were folded again', async () => {
    await world.arrange('POST', `/v1/executions/${run}/cancel`, { body: {} });
    await server.close();
    writeFileSync(join(dataDirectory, 'views.db'), 'nonsense'.repeat(1_000));
    await start();
    const rebuilt = async (): Promise<Entry[]> => witness.wholeTrail('eventType=VIEWS_REBUILT');
    await until(async () => (await rebuilt()).length > 0);
    expect(await rebuilt()).toMatchObject([
      { channel: 'engine', category: 'system', actor: { type: 'system', name: 'engine' } },
    ]);
    const deeds = types(await witness.wholeTrail()).filter((type) => ownDeeds.includes(type));
    expect(deeds.slice(0, 4)).toEqual(['SERVER_STARTED', 'SERVER_STOPPED', 'SERVER_STARTED', 'SERVER_STOPPED']);
    // Views are folded while the server starts: which of the two comes first is open.
    expect(deeds.slice(4).sort()).toEqual(['SERVER_STARTED', 'VIEWS_REBUILT']);
  });
});
