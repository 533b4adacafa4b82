// Checkpoints, tiles, proofs and bundles: read by whoever has a key, recorded nowhere, since nothing is decided.
import type { CoveredRoute, Sent } from './outcome.js';
import { idOutcomes, rejected, succeeds } from './outcome.js';
import { unknownId } from './world.js';

const at = (path: string): Sent => ({ params: { '*': path } });
const query =
  (text: string): (() => Sent) =>
  () => ({ query: text });

export const evidenceRoutes: readonly CoveredRoute[] = [
  { route: 'GET /v1/evidence/checkpoint', outcomes: [succeeds('asked')] },
  { route: 'GET /v1/evidence/status', outcomes: [succeeds('asked')] },
  {
    route: 'GET /v1/evidence/key',
    outcomes: [
      succeeds('asked'),
      rejected('the id is none', 400, 'FLK-0304', query('id=x')),
      rejected('no key had the id', 404, 'EVIDENCE_NOT_FOUND', query('id=00000000')),
    ],
  },
  {
    route: 'GET /v1/evidence/consistency',
    outcomes: [
      succeeds('the size is one of a tree', query('from=1')),
      rejected('it is none', 400, 'FLK-0304', query('from=0')),
      rejected('no such checkpoint was signed', 404, 'EVIDENCE_NOT_FOUND', query('from=1&to=999999999')),
    ],
  },
  {
    route: 'GET /v1/evidence/events/:id/proof',
    outcomes: [
      succeeds('it exists', async (w) => ({ params: { id: await w.entry() } })),
      ...idOutcomes('EVIDENCE_NOT_FOUND'),
    ],
  },
  {
    route: 'GET /v1/evidence/export',
    outcomes: [
      succeeds('asked for all'),
      succeeds('asked for a stretch', query('from=1&to=3')),
      rejected('it ends before it begins', 400, 'FLK-0304', query('from=3&to=1')),
    ],
  },
  {
    route: 'GET /v1/evidence/tile/*',
    outcomes: [
      succeeds('the signed tree has it', () => at('0/000.p/1')),
      rejected('no tile is called so', 400, 'FLK-0002', () => at('0/1')),
      rejected('the signed tree does not have it', 404, 'EVIDENCE_NOT_FOUND', () => at('0/999')),
    ],
  },
  {
    route: 'GET /v1/evidence/entries/*',
    outcomes: [
      succeeds('they are signed', () => at('000.p/1')),
      rejected('no entry bundle is called so', 400, 'FLK-0002', () => at('0')),
      rejected('not so many are', 404, 'EVIDENCE_NOT_FOUND', () => at('999')),
    ],
  },
  {
    route: 'GET /v1/executions/:id/evidence',
    outcomes: [
      succeeds('it exists', async (w) => ({ params: { id: await w.run() } })),
      rejected('the id is no UUID', 400, 'FLK-0002', () => ({ params: { id: '7' } })),
      rejected('nobody has the id', 404, 'FLK-0500', () => ({ params: { id: unknownId } })),
    ],
  },
];
