import type { CoveredRoute, Outcome, Sent } from './outcome.js';
import { idOutcomes, refused, rejected, succeeds } from './outcome.js';
import type { World } from './world.js';
import { calls } from './world.js';

const of = (id: string, more: Sent = {}): Sent => ({ params: { id }, ...more });
const stale = { 'if-match': '"99"' };
const noTag = { 'if-match': 'yesterday' };
const badTag = (body: object = {}): Outcome =>
  rejected('If-Match is no tag', 400, 'INVALID_IF_MATCH', async (w) =>
    of(await w.provider(), { body, headers: noTag }),
  );

/** The fields that have rules of their own, on creating and on changing. */
const fieldOutcomes = (sent: (w: World, fields: object) => Promise<Sent> | Sent): Outcome[] => [
  rejected('its name is blank', 400, 'FLK-0295', (w) => sent(w, { name: ' ' })),
  rejected('its name is too long', 400, 'FLK-0296', (w) => sent(w, { name: 'n'.repeat(101) })),
  rejected('its description is too long', 400, 'FLK-0297', (w) => sent(w, { description: 'd'.repeat(501) })),
  rejected('its configuration is empty', 400, 'FLK-0298', (w) => sent(w, { config: {} })),
];
const configuration = (world: World): object => ({
  name: world.fresh('provider'),
  providerId: 'http',
  config: { base_url: world.providerUrl },
});

export const providerRoutes: readonly CoveredRoute[] = [
  {
    route: 'POST /v1/provider-configurations',
    outcomes: [
      succeeds('the configuration is sound', (w) => ({ body: configuration(w) }), {
        status: 201,
        entries: ['VALUE_RESERVED', 'PROVIDER_CONFIG_CREATED'],
      }),
      succeeds(
        'it holds a secret',
        (w) => ({ body: { ...configuration(w), config: { base_url: w.providerUrl, api_key: 'k-9f2a77c1' } } }),
        { status: 201, entries: ['VALUE_RESERVED', 'PROVIDER_CONFIG_CREATED'] },
      ),
      rejected('the body is no JSON', 400, 'FLK-0001', () => ({ body: '{' })),
      ...fieldOutcomes((w, fields) => ({ body: { ...configuration(w), ...fields } })),
      rejected('it names no provider', 400, 'FLK-0299', (w) => ({ body: { ...configuration(w), providerId: '' } })),
      rejected('the provider is unknown', 404, 'FLK-0294', (w) => ({
        body: { ...configuration(w), providerId: 'no' },
      })),
      refused('the name is taken', 409, 'FLK-0291', async (w) => {
        const body = configuration(w);
        await w.arrange('POST', '/v1/provider-configurations', { body });
        return { body };
      }),
      refused('the configuration breaks its schema', 422, 'FLK-0293', (w) => ({
        body: { ...configuration(w), config: { base_url: 7 } },
      })),
    ],
  },
  {
    route: 'GET /v1/provider-configurations',
    outcomes: [
      succeeds('asked'),
      rejected('the status is unknown', 400, 'FLK-0304', () => ({ query: 'status=lost' })),
      rejected('the cursor is foreign', 400, 'INVALID_CURSOR', () => ({ query: 'cursor=x' })),
    ],
  },
  {
    route: 'GET /v1/provider-configurations/:id',
    outcomes: [succeeds('it exists', async (w) => of(await w.provider())), ...idOutcomes('FLK-0290')],
  },
  {
    route: 'PATCH /v1/provider-configurations/:id',
    outcomes: [
      succeeds('something differs', async (w) => of(await w.provider(), { body: { description: 'EU region' } }), {
        entries: ['PROVIDER_CONFIG_UPDATED'],
      }),
      succeeds(
        'a secret differs',
        async (w) => {
          const config = { base_url: w.providerUrl, api_key: 'k-9f2a77c2' };
          return of(await w.provider({ api_key: 'k-9f2a77c1' }), { body: { config } });
        },
        { entries: ['PROVIDER_CONFIG_UPDATED'] },
      ),
      succeeds('nothing differs', async (w) => of(await w.provider(), { body: {} })),
      rejected('the body is no JSON', 400, 'FLK-0001', async (w) => of(await w.provider(), { body: '{' })),
      ...fieldOutcomes(async (w, body) => of(await w.provider(), { body })),
      rejected('its provider is another one', 400, 'FLK-0299', async (w) =>
        of(await w.provider(), { body: { providerId: 'tracer' } }),
      ),
      badTag({ description: 'x' }),
      succeeds('its name differs', async (w) => of(await w.provider(), { body: { name: w.fresh('renamed') } }), {
        entries: ['VALUE_RESERVED', 'PROVIDER_CONFIG_UPDATED', 'VALUE_RELEASED'],
      }),
      ...idOutcomes('FLK-0290', { body: { description: 'x' } }),
      refused('the name is taken', 409, 'FLK-0291', async (w) => {
        const { name } = await w.arrange('GET', `/v1/provider-configurations/${await w.provider()}`);
        return of(await w.provider(), { body: { name } });
      }),
      refused('somebody changed it meanwhile', 409, 'FLK-0350', async (w) =>
        of(await w.provider(), { body: { description: 'x' }, headers: stale }),
      ),
      refused('the configuration breaks its schema', 422, 'FLK-0293', async (w) =>
        of(await w.provider(), { body: { config: { base_url: 7 } } }),
      ),
    ],
  },
  {
    route: 'DELETE /v1/provider-configurations/:id',
    outcomes: [
      succeeds('no workflow uses it', async (w) => of(await w.provider()), {
        status: 204,
        entries: ['PROVIDER_CONFIG_DELETED', 'VALUE_RELEASED'],
      }),
      badTag(),
      refused('somebody changed it meanwhile', 409, 'FLK-0350', async (w) =>
        of(await w.provider(), { headers: stale }),
      ),
      ...idOutcomes('FLK-0290'),
      refused('a workflow uses it', 409, 'PROVIDER_CONFIG_IN_USE', async (w) => {
        const id = await w.provider();
        await w.active(calls('/ok', id));
        return of(id);
      }),
    ],
  },
  {
    route: 'POST /v1/provider-configurations/:id/disable',
    outcomes: [
      succeeds('it is active', async (w) => of(await w.provider()), { entries: ['PROVIDER_CONFIG_DISABLED'] }),
      badTag(),
      ...idOutcomes('FLK-0290'),
      refused('somebody changed it meanwhile', 409, 'FLK-0350', async (w) =>
        of(await w.provider(), { headers: stale }),
      ),
      refused('it is disabled already', 422, 'FLK-0292', async (w) => of(await w.disabledProvider())),
    ],
  },
  {
    route: 'POST /v1/provider-configurations/:id/enable',
    outcomes: [
      succeeds('it is disabled', async (w) => of(await w.disabledProvider()), { entries: ['PROVIDER_CONFIG_ENABLED'] }),
      badTag(),
      ...idOutcomes('FLK-0290'),
      refused('somebody changed it meanwhile', 409, 'FLK-0350', async (w) =>
        of(await w.disabledProvider(), { headers: stale }),
      ),
      refused('it is active already', 422, 'FLK-0292', async (w) => of(await w.provider())),
    ],
  },
  {
    route: 'POST /v1/provider-configurations/:id/test',
    outcomes: [
      succeeds('the provider answers', async (w) => of(await w.provider()), { entries: ['PROVIDER_CONFIG_TESTED'] }),
      ...idOutcomes('FLK-0290'),
      refused('its address is none of HTTP', 422, 'FLK-0340', async (w) =>
        of(await w.provider({ base_url: 'ftp://files.example' })),
      ),
      refused('its address is refused', 422, 'FLK-0341', async (w) =>
        of(await w.provider({ base_url: 'http://169.254.169.254/latest' })),
      ),
    ],
  },
  { route: 'GET /v1/catalog/executors', outcomes: [succeeds('asked')] },
  {
    route: 'GET /v1/catalog/executors/:id',
    outcomes: [
      succeeds('it exists', () => of('http.request')),
      rejected('it is unknown', 404, 'FLK-0200', () => of('no')),
    ],
  },
  {
    route: 'POST /v1/catalog/executors/:id/validate',
    outcomes: [
      succeeds('the configuration fits', () => of('http.request', { body: { config: { path: '/x' } } })),
      rejected('it does not fit', 400, 'FLK-0201', () => of('http.request', { body: { config: { path: 7 } } })),
      rejected('the body is no JSON', 400, 'FLK-0001', () => of('http.request', { body: '{' })),
      rejected('it is unknown', 404, 'FLK-0200', () => of('no', { body: { config: {} } })),
    ],
  },
  { route: 'GET /v1/catalog/triggers', outcomes: [succeeds('asked')] },
  {
    route: 'GET /v1/catalog/triggers/:id',
    outcomes: [succeeds('it exists', () => of('webhook')), rejected('it is unknown', 404, 'FLK-0210', () => of('no'))],
  },
  { route: 'GET /v1/catalog/providers', outcomes: [succeeds('asked')] },
  {
    route: 'GET /v1/catalog/providers/:id',
    outcomes: [succeeds('it exists', () => of('http')), rejected('it is unknown', 404, 'FLK-0230', () => of('no'))],
  },
  {
    route: 'GET /v1/catalog/providers/:id/executors',
    outcomes: [succeeds('it exists', () => of('http')), rejected('it is unknown', 404, 'FLK-0230', () => of('no'))],
  },
  { route: 'GET /v1/executors', outcomes: [succeeds('asked')] },
  { route: 'GET /v1/executors/:id', outcomes: idOutcomes('FLK-0250') },
  { route: 'PATCH /v1/executors/:id', outcomes: idOutcomes('FLK-0250', { body: {} }) },
  { route: 'DELETE /v1/executors/:id', outcomes: idOutcomes('FLK-0250') },
];
