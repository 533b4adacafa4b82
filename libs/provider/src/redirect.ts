// What follows from a redirect (RFC 9110, section 15.4).
import type { HttpRequest } from './http-client.js';

const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** Headers that say nothing about who we are: all that another origin gets to see. */
const neutralHeaders: ReadonlySet<string> = new Set(['accept', 'accept-encoding', 'content-type', 'user-agent']);
const bodyHeaders: ReadonlySet<string> = new Set(['content-type', 'content-length', 'content-encoding']);

export type Hop = Pick<HttpRequest, 'method' | 'url' | 'headers' | 'body'>;

/**
 * The next request, undefined when the answer is none of a redirect's, or why it is not followed. Credentials never
 * cross to another origin, and nothing falls back from https to http.
 */
export function redirected(hop: Hop, status: number, location: string | undefined): Hop | string | undefined {
  if (!redirectStatuses.has(status) || location === undefined) return undefined;
  if (!URL.canParse(location, hop.url.href)) return 'redirected to an invalid URL';
  const url = new URL(location, hop.url);
  if (hop.url.protocol === 'https:' && url.protocol === 'http:') return 'redirected from https to http';
  url.username = '';
  url.password = '';
  const becomesGet =
    status === 303 ? hop.method !== 'HEAD' : (status === 301 || status === 302) && hop.method === 'POST';
  const sameOrigin = url.origin === hop.url.origin;
  const headers = Object.fromEntries(
    Object.entries(hop.headers).filter(([name]) => {
      const key = name.toLowerCase();
      return (sameOrigin || neutralHeaders.has(key)) && !(becomesGet && bodyHeaders.has(key));
    }),
  );
  const method = becomesGet ? 'GET' : hop.method;
  return { method, url, headers, ...(becomesGet || hop.body === undefined ? {} : { body: hop.body }) };
}
