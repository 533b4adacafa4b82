// The promise of the product: whatever somebody does or tries to do stands in the audit trail, with who it was.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunningServer } from '../../apps/server/src/server.worker.js';
import { startServer } from '../../apps/server/src/server.worker.js';
import { parseSettings } from '../../apps/server/src/settings.js';
import { executionRoutes } from './execution-routes.js';
import type { CoveredRoute, Outcome } from './outcome.js';
import { pathOf } from './outcome.js';
import { providerRoutes } from './provider-routes.js';
import { accessRoutes, auditRoutes, probeRoutes } from './reading-routes.js';
import { registeredRoutes, withoutNames } from './registered-routes.js';
import { workflowRoutes } from './workflow-routes.js';
import { startProvider, World } from './world.js';

const table = [
  ...probeRoutes,
  ...workflowRoutes,
  ...providerRoutes,
  ...executionRoutes,
  ...accessRoutes,
  ...auditRoutes,
];

/** Served by Swagger UI itself, the same for everybody; and what every method of a webhook has in common. */
const uncovered = /^GET \/swagger|^(?!POST)[A-Z]+ \/v1\/webhooks\/:$/;

interface Entry {
  readonly eventType: string;
  readonly category: string;
  readonly channel: string;
  readonly requestId?: string;
  readonly correlationId: string;
  readonly summary: string;
  readonly actor: { readonly type: string; readonly id: string; readonly name: string; readonly ipAddress?: string };
}

describe('the audit trail', () => {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'runledger-coverage-'));
  let server: RunningServer;
  let provider: Awaited<ReturnType<typeof startProvider>>;
  let world: World;
  let serial = 0;

  beforeAll(async () => {
    provider = await startProvider();
    const environment = { AUTH: 'keys', PORT: '0', LOG_LEVEL: 'silent', TRUSTED_PROXIES: 'loopback' };
    let key = '';
    server = await startServer(parseSettings({ ...environment, DATA_DIR: dataDirectory }), {
      showFirstKey: (text) => (key = text),
    });
    const asked = new World(server.url, provider.url, { id: '', name: '', key });
    const { items } = await asked.arrange('GET', '/v1/api-keys');
    const [first] = items as readonly { readonly id: string; readonly name: string }[];
    world = new World(server.url, provider.url, { id: first?.id ?? '', name: first?.name ?? '', key });
  }, 60_000);

  afterAll(async () => {
    await server.close();
    provider.stop();
    rmSync(dataDirectory, { recursive: true, force: true });
  }, 30_000);

  /** Entries that the request itself left, oldest first; what the engine and the book-keeping of names add is apart. */
  async function entriesOf(requestId: string): Promise<Entry[]> {
    const { items } = await world.arrange('GET', `/v1/audit-events?requestId=${requestId}&sortOrder=ASC&limit=100`);
    return (items as Entry[]).filter(({ category, channel }) => category !== 'system' && channel !== 'engine');
  }

  /** A caller nobody else is: so that an entry can only be about this request. */
  function caller(): { requestId: string; ip: string; headers: Record<string, string> } {
    serial += 1;
    const [requestId, ip] = [`coverage-${serial}`, `198.51.${Math.floor(serial / 250)}.${(serial % 250) + 1}`];
    return { requestId, ip, headers: { 'x-request-id': requestId, 'x-forwarded-for': ip } };
  }

  async function check(route: string, outcome: Outcome): Promise<void> {
    const { by, channel = 'rest', status, code, entries } = outcome;
    const sent = await outcome.send(world);
    const { requestId, ip, headers } = caller();
    const key = by === 'anonymous' ? {} : { 'x-api-key': world.admin.key };
    const method = route.slice(0, route.indexOf(' '));
    const call = { ...sent, headers: { ...sent.headers, ...headers, ...key } };
    const answer = await world.send(method, pathOf(route, sent), call);
    expect({ status: answer.status, code: answer.body['code'] }).toEqual({
      status,
      code: code ?? (status < 300 ? (undefined as unknown) : (expect.any(String) as unknown)),
    });
    const left = await entriesOf(requestId);
    expect(left.map(({ eventType }) => eventType)).toEqual(entries);
    const actor =
      by === 'anonymous'
        ? { type: 'user', id: 'anonymous', name: 'anonymous', via: 'none', ipAddress: ip }
        : { type: 'api_key', id: world.admin.id, name: world.admin.name, via: 'api_key', ipAddress: ip };
    for (const entry of left) expect(entry).toMatchObject({ actor, channel, requestId });
  }

  it('is checked for every route that the server has', async () => {
    const tree = server.app.getHttpAdapter().getInstance().printRoutes({ commonPrefix: false });
    const response = await fetch(`${server.url}/swagger/json`);
    const description = (await response.json()) as Parameters<typeof registeredRoutes>[1];
    const registered = registeredRoutes(tree, description).filter((route) => !uncovered.test(route));
    expect(registered).toEqual(withoutNames(table.map(({ route }) => route)));
  });

  describe.each(table)('of $route', ({ route, access, outcomes }: CoveredRoute) => {
    it.each(outcomes.map((outcome) => [titleOf(outcome), outcome] as const))('%s', async (_title, outcome) => {
      await check(route, outcome);
    });

    if (access === undefined) {
      it('has the denial of a caller without a key', async () => {
        const params = { id: 'x', workflowId: 'x', version: '1', stream: 'x' };
        await check(route, {
          ...{ when: 'no key is sent', send: () => ({ params }), by: 'anonymous' as const },
          ...{ status: 401, code: 'UNAUTHORIZED', entries: ['ACCESS_DENIED'] },
        });
      });
    }
  });

  it('has no entry of a deed without a known actor, an address and a request', async () => {
    let cursor = '';
    do {
      const query = `category=administrative,access&limit=100&cursor=${cursor}`;
      const page = await world.arrange('GET', `/v1/audit-events?${query}`);
      for (const entry of page['items'] as Entry[]) {
        if (entry.actor.type === 'system') expect(entry.eventType).toBe('API_KEY_CREATED');
        else expect(entry).toMatchObject({ requestId: expect.any(String), actor: { ipAddress: expect.any(String) } });
      }
      cursor = String(page['nextCursor']);
    } while (cursor !== '');
  });

  it('names on whose behalf the engine ran each step', async () => {
    const run = await world.run();
    const { items } = await world.arrange('GET', `/v1/audit-events?resourceId=${run}&sortOrder=ASC&limit=100`);
    const entries = items as (Entry & { readonly onBehalfOf?: { readonly id: string } })[];
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

function titleOf({ when, status, code, entries }: Outcome): string {
  const left = entries.length === 0 ? 'no entry' : entries.join(', ');
  return `has ${left} when ${when} (${status}${code === undefined ? '' : ` ${code}`})`;
}
