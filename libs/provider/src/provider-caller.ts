// The port to the outside: one attempt of one provider call.
import type { Json, JsonObject } from '@app/kernel';

export interface ProviderCall {
  readonly executorId: string;
  readonly providerConfigId: string;
  /** The executor node's `data`, as frozen in the version: method, path, query, headers, success codes and the rest. */
  readonly nodeData: JsonObject;
  /** What the node's mapping or transformations made; undefined when the call has no body of its own. */
  readonly body: Json | undefined;
  /** Limit of this attempt, from the first byte out to the last byte in. */
  readonly timeoutMs: number;
  /** The same on every attempt of one step: `<execution id>:<node id>`. */
  readonly idempotencyKey: string;
  readonly correlationId: string;
  readonly traceparent?: string;
  /** When somebody last asked for the work that this call is part of (the clock's): what changed until then is heeded. */
  readonly askedForMs: number;
  readonly signal: AbortSignal;
}

/** What is recorded of a call: never a header, never a query secret. */
export interface CallRecord {
  readonly method: string;
  readonly url: string;
  readonly status?: number;
  readonly durationMs: number;
  readonly responseBytes?: number;
  /** SHA-256 of the response's bytes, hexadecimal. */
  readonly responseDigest?: string;
}

/** The raw result that output mappings read: `body.customerId`, `status`, `headers.Content-Type`. */
export interface ResponseEnvelope extends JsonObject {
  status: number;
  status_text: string;
  url: string;
  headers: JsonObject;
}

/** Size-limited and redacted. */
export interface CallError {
  /** As in `http_status`, `timeout`, `network`, `egress_refused`, `breaker_open`, `config_missing`, `config_disabled`. */
  readonly code: string;
  /** In the words of the wire contract: `executor error: http request failed with status 500`. */
  readonly message: string;
  readonly retryable: boolean;
  readonly retryAfterMs?: number;
  readonly httpStatus?: number;
  readonly bodyExcerpt?: string;
}

export type CallOutcome =
  | { readonly ok: true; readonly envelope: ResponseEnvelope; readonly call: CallRecord }
  | { readonly ok: false; readonly error: CallError; readonly call?: CallRecord };

export abstract class ProviderCaller {
  /**
   * Looks at what the call is going to need, while its claim is on its way to the log. What fails here the call meets again.
   */
  abstract prepare(call: Pick<ProviderCall, 'providerConfigId' | 'askedForMs'>): void;

  /** Makes one attempt. Never throws: whatever the provider does is an outcome. Aborting the signal ends it at once. */
  abstract call(call: ProviderCall): Promise<CallOutcome>;
}
