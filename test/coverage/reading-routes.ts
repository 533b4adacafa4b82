// API keys, the audit trail, streams, probes and documentation.
import type { CoveredRoute, Outcome, Sent } from './outcome.js';
import { idOutcomes, refused, rejected, succeeds } from './outcome.js';
import type { World } from './world.js';
import { unknownId } from './world.js';

const of = (id: string, more: Sent = {}): Sent => ({ params: { id }, ...more });
const stream = (name: string, query?: string): Sent => ({
  params: { stream: name },
  ...(query === undefined ? {} : { query }),
});

const givenBack = (when: string, code: string, body: (w: World) => object): Outcome => ({
  ...rejected(when, 400, code, (w) => ({ body: body(w) })),
  entries: ['VALUE_RESERVED', 'VALUE_RELEASED'],
});

export const accessRoutes: readonly CoveredRoute[] = [
  {
    route: 'POST /v1/api-keys',
    outcomes: [
      succeeds('the name is free', (w) => ({ body: { name: w.fresh('key') } }), {
        status: 201,
        entries: ['VALUE_RESERVED', 'API_KEY_CREATED'],
      }),
      rejected('it has no name', 400, 'FLK-0001', () => ({ body: {} })),
      // The name is claimed before the key is looked at, and given back.
      givenBack('its name has a line break', 'API_KEY_NAME_INVALID', (w) => ({ name: `${w.fresh('key')}\n` })),
      givenBack('it ended before it began', 'API_KEY_EXPIRY_INVALID', (w) => ({
        name: w.fresh('key'),
        expiresAt: '2020-01-01T00:00:00Z',
      })),
      refused('the name is taken', 409, 'API_KEY_NAME_EXISTS', async (w) => {
        const { name } = await w.arrange('GET', `/v1/api-keys/${await w.apiKey()}`);
        return { body: { name } };
      }),
    ],
  },
  {
    route: 'GET /v1/api-keys',
    outcomes: [
      succeeds('asked'),
      rejected('the limit is out of bounds', 400, 'FLK-0304', () => ({ query: 'limit=0' })),
      rejected('the cursor is foreign', 400, 'INVALID_CURSOR', () => ({ query: 'cursor=x' })),
    ],
  },
  {
    route: 'GET /v1/api-keys/:id',
    outcomes: [succeeds('it exists', async (w) => of(await w.apiKey())), ...idOutcomes('API_KEY_NOT_FOUND')],
  },
  {
    route: 'POST /v1/api-keys/:id/revoke',
    outcomes: [
      succeeds('it is in use', async (w) => of(await w.apiKey()), { entries: ['API_KEY_REVOKED', 'VALUE_RELEASED'] }),
      ...idOutcomes('API_KEY_NOT_FOUND'),
      refused('it is the last one', 422, 'API_KEY_LAST_ONE', lastKey),
    ],
  },
  {
    route: 'DELETE /v1/api-keys/:id',
    outcomes: [
      succeeds('it is in use', async (w) => of(await w.apiKey()), {
        status: 204,
        entries: ['API_KEY_REVOKED', 'VALUE_RELEASED'],
      }),
      ...idOutcomes('API_KEY_NOT_FOUND'),
      refused('it is the last one', 422, 'API_KEY_LAST_ONE', lastKey),
    ],
  },
];

export const auditRoutes: readonly CoveredRoute[] = [
  {
    route: 'GET /v1/audit-events',
    outcomes: [
      succeeds('asked'),
      rejected('a value is unknown', 400, 'FLK-0304', () => ({ query: 'eventType=NO' })),
      rejected('a parameter is unknown', 400, 'FLK-0304', () => ({ query: 'colour=red' })),
      rejected('an id is no UUID', 400, 'FLK-0002', () => ({ query: 'resourceId=7' })),
      rejected('a position is foreign', 400, 'FLK-0304', () => ({ query: 'asOf=41' })),
      rejected('a date is none', 400, 'FLK-0305', () => ({ query: 'dateFrom=today' })),
      rejected('it ends before it begins', 400, 'FLK-0308', () => ({
        query: 'dateFrom=2026-06-01T00:00:00Z&dateTo=2026-05-01T00:00:00Z',
      })),
      rejected('the cursor is foreign', 400, 'FLK-0610', () => ({ query: 'cursor=41' })),
    ],
  },
  {
    route: 'GET /v1/audit-events/facets',
    outcomes: [succeeds('asked'), rejected('a value is unknown', 400, 'FLK-0304', () => ({ query: 'channel=no' }))],
  },
  {
    route: 'GET /v1/audit-events/histogram',
    outcomes: [
      succeeds('the bounds are given', () => ({
        query: 'interval=day&dateFrom=2026-05-01T00:00:00Z&dateTo=2026-06-01T00:00:00Z',
      })),
      rejected('they are not', 400, 'FLK-0305'),
      rejected('they lie too far apart', 400, 'FLK-0308', () => ({
        query: 'interval=minute&dateFrom=2026-05-01T00:00:00Z&dateTo=2026-06-01T00:00:00Z',
      })),
    ],
  },
  {
    route: 'GET /v1/audit-events/export',
    outcomes: [
      succeeds('asked for NDJSON', () => ({ query: 'category=access' }), { entries: ['AUDIT_EXPORTED'] }),
      succeeds('asked for CSV', () => ({ query: 'format=csv&category=access' }), { entries: ['AUDIT_EXPORTED'] }),
      rejected('the format is unknown', 400, 'FLK-0304', () => ({ query: 'format=pdf' })),
    ],
  },
  {
    route: 'GET /v1/audit-events/:id',
    outcomes: [succeeds('it exists', async (w) => of(await w.entry())), ...idOutcomes('FLK-0600')],
  },
  {
    route: 'GET /v1/audit-events/:id/related',
    outcomes: [succeeds('it exists', async (w) => of(await w.entry())), ...idOutcomes('FLK-0600')],
  },
  {
    route: 'GET /v1/audit-events/:id/verify',
    outcomes: [succeeds('it exists', async (w) => of(await w.entry())), ...idOutcomes('FLK-0600')],
  },
  {
    route: 'GET /v1/streams/:stream/events',
    outcomes: [
      succeeds('it exists', async (w) => stream(`workflow-${await w.draft()}`)),
      rejected('the name is none', 400, 'FLK-0002', () => stream('lease-runner')),
      rejected('the query is wrong', 400, 'FLK-0304', () => stream(`workflow-${unknownId}`, 'from=-1')),
      rejected('there is no such stream', 404, 'STREAM_NOT_FOUND', () => stream(`workflow-${unknownId}`)),
    ],
  },
  {
    route: 'GET /v1/streams/:stream/state',
    outcomes: [
      succeeds('it exists', async (w) => stream(`workflow-${await w.draft()}`, 'revision=0')),
      succeeds('it is a run', async (w) => stream(`execution-${await w.run()}`)),
      succeeds('it is a provider configuration', async (w) => stream(`providerConfiguration-${await w.provider()}`)),
      succeeds('it is an API key', async (w) => stream(`apiKey-${await w.apiKey()}`)),
      rejected('both places are named', 400, 'FLK-0304', () =>
        stream(`workflow-${unknownId}`, 'revision=0&at=2026-05-01T00:00:00Z'),
      ),
      rejected('the name is none', 400, 'FLK-0002', () => stream('lease-runner')),
      rejected('it has no state', 400, 'FLK-0002', () => stream('access-20260101')),
      rejected('there is no such stream', 404, 'STREAM_NOT_FOUND', () => stream(`workflow-${unknownId}`)),
      rejected('it ends before', 404, 'REVISION_NOT_FOUND', async (w) =>
        stream(`workflow-${await w.draft()}`, 'revision=9'),
      ),
    ],
  },
];

export const probeRoutes: readonly CoveredRoute[] = [
  { route: 'GET /health', access: 'public', outcomes: [succeeds('asked')] },
  { route: 'GET /readyz', access: 'public', outcomes: [succeeds('asked')] },
  { route: 'GET /version', access: 'public', outcomes: [succeeds('asked')] },
  { route: 'GET /metrics', outcomes: [succeeds('asked from elsewhere with a key')] },
];

async function lastKey(world: World): Promise<Sent> {
  const { items } = await world.arrange('GET', '/v1/api-keys?status=active&limit=100');
  for (const { id } of items as readonly { readonly id: string }[]) {
    if (id !== world.admin.id) await world.arrange('DELETE', `/v1/api-keys/${id}`);
  }
  return of(world.admin.id);
}
