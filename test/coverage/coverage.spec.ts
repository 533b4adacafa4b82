// The promise of the product: whatever somebody does or tries to do stands in the audit trail, with who it was.
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunningServer } from '../../apps/server/src/server.worker.js';
import { startServer } from '../../apps/server/src/server.worker.js';
import { parseSettings } from '../../apps/server/src/settings.js';
import type { ApiDescription } from './answer-schemas.js';
import { AnswerSchemas, undescribed } from './answer-schemas.js';
import { rawOutcomes } from './edge-routes.js';
import type { CoveredRoute } from './outcome.js';
import { outcomesOf, titleOf } from './outcome.js';
import { registeredRoutes, wildcardsOf, withoutNames } from './registered-routes.js';
import { routeTable, wholeTable } from './table.js';
import { expectOutcome, Witness } from './witness.js';
import { startProvider, World } from './world.js';

const wildcards = ['/v1/webhooks/*', '/swagger/*', '/v1/evidence/tile/*', '/v1/evidence/entries/*'];
/** No call of a provider ends by itself while the trail is watched. */
const patient = { STEP_TIMEOUT_MS: '3600000', RUN_TIMEOUT_MS: '3600000' };
const environment = {
  ...{ AUTH: 'keys', PORT: '0', LOG_LEVEL: 'silent', TRUSTED_PROXIES: 'loopback' },
  ...{ REQUEST_TIMEOUT_MS: '1000', ...patient },
};

describe('the audit trail', () => {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'runledger-coverage-'));
  let server: RunningServer;
  let provider: Awaited<ReturnType<typeof startProvider>>;
  let world: World;
  let witness: Witness;
  let description: ApiDescription;
  let schemas: AnswerSchemas;

  beforeAll(async () => {
    provider = await startProvider();
    let key = '';
    server = await startServer(parseSettings({ ...environment, DATA_DIR: dataDirectory }), {
      showFirstKey: (text) => (key = text),
    });
    world = await World.of(server.url, provider.url, key);
    witness = new Witness(world);
    description = (await world.send('GET', '/swagger/json', {})).body as unknown as ApiDescription;
    schemas = new AnswerSchemas(description);
  }, 60_000);

  afterAll(async () => {
    await server.close();
    provider.stop();
    rmSync(dataDirectory, { recursive: true, force: true });
  }, 30_000);

  it('is checked for every route that the server has', async () => {
    const router = server.app.getHttpAdapter().getInstance();
    expect(wildcardsOf(router.printRoutes())).toBe(wildcards.length);
    const { body } = await world.send('GET', '/swagger/json', {});
    const registered = registeredRoutes(router, body as { paths: Record<string, object> }, wildcards);
    expect(registered).toEqual(withoutNames(routeTable.map(({ route }) => route)));
  });

  describe.each(wholeTable)('of $route', (covered: CoveredRoute) => {
    it.each(outcomesOf(covered).map((outcome) => [titleOf(outcome), outcome] as const))(
      '%s',
      async (_title, outcome) => {
        const seen = await witness.of(covered.route, outcome);
        expectOutcome(seen, outcome);
        expect(schemas.defects(covered.route, seen.answer.status, seen.answer.body)).toEqual([]);
      },
    );
  });

  describe('of answers', () => {
    it('every one that is a success and has a body is described', () => {
      expect(undescribed(description)).toEqual([]);
    });

    it('every described one was seen, and was as it is described', () => {
      // One handler answers webhooks of every method; POST stands for all of them.
      const isOther = (operation: string): boolean => /^(?!post )\w+ \/v1\/webhooks\//.test(operation);
      expect([...schemas.unseen].filter((operation) => !isOther(operation))).toEqual([]);
    });

    it('one that has a member more, or lacks one, is noticed', () => {
      const version = { version: '1.2.3', requestDate: '2026-05-02T13:00:00.000Z' };
      expect(schemas.defects('GET /version', 200, version)).toEqual([]);
      for (const wrong of [{ ...version, more: 1 }, { version: '1.2.3' }, { ...version, requestDate: 'today' }]) {
        expect(schemas.defects('GET /version', 200, wrong)).toHaveLength(1);
      }
      const bare = { ...description, paths: { '/version': { get: { responses: { 200: {} } } } } };
      expect(undescribed(bare)).toEqual(['get /version 200']);
    });
  });

  describe('of what never becomes a request', () => {
    it.each(rawOutcomes)('has no entry when $when ($status $code)', async ({ bytes, status, code }) => {
      const last = await witness.lastEntryId();
      const socket = connect(server.port, '127.0.0.1', () => socket.write(bytes));
      let heard = '';
      socket.on('data', (chunk: Buffer) => (heard += chunk.toString()));
      await once(socket, 'close');
      expect(heard).toMatch(new RegExp(`^HTTP/1.1 ${status} [^]*"code":"${code}"`));
      expect(await witness.lastEntryId()).toBe(last);
    });
  });

  it('is accounted for from its first entry to its last', async () => {
    const trail = await witness.wholeTrail();
    const ownDoing = trail.filter(({ correlationId }) => !world.requests.has(correlationId));
    expect(ownDoing.map(({ eventType, actor, channel }) => [eventType, actor.name, channel])).toEqual([
      ['VALUE_RESERVED', 'engine', 'engine'],
      ['API_KEY_CREATED', 'engine', 'engine'],
      ['SERVER_STARTED', 'engine', 'engine'],
    ]);
    expect(trail.slice(0, ownDoing.length)).toEqual(ownDoing);
    for (const { channel, actor, onBehalfOf, requestId, correlationId, eventType } of trail.slice(ownDoing.length)) {
      if (channel === 'engine') {
        expect([eventType, actor.type, onBehalfOf?.id]).toEqual([eventType, 'system', expect.any(String)]);
        expect(['EXECUTION', 'STEP', 'PROVIDER']).toContain(eventType.split('_')[0]);
      } else {
        expect({ eventType, requestId, ip: actor.ipAddress }).toEqual({
          ...{ eventType, requestId: correlationId, ip: expect.any(String) },
        });
        expect(actor.type).not.toBe('system');
      }
    }
  });

  it('names on whose behalf the engine ran each step', async () => {
    const entries = await witness.wholeTrail(`resourceId=${await world.run()}`);
    expect(entries.map(({ eventType }) => eventType)).toEqual([
      'EXECUTION_STARTED',
      'PROVIDER_CALL_STARTED',
      'PROVIDER_CALL_COMPLETED',
      'STEP_COMPLETED',
      'EXECUTION_COMPLETED',
    ]);
    for (const { actor, onBehalfOf } of entries) {
      expect([actor.id, onBehalfOf?.id]).toContain(world.admin.id);
    }
    expect(new Set(entries.map(({ correlationId }) => correlationId)).size).toBe(1);
  });
});
