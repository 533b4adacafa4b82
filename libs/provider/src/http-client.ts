// The port to HTTP. Whatever the other side does is an outcome, not an exception.

export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  /** Names in any case; none may be given twice. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Limit of the whole exchange, redirects and the last byte of the answer included. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Redirects to follow, every one checked; default 5. With 0 the redirect itself is the answer. */
  readonly redirectsMax?: number;
  /** Bytes of the body, after decompression; default: the client's limit. */
  readonly responseBytesMax?: number;
}

export interface HttpResponse {
  readonly status: number;
  readonly statusText: string;
  /** Lower-case names; repeated headers joined by `, `, `set-cookie` left out. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Where the answer came from, after redirects. */
  readonly url: URL;
}

export type HttpFailureCode =
  | 'network'
  /** The host name has no address. */
  | 'unknown_host'
  | 'timeout'
  | 'cancelled'
  | 'egress_refused'
  | 'response_too_large'
  | 'redirect_refused'
  | 'invalid_request'
  | 'invalid_response';

export interface HttpFailure {
  readonly code: HttpFailureCode;
  /** For people; never holds a header, a body or a query. */
  readonly message: string;
  /** Number of the redirect at which it happened; 0 is the URL asked for. */
  readonly hop: number;
}

export type HttpOutcome =
  { readonly ok: true; readonly response: HttpResponse } | { readonly ok: false; readonly failure: HttpFailure };

export abstract class HttpClient {
  /** Never throws. Connects only to addresses that the egress policy allows, on every hop. */
  abstract send(request: HttpRequest): Promise<HttpOutcome>;

  /** Ends all connections. Idempotent. */
  abstract close(): Promise<void>;
}
