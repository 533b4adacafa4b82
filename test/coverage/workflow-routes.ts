import { activatingOutcomes, savingOutcomes } from './definition-outcomes.js';
import type { CoveredRoute, Outcome, Sent } from './outcome.js';
import { idOutcomes, refused, rejected, succeeds } from './outcome.js';
import type { World } from './world.js';
import { listening, straight, unknownId } from './world.js';

const named = (world: World): object => ({ name: world.fresh('workflow'), ...straight });
const of = (id: string, more: Sent = {}): Sent => ({ params: { id }, ...more });
const stale = { 'if-match': '"99"' };
const noTag = { 'if-match': 'yesterday' };
const badTag = (send: (w: World) => Promise<string>, more: Sent = {}): Outcome =>
  rejected('If-Match is no tag', 400, 'INVALID_IF_MATCH', async (w) => of(await send(w), { ...more, headers: noTag }));

const versionOutcomes = [
  rejected('the version is no number', 400, 'FLK-0304', async (w) => version(await w.active(), 'one')),
  rejected('there is no such version', 404, 'FLK-0100', async (w) => version(await w.active(), '2')),
];

export const workflowRoutes: readonly CoveredRoute[] = [
  {
    route: 'POST /v1/workflows',
    outcomes: [
      succeeds('the definition is sound', (w) => ({ body: named(w) }), {
        status: 201,
        entries: ['VALUE_RESERVED', 'WORKFLOW_CREATED'],
      }),
      succeeds(
        'a trigger has a secret',
        (w) => ({ body: { ...named(w), ...listening(`/${w.fresh('hook')}`, { verify_token: 's3cr3t' }) } }),
        { status: 201, entries: ['VALUE_RESERVED', 'WORKFLOW_CREATED'] },
      ),
      ...savingOutcomes,
      refused('the name is taken', 409, 'FLK-0101', async (w) => {
        const body = named(w);
        await w.arrange('POST', '/v1/workflows', { body });
        return { body };
      }),
    ],
  },
  {
    route: 'POST /v1/workflows/from-template',
    outcomes: [
      succeeds('the parameters fit', templated, { status: 201, entries: ['VALUE_RESERVED', 'WORKFLOW_CREATED'] }),
      rejected('the parameters do not fit', 400, 'FLK-0242', () => ({
        body: { templateId: 'tracer-midaz-validation', params: {} },
      })),
      rejected('its provider is unknown', 400, 'FLK-0150', async (w) => {
        const { body } = (await templated(w)) as { body: { params: object } };
        return { body: { ...body, params: { ...body.params, tracerProviderConfigId: unknownId } } };
      }),
      rejected('the template is unknown', 404, 'FLK-0240', () => ({ body: { templateId: 'no-such', params: {} } })),
      refused('the name is taken', 409, 'FLK-0101', async (w) => {
        const sent = await templated(w);
        await w.arrange('POST', '/v1/workflows/from-template', sent);
        return sent;
      }),
    ],
  },
  {
    route: 'GET /v1/workflows',
    outcomes: [
      succeeds('asked'),
      rejected('the status is unknown', 400, 'FLK-0304', () => ({ query: 'status=lost' })),
      rejected('the cursor is foreign', 400, 'INVALID_CURSOR', () => ({ query: 'cursor=x' })),
    ],
  },
  {
    route: 'GET /v1/workflows/:id',
    outcomes: [succeeds('it exists', async (w) => of(await w.draft())), ...idOutcomes('FLK-0100')],
  },
  {
    route: 'PUT /v1/workflows/:id',
    outcomes: [
      succeeds('it is a draft', async (w) => of(await w.draft(), { body: named(w) }), {
        entries: ['VALUE_RESERVED', 'WORKFLOW_UPDATED', 'VALUE_RELEASED'],
      }),
      rejected('the body is no JSON', 400, 'FLK-0001', async (w) => of(await w.draft(), { body: '[' })),
      badTag((w) => w.draft(), { body: { name: 'tagged', ...straight } }),
      ...idOutcomes('FLK-0100', { body: { name: 'x', ...straight } }),
      refused('the name is taken', 409, 'FLK-0101', async (w) => {
        const { name } = await w.arrange('GET', `/v1/workflows/${await w.draft()}`);
        return of(await w.draft(), { body: { name, ...straight } });
      }),
      refused('somebody changed it meanwhile', 409, 'FLK-0350', async (w) =>
        of(await w.draft(), { body: named(w), headers: stale }),
      ),
      refused('it is active', 422, 'FLK-0103', async (w) => of(await w.active(), { body: named(w) })),
    ],
  },
  {
    route: 'DELETE /v1/workflows/:id',
    outcomes: [
      succeeds('it is a draft', async (w) => of(await w.draft()), {
        status: 204,
        entries: ['WORKFLOW_DELETED', 'VALUE_RELEASED'],
      }),
      badTag((w) => w.draft()),
      ...idOutcomes('FLK-0100'),
      refused('somebody changed it meanwhile', 409, 'FLK-0350', async (w) => of(await w.draft(), { headers: stale })),
      refused('it is active', 422, 'FLK-0103', async (w) => of(await w.active())),
    ],
  },
  {
    route: 'POST /v1/workflows/:id/clone',
    outcomes: [
      succeeds('the name is free', async (w) => of(await w.draft(), { body: { name: w.fresh('clone') } }), {
        status: 201,
        entries: ['VALUE_RESERVED', 'WORKFLOW_CLONED'],
      }),
      rejected('it has no name', 400, 'FLK-0110', async (w) => of(await w.draft(), { body: {} })),
      ...idOutcomes('FLK-0100', { body: { name: 'clone of nothing' } }),
      refused('the name is taken', 409, 'FLK-0101', async (w) => {
        const id = await w.draft();
        const { name } = await w.arrange('GET', `/v1/workflows/${id}`);
        return of(id, { body: { name } });
      }),
    ],
  },
  {
    route: 'POST /v1/workflows/:id/activate',
    outcomes: [
      succeeds('it is a sound draft', async (w) => of(await w.draft()), { entries: ['WORKFLOW_ACTIVATED'] }),
      ...activatingOutcomes,
      refused('another workflow listens to its route', 400, 'FLK-0360', async (w) => {
        const path = `/${w.fresh('taken')}`;
        await w.active(listening(path));
        return of(await w.draft(listening(path)));
      }),
      badTag((w) => w.draft()),
      ...idOutcomes('FLK-0100'),
      refused('somebody changed it meanwhile', 409, 'FLK-0350', async (w) => of(await w.draft(), { headers: stale })),
      refused('it is active already', 422, 'FLK-0102', async (w) => of(await w.active())),
    ],
  },
  {
    route: 'POST /v1/workflows/:id/deactivate',
    outcomes: [
      succeeds('it is active', async (w) => of(await w.active()), { entries: ['WORKFLOW_DEACTIVATED'] }),
      badTag((w) => w.active()),
      ...idOutcomes('FLK-0100'),
      refused('somebody changed it meanwhile', 409, 'FLK-0350', async (w) => of(await w.active(), { headers: stale })),
      refused('it is a draft', 422, 'FLK-0102', async (w) => of(await w.draft())),
    ],
  },
  {
    route: 'POST /v1/workflows/:id/draft',
    outcomes: [
      succeeds('it is inactive', async (w) => of(await w.inactive()), { entries: ['WORKFLOW_DRAFTED'] }),
      badTag((w) => w.inactive()),
      ...idOutcomes('FLK-0100'),
      refused('somebody changed it meanwhile', 409, 'FLK-0350', async (w) =>
        of(await w.inactive(), { headers: stale }),
      ),
      refused('it is active', 422, 'FLK-0102', async (w) => of(await w.active())),
    ],
  },
  {
    route: 'GET /v1/workflows/:id/versions',
    outcomes: [succeeds('it exists', async (w) => of(await w.active())), ...idOutcomes('FLK-0100')],
  },
  {
    route: 'GET /v1/workflows/:id/versions/:version',
    outcomes: [
      succeeds('it was activated', async (w) => version(await w.active(), '1')),
      ...versionOutcomes,
      ...idOutcomes('FLK-0100', { params: { version: '1' } }),
    ],
  },
  {
    route: 'GET /v1/workflows/:id/versions/:version/diff',
    outcomes: [
      succeeds('it was activated', async (w) => version(await w.active(), '1')),
      ...versionOutcomes,
      ...idOutcomes('FLK-0100', { params: { version: '1' } }),
    ],
  },
  {
    route: 'POST /v1/workflows/:id/versions/:version/restore',
    outcomes: [
      succeeds(
        'it is a draft that differs',
        async (w) => {
          const id = await w.redrafted();
          await w.arrange('PUT', `/v1/workflows/${id}`, { body: { ...named(w), nodes: [], edges: [] } });
          return version(id, '1');
        },
        { entries: ['WORKFLOW_RESTORED'] },
      ),
      rejected('the version is no number', 400, 'FLK-0304', async (w) => version(await w.draft(), 'one')),
      rejected('there is no such version', 404, 'FLK-0100', async (w) => version(await w.draft(), '1')),
      refused('somebody changed it meanwhile', 409, 'FLK-0350', async (w) => ({
        ...version(await w.redrafted(), '1'),
        headers: stale,
      })),
      ...idOutcomes('FLK-0100', { params: { version: '1' } }),
      refused('it is active', 422, 'FLK-0103', async (w) => version(await w.active(), '1')),
    ],
  },
  { route: 'GET /v1/dashboards/workflows/summary', outcomes: [succeeds('asked')] },
  { route: 'GET /v1/catalog/templates', outcomes: [succeeds('asked')] },
  {
    route: 'GET /v1/catalog/templates/:id',
    outcomes: [
      succeeds('it exists', () => of('tracer-midaz-validation')),
      rejected('it is unknown', 404, 'FLK-0240', () => of('no-such')),
    ],
  },
  {
    route: 'POST /v1/catalog/templates/:id/validate',
    outcomes: [
      succeeds('the parameters fit', async (w) => {
        const { body } = await templated(w);
        return of('tracer-midaz-validation', { body: { params: (body as { params: object }).params } });
      }),
      rejected('they do not fit', 400, 'FLK-0242', () => of('tracer-midaz-validation', { body: { params: {} } })),
      rejected('it is unknown', 404, 'FLK-0240', () => of('no-such', { body: { params: {} } })),
    ],
  },
];

function version(id: string, number: string): Sent {
  return { params: { id, version: number } };
}

async function templated(world: World): Promise<Sent> {
  const provider = async (providerId: string, config: object): Promise<unknown> => {
    const body = { name: world.fresh(providerId), providerId, config };
    return (await world.arrange('POST', '/v1/provider-configurations', { body }))['id'];
  };
  const base_url = 'https://provider.example';
  const params = {
    workflowName: world.fresh('templated'),
    tracerProviderConfigId: await provider('tracer', { base_url, api_key: 'k-9f2a77c1' }),
    midazProviderConfigId: await provider('midaz', midaz),
    webhookPath: `/${world.fresh('templated')}`,
  };
  return { body: { templateId: 'tracer-midaz-validation', params } };
}

const midaz = {
  onboarding_base_url: 'https://ledger.example',
  transaction_base_url: 'https://ledger.example',
  organization_id: '5b0e1f0a-3f5a-4a53-8a63-0f0d8c1f7a10',
  ledger_id: 'b3d1c1c2-9d0e-4d8e-b6bb-3d1f6b6e2c77',
};
