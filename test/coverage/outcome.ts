// The form of the coverage table: a route, what may come of it, and which entries each outcome must leave.
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
  readonly code?: string;
  /** Types of the entries that this request must leave, in order; none: it must leave no entry. */
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
  { status = 200, entries = [] as readonly string[] } = {},
): Outcome {
  return { when, send, status, entries };
}

/** Understood and refused: the refusal is an entry. */
export function refused(when: string, status: 409 | 422, code: string, send: Outcome['send']): Outcome {
  return { when, send, status, code, entries: ['COMMAND_REFUSED'] };
}

/** Not even understood, or about nothing: no entry. */
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

/** Path and query of the request. */
export function pathOf(route: string, { params = {}, query }: Sent): string {
  const pattern = route.slice(route.indexOf(' ') + 1);
  const path = pattern.replace(/:([A-Za-z]+)|\*/g, (found, name?: string) => params[name ?? '*'] ?? found);
  return query === undefined ? path : `${path}?${query}`;
}
