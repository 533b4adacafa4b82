// What became of a call, in the words of the wire contract: envelope, record, error.
import type { Json, JsonObject } from '@app/kernel';
import type { HttpFailure, HttpResponse } from './http-client.js';
import type { CallError, ResponseEnvelope } from './provider-caller.js';
import { isSensitiveParameter } from './sensitive-name.js';

export const EXCERPT_BYTES_MAX = 2_048;
/** A provider may ask for this much patience, not more. */
export const RETRY_AFTER_MS_MAX = 60_000;

const REDACTED = '[redacted]';
const utf8 = new TextDecoder();
const jsonType = /application\/(?:[\w.+-]+\+)?json/i;
const hopByHop: ReadonlySet<string> = new Set(
  'connection keep-alive proxy-authenticate proxy-authorization te trailer transfer-encoding upgrade set-cookie'.split(
    ' ',
  ),
);
const retryableStatuses: ReadonlySet<number> = new Set([408, 425, 429]);
const canonicalNames = new Map<string, string>();

/** `Content-Type` for `content-type`: the spelling that output mappings use. */
function canonicalName(name: string): string {
  let canonical = canonicalNames.get(name);
  if (canonical === undefined) {
    canonical = name.replace(/(^|-)([a-z])/g, (_match, dash: string, letter: string) => dash + letter.toUpperCase());
    if (canonicalNames.size < 1_000) canonicalNames.set(name, canonical);
  }
  return canonical;
}

/**
 * Parsed when the provider says it is JSON, else text; undefined when there is none. A provider that echoes our own
 * secrets does not get them into the log. Throws SyntaxError for broken JSON.
 */
export function bodyOf(response: HttpResponse, secrets: readonly string[]): Json | undefined {
  if (response.body.length === 0) return undefined;
  const text = withoutEcho(utf8.decode(response.body), secrets);
  const type = response.headers['content-type'] ?? '';
  return jsonType.test(type) ? (JSON.parse(text) as Json) : text;
}

/** Short secrets could be any word of a provider's answer; in data, only what is surely one is cut out. */
function withoutEcho(text: string, secrets: readonly string[]): string {
  if (secrets.length === 0) return text;
  return redact(
    text,
    secrets.filter((secret) => secret.length >= 8),
  );
}

export function envelopeOf(
  response: HttpResponse,
  url: string,
  body: Json | undefined,
  secrets: readonly string[],
): ResponseEnvelope {
  const headers: JsonObject = {};
  for (const [name, value] of Object.entries(response.headers)) {
    if (!hopByHop.has(name)) headers[canonicalName(name)] = withoutEcho(value, secrets);
  }
  const status_text = `${response.status} ${response.statusText}`.trim();
  const envelope: ResponseEnvelope = { status: response.status, status_text, url, headers };
  if (body !== undefined) envelope['body'] = body;
  return envelope;
}

const URL_LENGTH_MAX = 4_096;

/** The URL as it may be recorded: without user, fragment and the values of query secrets, cut when it is too long. */
export function recordableUrl(url: URL, secretParameter?: string): string {
  const text = urlText(url, secretParameter);
  return text.length <= URL_LENGTH_MAX ? text : `${text.slice(0, URL_LENGTH_MAX)}...`;
}

function urlText(url: URL, secretParameter: string | undefined): string {
  if (url.search === '' && url.username === '' && url.password === '' && url.hash === '') return url.href;
  const shown = new URL(url);
  shown.username = '';
  shown.password = '';
  shown.hash = '';
  for (const name of new Set(shown.searchParams.keys())) {
    if (name === secretParameter || isSensitiveParameter(name)) shown.searchParams.set(name, REDACTED);
  }
  return shown.href;
}

/** Cuts every known secret out of a text that somebody else wrote. */
export function redact(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) {
    if (secret.length < 4) continue;
    for (const form of new Set([secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)])) {
      clean = clean.replaceAll(form, REDACTED);
    }
  }
  return clean;
}

/** The beginning of a response, for people: redacted, at most `EXCERPT_BYTES_MAX` bytes of UTF-8. */
export function excerptOf(body: Uint8Array, secrets: readonly string[]): string | undefined {
  if (body.length === 0) return undefined;
  // Redacted before it is cut, with a margin: a secret across the edge must not leave its first half behind.
  const margin = Math.max(0, ...secrets.map((secret) => secret.length * 6));
  const clean = redact(utf8.decode(body.subarray(0, EXCERPT_BYTES_MAX + margin)), secrets);
  const bytes = new TextEncoder().encode(clean);
  if (bytes.length <= EXCERPT_BYTES_MAX) return clean.replaceAll('\u0000', '');
  const cut = utf8.decode(bytes.subarray(0, EXCERPT_BYTES_MAX - 3));
  return cut.replace(/\uFFFD+$/, '').replaceAll('\u0000', '');
}

/** `Retry-After` in milliseconds (RFC 9110, 10.2.3: seconds or a date), within 0..RETRY_AFTER_MS_MAX. */
export function retryAfterMsOf(header: string | undefined, nowMs: number): number | undefined {
  const text = header?.trim();
  if (text === undefined || text === '') return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - nowMs;
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), RETRY_AFTER_MS_MAX) : undefined;
}

export function isRetryableStatus(status: number): boolean {
  return status >= 500 || retryableStatuses.has(status);
}

export function statusError(response: HttpResponse, secrets: readonly string[], nowMs: number): CallError {
  const { status } = response;
  const retryable = isRetryableStatus(status);
  const retryAfterMs = retryable ? retryAfterMsOf(response.headers['retry-after'], nowMs) : undefined;
  const bodyExcerpt = excerptOf(response.body, secrets);
  return {
    code: 'http_status',
    message: `executor error: http request failed with status ${status}`,
    retryable,
    httpStatus: status,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(bodyExcerpt === undefined ? {} : { bodyExcerpt }),
  };
}

export function failureError({ code, message }: HttpFailure): CallError {
  const network = code === 'network' || code === 'unknown_host' || code === 'timeout';
  return {
    code: code === 'unknown_host' ? 'network' : code,
    message: `executor error: http request failed: ${message}`,
    retryable: network,
  };
}
