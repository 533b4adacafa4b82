// Webhooks, by every method that the router has: those that a workflow can listen to, and those that it cannot.
import type { CoveredRoute, Outcome, Sent } from './outcome.js';
import { rejected, succeeds } from './outcome.js';
import { ranThrough } from './run-outcomes.js';
import type { World } from './world.js';
import { listening } from './world.js';

const mebibyte = 'x'.repeat(1024 * 1024);
const heard = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const unheard = ['TRACE', 'QUERY', 'SEARCH', 'PROPFIND', 'PROPPATCH', 'MKCOL', 'COPY', 'MOVE', 'LOCK', 'UNLOCK'];
const bodiless = ['GET', 'HEAD'];

/** A path at which an active workflow listens. */
async function listened(w: World, method: string, trigger: object = {}): Promise<string> {
  const path = w.fresh('hook');
  await w.active(listening(`/${path}`, { method, ...trigger }));
  return path;
}

const at = (path: string, more: Sent = {}): Sent => ({ params: { '*': path }, ...more });
const token = { verify_token: 's3cr3t' };
const stranger = { by: 'anonymous', channel: 'webhook' } as const;

/** What holds for every method that a workflow can listen to. */
function outcomesBy(method: string): Outcome[] {
  return [
    succeeds('the caller has a key', async (w) => at(await listened(w, method)), {
      ...{ status: 201, entries: ranThrough, channel: 'webhook' },
    }),
    succeeds(
      'the caller has the token',
      async (w) => at(await listened(w, method, token), { headers: { 'x-webhook-token': 's3cr3t' } }),
      { status: 201, entries: ranThrough, ...stranger },
    ),
    {
      when: 'the token is wrong',
      send: async (w) => at(await listened(w, method, token), { headers: { 'x-webhook-token': 'guess' } }),
      ...{ status: 401, code: 'FLK-0362', entries: ['ACCESS_DENIED'], ...stranger },
    },
    {
      when: 'there is neither token nor key',
      send: async (w) => at(await listened(w, method)),
      ...{ status: 401, code: 'UNAUTHORIZED', entries: ['ACCESS_DENIED'], ...stranger },
    },
    rejected('nobody listens', 404, 'FLK-0361', () => at('nobody')),
    { ...rejected('nobody listens and no key is sent', 404, 'FLK-0361', () => at('nobody')), by: 'anonymous' },
    rejected('the Idempotency-Key is too long', 400, 'FLK-0509', async (w) =>
      at(await listened(w, method), { headers: { 'idempotency-key': 'k'.repeat(256) } }),
    ),
  ];
}

function outcomesWithBody(method: string): Outcome[] {
  const again = async (w: World, body: object): Promise<Sent> => {
    const path = await listened(w, method);
    const headers = { 'idempotency-key': 'again', prefer: 'wait=10' };
    await w.arrange(method, `/v1/webhooks/${path}`, { headers, body: { amount: 1 } });
    return at(path, { headers, body });
  };
  return [
    rejected('the body is no JSON', 400, 'FLK-0001', async (w) => at(await listened(w, method), { body: '{' })),
    rejected('the body is no object', 400, 'FLK-0001', async (w) => at(await listened(w, method), { body: [] })),
    rejected('the body is too large', 413, 'FLK-0363', () => at('nobody', { body: { mebibyte } })),
    succeeds('the same was asked before', (w) => again(w, { amount: 1 })),
    {
      when: 'the key was used for something else',
      send: (w) => again(w, { amount: 2 }),
      ...{ status: 409, code: 'FLK-0505', entries: ['COMMAND_REFUSED'], channel: 'webhook' },
    },
  ];
}

export const webhookRoutes: readonly CoveredRoute[] = [...heard, ...unheard].map((method) => ({
  route: `${method} /v1/webhooks/*`,
  access: 'self',
  outcomes: heard.includes(method)
    ? [...outcomesBy(method), ...(bodiless.includes(method) ? [] : outcomesWithBody(method))]
    : unheardBy(method),
}));

function unheardBy(method: string): Outcome[] {
  const why = 'nobody can listen by this method';
  if (method !== 'QUERY') return [rejected(why, 404, 'FLK-0361', () => at('nobody'))];
  return [
    rejected(why, 404, 'FLK-0361', () => at('nobody', { body: {} })),
    rejected('a query has no content', 400, 'FLK-0001', () => at('nobody')),
  ];
}
