// What a run that a webhook started gets as input: the body, and how it was called.
import type { Json, JsonObject } from '@app/kernel';
import { isSensitiveParameter } from '@app/provider';

export interface WebhookRequest {
  readonly method: string;
  /** Behind `/v1/webhooks/`, decoded, without leading slash. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly ip: string | undefined;
}

const REDACTED = '[redacted]';

/** `_webhook` replaces a caller's own. Credentials of the request never come along: an event cannot be corrected later. */
export function webhookInputOf(body: JsonObject, request: WebhookRequest): JsonObject {
  const headers: JsonObject = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value === undefined || isSensitiveParameter(name)) continue;
    headers[name] = typeof value === 'string' ? value : (value.at(-1) ?? '');
  }
  const query: JsonObject = {};
  for (const [name, value] of Object.entries(request.query)) {
    query[name] = isSensitiveParameter(name) ? REDACTED : queryValue(value);
  }
  const { method, path, ip } = request;
  return { ...body, _webhook: { method, path, headers, query, remote_ip: ip ?? '' } };
}

function queryValue(value: unknown): Json {
  return String(Array.isArray(value) ? value.at(-1) : value);
}
