import type { CoveredRoute, Sent } from './outcome.js';
import { byEngine, idOutcomes, refused, rejected, succeeds } from './outcome.js';
import { ranIntoFailure, runOutcomes } from './run-outcomes.js';

const of = (id: string, more: Sent = {}): Sent => ({ params: { id }, ...more });
const body = { inputData: { amount: 1 } };
const mebibyte = 'x'.repeat(1024 * 1024);

function start(workflowId: string, key: string, more: Sent = {}): Sent {
  return { params: { workflowId }, body, headers: { 'idempotency-key': key }, ...more };
}

export const executionRoutes: readonly CoveredRoute[] = [
  {
    route: 'POST /v1/workflows/:workflowId/executions',
    outcomes: [
      ...runOutcomes,
      succeeds('the same was asked before', async (w) => {
        const sent = start(await w.active(), 'again');
        const path = `/v1/workflows/${sent.params?.['workflowId'] ?? ''}/executions`;
        await w.arrange('POST', path, { body, headers: sent.headers ?? {} });
        return sent;
      }),
      rejected('the key is missing', 400, 'FLK-0509', async (w) => start(await w.active(), '', { headers: {} })),
      rejected('the body is no JSON', 400, 'FLK-0001', async (w) => start(await w.active(), 'bad', { body: '{' })),
      ...idOutcomes('FLK-0100', { body, headers: { 'idempotency-key': 'nobody' } }, 'workflowId'),
      refused('the key was used for something else', 409, 'FLK-0505', async (w) => {
        const id = await w.active();
        await w.arrange('POST', `/v1/workflows/${id}/executions`, { body, headers: { 'idempotency-key': 'used' } });
        return start(id, 'used', { body: { inputData: { amount: 2 } } });
      }),
      rejected('the body is too large', 413, 'FLK-0506', async (w) =>
        start(await w.active(), 'large', { body: { inputData: { mebibyte } } }),
      ),
      refused('it is a draft', 422, 'FLK-0501', async (w) => start(await w.draft(), 'draft')),
    ],
  },
  {
    route: 'GET /v1/executions',
    outcomes: [
      succeeds('asked'),
      rejected('an id is no UUID', 400, 'FLK-0002', () => ({ query: 'workflowId=7' })),
      rejected('the status is unknown', 400, 'FLK-0304', () => ({ query: 'status=lost' })),
      rejected('the cursor is foreign', 400, 'INVALID_CURSOR', () => ({ query: 'cursor=x' })),
      rejected('the limit is out of bounds', 400, 'FLK-0309', () => ({ query: 'limit=101' })),
      rejected('the order is unknown', 400, 'FLK-0310', () => ({ query: 'sortOrder=up' })),
    ],
  },
  {
    route: 'GET /v1/executions/:id',
    outcomes: [succeeds('it exists', async (w) => of(await w.run())), ...idOutcomes('FLK-0500')],
  },
  {
    route: 'GET /v1/executions/:id/results',
    outcomes: [
      succeeds('it has ended', async (w) => of(await w.run())),
      ...idOutcomes('FLK-0500'),
      rejected('it is under way', 422, 'FLK-0502', async (w) => of(await w.run('/never'))),
    ],
  },
  {
    route: 'GET /v1/executions/:id/steps',
    outcomes: [succeeds('it exists', async (w) => of(await w.run())), ...idOutcomes('FLK-0500')],
  },
  {
    route: 'GET /v1/executions/:id/events',
    outcomes: [succeeds('it exists', async (w) => of(await w.run())), ...idOutcomes('FLK-0500')],
  },
  {
    route: 'POST /v1/executions/:id/cancel',
    outcomes: [
      succeeds('it is under way', async (w) => of(await w.run('/never'), { body: { reason: 'no longer needed' } }), {
        entries: [byEngine('PROVIDER_CALL_FAILED'), 'EXECUTION_CANCELLED'],
      }),
      ...idOutcomes('FLK-0500', { body: {} }),
      refused('it has ended', 422, 'FLK-0501', async (w) => of(await w.run(), { body: {} })),
    ],
  },
  {
    route: 'POST /v1/executions/:id/retry',
    outcomes: [
      succeeds('it has failed', async (w) => of(await w.run('/wrong')), {
        entries: ['EXECUTION_RETRIED', ...ranIntoFailure],
      }),
      ...idOutcomes('FLK-0500'),
      refused('it has not failed', 422, 'FLK-0501', async (w) => of(await w.run())),
    ],
  },
  {
    route: 'GET /v1/dashboards/executions',
    outcomes: [succeeds('asked'), rejected('the status is unknown', 400, 'FLK-0302', () => ({ query: 'status=lost' }))],
  },
];
