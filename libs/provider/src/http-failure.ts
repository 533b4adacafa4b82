// Errors of sockets, TLS and parsers in our own words: their texts may hold addresses, headers or worse.
import { EgressRefusedError } from './egress-policy.js';
import type { HttpFailure } from './http-client.js';

const phrases: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection reset',
  UND_ERR_SOCKET: 'connection closed before the answer was complete',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
  ETIMEDOUT: 'no connection in time',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the answer was shorter than announced',
};

export function failureOf(error: unknown): Pick<HttpFailure, 'code' | 'message'> {
  if (error instanceof EgressRefusedError) return { code: 'egress_refused', message: error.message };
  const code = codeOf(error);
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return { code: 'unknown_host', message: 'host name not found' };
  const phrase = phrases[code];
  if (phrase !== undefined) return { code: 'network', message: phrase };
  const unparsable = error instanceof Error && error.name === 'HTTPParserError';
  if (unparsable || code === 'UND_ERR_HEADERS_OVERFLOW') {
    return { code: 'invalid_response', message: 'the answer is not valid HTTP' };
  }
  if (code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH') {
    return { code: 'invalid_request', message: 'the request is not valid HTTP' };
  }
  const tls = /CERT|TLS|SSL|SIGNATURE|ISSUER/.test(code);
  return { code: 'network', message: tls ? `TLS refused (${code})` : 'connection failed' };
}

function codeOf(error: unknown): string {
  const first = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
  const code = (first as { code?: unknown } | undefined)?.code ?? (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : '';
}
