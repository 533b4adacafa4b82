// What the routes answer when the server cannot do its work: its log is away, it is full, or it is about to stop.
import type { CoveredRoute, Outcome } from './outcome.js';
import { outcomesOf, rejected } from './outcome.js';
import { routeTable } from './table.js';
import { calls, listening } from './world.js';

const refusals = new Set(['ACCESS_DENIED', 'COMMAND_REFUSED']);
const isRefusal = ({ entries }: Outcome): boolean => entries.length === 1 && refusals.has(entries[0] ?? '');

/** Revokes all keys but one, and so would take away what the others of this table need: it stands for itself. */
const standsApart = ({ code }: Outcome): boolean => code === 'API_KEY_LAST_ONE';

/**
 * Derived: whatever must leave an entry cannot be done while nothing can be recorded, and is answered 503 - without an
 * entry, because nobody decided anything. What is refused is refused as always, and recorded once the log is back.
 */
export const away: readonly CoveredRoute[] = routeTable
  .map((covered) => ({ ...covered, access: 'self' as const, outcomes: outcomesOf(covered).flatMap(whileAway) }))
  .filter(({ outcomes }) => outcomes.length > 0);

function whileAway(outcome: Outcome): Outcome[] {
  if (outcome.entries.length === 0 || standsApart(outcome)) return [];
  if (isRefusal(outcome)) return [outcome];
  return [{ ...outcome, status: 503, code: 'STORE_UNAVAILABLE', entries: [] }];
}

/** The table's own outcome of a derived one: what comes of the same request once the log is back. */
export function onceBack(route: string, { when }: Outcome): Outcome {
  const covered = routeTable.find((one) => one.route === route);
  const outcome = covered && outcomesOf(covered).find((one) => one.when === when);
  if (!outcome) throw new Error(`${route} has no outcome when ${when}`);
  return outcome;
}

const tooMany = 'as many runs are under way as may be';

/** Of a server that may have one run under way, and has it. */
export const full: readonly CoveredRoute[] = [
  {
    route: 'POST /v1/workflows/:workflowId/executions',
    access: 'self',
    outcomes: [
      rejected(tooMany, 503, 'RUNS_LIMIT', async (w) => ({
        params: { workflowId: await w.active(calls('/never', await w.provider())) },
        headers: { 'idempotency-key': 'one too many' },
        body: {},
      })),
    ],
  },
  {
    route: 'POST /v1/webhooks/*',
    access: 'self',
    outcomes: [
      rejected(tooMany, 503, 'RUNS_LIMIT', async (w) => {
        const path = w.fresh('crowded');
        await w.active(listening(`/${path}`));
        return { params: { '*': path }, body: {} };
      }),
    ],
  },
];

const probes = new Set(['GET /health', 'GET /readyz', 'GET /version', 'GET /metrics']);
const anything = { params: { id: 'x', workflowId: 'x', version: '1', stream: 'x', '*': 'x' } };

/** Every route but the probes, of a server that waits for a request under way before it stops. */
export const stopping: readonly CoveredRoute[] = routeTable
  .filter(({ route }) => !probes.has(route))
  .map(({ route }) => ({
    route,
    access: 'self',
    outcomes: [rejected('the server is about to stop', 503, 'SHUTTING_DOWN', () => anything)],
  }));

/** Entries of what a server does by itself: nobody asked for it. */
export const ownDeeds: readonly string[] = ['SERVER_STARTED', 'SERVER_STOPPED', 'VIEWS_REBUILT'];
