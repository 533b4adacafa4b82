// The form of the coverage table: a route, what may come of it, and by which entries each outcome must lengthen the trail.
import type { Call, World } from './world.js';
import { unknownId } from './world.js';

/** A request of the route: the values of its path's parameters, the query, headers, body. */
export interface Sent extends Call {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: string;
}

export interface Outcome {
  /** Completes the sentence "... when". */
  readonly when: string;
  /** Arranges the situation, and says what to send. */
  readonly send: (world: World) => Promise<Sent> | Sent;
  readonly status: number;
  /** Of the error envelope; absent: the answer has none, because it is a success or no JSON. */
  readonly code?: string;
  /**
   * Types of all entries by which the trail must grow, in order, claims on unique values included; `... by the engine`
   * where it acts on behalf of the caller. None: no entry.
   */
  readonly entries: readonly string[];
  /** Default: the administrator, through the API. */
  readonly by?: 'anonymous';
  readonly channel?: 'webhook';
}

export interface CoveredRoute {
  /** As Fastify writes it: `POST /v1/workflows/:id/activate`. */
  readonly route: string;
  /** Answers without a key: no denial is expected then. */
  readonly access?: 'public' | 'self';
  readonly outcomes: readonly Outcome[];
}

const nothing = (): Sent => ({});

export function succeeds(
  when: string,
  send: Outcome['send'] = nothing,
  { status = 200, ...more }: Partial<Pick<Outcome, 'status' | 'entries' | 'channel' | 'by'>> = {},
): Outcome {
  return { when, send, status, entries: [], ...more };
}

/** Understood and refused: the refusal is an entry. */
export function refused(when: string, status: 400 | 409 | 422, code: string, send: Outcome['send']): Outcome {
  return { when, send, status, code, entries: ['COMMAND_REFUSED'] };
}

/** Refused only after a unique value was claimed for it, which is given back. */
export function refusedAfterClaim(when: string, status: 409 | 422, code: string, send: Outcome['send']): Outcome {
  return { when, send, status, code, entries: ['VALUE_RESERVED', 'VALUE_RELEASED', 'COMMAND_REFUSED'] };
}

/**
 * No entry, as audit.md has it: the request was malformed (400, 413), asked for what is not there (404), only read (422),
 * or nobody could decide anything (5xx).
 */
export function rejected(when: string, status: number, code: string, send: Outcome['send'] = nothing): Outcome {
  return { when, send, status, code, entries: [] };
}

/** What every route with the id of a resource answers to an id that is none, and to one that nobody has. */
export function idOutcomes(notFound: string, more: Sent = {}, name = 'id'): Outcome[] {
  const sent = (id: string): Sent => ({ ...more, params: { ...more.params, [name]: id } });
  return [
    rejected('the id is no UUID', 400, 'FLK-0002', () => sent('7')),
    rejected('nobody has the id', 404, notFound, () => sent(unknownId)),
  ];
}

/** The denial of a caller without a key, which every route has that does not say otherwise. */
export const denial: Outcome = {
  when: 'no key is sent',
  send: () => ({ params: { id: 'x', workflowId: 'x', version: '1', stream: 'x' } }),
  by: 'anonymous',
  status: 401,
  code: 'UNAUTHORIZED',
  entries: ['ACCESS_DENIED'],
};

/** Every outcome of a route, its denial included. */
export function outcomesOf({ access, outcomes }: CoveredRoute): readonly Outcome[] {
  return access === undefined ? [...outcomes, denial] : outcomes;
}

export function byEngine(eventType: string): string {
  return `${eventType} by the engine`;
}

export function titleOf({ when, status, code, entries }: Outcome): string {
  const left = entries.length === 0 ? 'no entry' : entries.join(', ');
  return `has ${left} when ${when} (${status}${code === undefined ? '' : ` ${code}`})`;
}

/** Method and path as the description of the API has them. */
export function outcomePath(route: string): readonly [method: string, path: string] {
  const [method = '', pattern = ''] = route.split(' ');
  return [method.toLowerCase(), pattern.replace(/:([A-Za-z]+)/g, '{$1}').replace('*', '{path}')];
}

/** Path and query of the request. */
export function pathOf(route: string, { params = {}, query }: Sent): string {
  const pattern = route.slice(route.indexOf(' ') + 1);
  const path = pattern.replace(/:([A-Za-z]+)|\*/g, (found, name?: string) => params[name ?? '*'] ?? found);
  return query === undefined ? path : `${path}?${query}`;
}
