// What the server answers before, and beside, its own routes: the description of the API, unknown paths, unreadable HTTP.
import type { CoveredRoute } from './outcome.js';
import { rejected, succeeds } from './outcome.js';

const file = (name: string): { params: Record<string, string> } => ({ params: { '*': name } });

/** Swagger UI and the description: the same for everybody, and nothing that anybody would have to answer for. */
export const descriptionRoutes: readonly CoveredRoute[] = [
  { route: 'GET /swagger', access: 'public', outcomes: [asStranger('the page is opened')] },
  { route: 'GET /swagger/', access: 'public', outcomes: [asStranger('the page is opened')] },
  { route: 'GET /swagger/index.html', access: 'public', outcomes: [asStranger('the page is opened by name')] },
  {
    route: 'GET /swagger/LICENSE',
    access: 'public',
    outcomes: [{ ...rejected('its licence is asked for', 404, 'NOT_FOUND'), by: 'anonymous' }],
  },
  { route: 'GET /swagger/json', access: 'public', outcomes: [asStranger('the description is read')] },
  { route: 'GET /swagger/swagger-ui-init.js', access: 'public', outcomes: [asStranger('the page starts')] },
  { route: 'GET /swagger/swagger/swagger-ui-init.js', access: 'public', outcomes: [asStranger('the page starts')] },
  {
    route: 'GET /swagger/*',
    access: 'public',
    outcomes: [
      { ...succeeds('a file of the page is read', () => file('swagger-ui.css')), by: 'anonymous' },
      { ...rejected('there is no such file', 404, 'NOT_FOUND', () => file('nothing.css')), by: 'anonymous' },
    ],
  },
];

function asStranger(when: string): CoveredRoute['outcomes'][number] {
  return { ...succeeds(when), by: 'anonymous' };
}

/** Paths and methods that no route has: nobody is asked for a key, and nothing is told but that. */
export const absentRoutes: readonly CoveredRoute[] = [
  {
    route: 'GET /v1/nothing',
    access: 'public',
    outcomes: [
      rejected('asked with a key', 404, 'NOT_FOUND'),
      { ...rejected('asked without one', 404, 'NOT_FOUND'), by: 'anonymous' },
    ],
  },
  {
    route: 'DELETE /v1/workflows',
    access: 'public',
    outcomes: [
      rejected('asked with a key', 405, 'METHOD_NOT_ALLOWED'),
      { ...rejected('asked without one', 405, 'METHOD_NOT_ALLOWED'), by: 'anonymous' },
    ],
  },
  {
    route: 'GET /v1/workflows/%zz',
    access: 'public',
    outcomes: [rejected('the URL cannot be decoded', 400, 'FLK-0001')],
  },
];

export interface RawOutcome {
  readonly when: string;
  /** What is written to the socket. */
  readonly bytes: string;
  readonly status: number;
  readonly code: string;
}

/** What never becomes a request has no caller, no route and no entry; its sender is told what is wrong, and hung up on. */
export const rawOutcomes: readonly RawOutcome[] = [
  { when: 'it is no HTTP', bytes: 'HELO there\r\n\r\n', status: 400, code: 'FLK-0001' },
  {
    when: 'its headers are too large',
    bytes: `GET /health HTTP/1.1\r\nHost: here\r\nX-Large: ${'x'.repeat(20_000)}\r\n\r\n`,
    status: 431,
    code: 'HEADERS_TOO_LARGE',
  },
  { when: 'it never ends', bytes: 'GET /health HTTP/1.1\r\nHost: here\r\n', status: 408, code: 'REQUEST_TIMEOUT' },
];
