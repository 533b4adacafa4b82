// Access tokens (OpenID Connect, RFC 6749): fetched once, kept until shortly before they expire, shared by all calls.
import type { Clock } from '@app/kernel';
import { RecentMap } from '@app/event-store';
import type { OidcCredentials } from './authentication.js';
import { basicCredentials } from './authentication.js';
import type { HttpClient } from './http-client.js';
import type { CallError } from './provider-caller.js';
import type { TokenOutcome } from './token-source.js';
import { TokenSource } from './token-source.js';

/** A token is renewed this long before it expires. */
const REFRESH_MARGIN_MS = 60_000;
const DISCOVERY_TTL_MS = 3_600_000;
const TOKEN_TIMEOUT_MS = 10_000;
const TOKEN_BYTES_MAX = 256 * 1024;
const DEFAULT_LIFETIME_SECONDS = 300;

interface Kept {
  readonly value: string;
  readonly until: number;
}

export class HttpTokenSource extends TokenSource {
  private readonly tokens = new RecentMap<string, Kept>(1_000);
  private readonly endpoints = new RecentMap<string, Kept>(1_000);
  private readonly flights = new Map<string, Promise<TokenOutcome>>();

  constructor(
    private readonly client: HttpClient,
    private readonly clock: Clock,
  ) {
    super();
  }

  async token(
    key: string,
    credentials: OidcCredentials,
    limits: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<TokenOutcome> {
    const kept = this.tokens.get(key);
    if (kept && kept.until > this.clock.nowMs()) return { token: kept.value, cached: true };
    let flight = this.flights.get(key);
    if (!flight) {
      flight = this.fetch(key, credentials).finally(() => this.flights.delete(key));
      this.flights.set(key, flight);
    }
    return withinLimits(flight, limits);
  }

  drop(key: string, token: string): void {
    if (this.tokens.get(key)?.value === token) this.tokens.delete(key);
  }

  private async fetch(key: string, credentials: OidcCredentials): Promise<TokenOutcome> {
    const endpoint = await this.endpoint(credentials);
    if ('error' in endpoint) return endpoint;
    const form = formOf(credentials);
    const headers: Record<string, string> = {
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
    };
    if (credentials.clientAuth === 'client_secret_basic') {
      headers['authorization'] = basicCredentials(formText(credentials.clientId), formText(credentials.clientSecret));
    }
    const document = await this.json('POST', endpoint.url, headers, form.toString());
    if ('error' in document) return document;
    const { access_token: token, expires_in: lifetime } = document.json as Record<string, unknown>;
    if (typeof token !== 'string' || token === '') return failure('the token endpoint gave no access_token', false);
    const seconds = Number(lifetime);
    const lifetimeMs = (Number.isFinite(seconds) && seconds > 0 ? seconds : DEFAULT_LIFETIME_SECONDS) * 1_000;
    this.tokens.set(key, { value: token, until: this.clock.nowMs() + lifetimeMs - REFRESH_MARGIN_MS });
    return { token, cached: false };
  }

  private async endpoint(credentials: OidcCredentials): Promise<{ readonly url: string } | { error: CallError }> {
    if (credentials.tokenUrl !== undefined) return { url: credentials.tokenUrl };
    const issuer = credentials.issuerUrl ?? '';
    const kept = this.endpoints.get(issuer);
    if (kept && kept.until > this.clock.nowMs()) return { url: kept.value };
    const document = await this.json(
      'GET',
      `${issuer.replace(/\/+$/, '')}/.well-known/openid-configuration`,
      { accept: 'application/json' },
      undefined,
    );
    if ('error' in document) return document;
    const { token_endpoint: url } = document.json as Record<string, unknown>;
    if (typeof url !== 'string') return failure('the discovery document names no token_endpoint', false);
    this.endpoints.set(issuer, { value: url, until: this.clock.nowMs() + DISCOVERY_TTL_MS });
    return { url };
  }

  private async json(
    method: string,
    address: string,
    headers: Record<string, string>,
    body: string | undefined,
  ): Promise<{ readonly json: object } | { error: CallError }> {
    if (!URL.canParse(address)) return failure('the URL of the token endpoint is not valid', false);
    const outcome = await this.client.send({
      method,
      url: new URL(address),
      headers,
      timeoutMs: TOKEN_TIMEOUT_MS,
      // The request carries a client secret: it goes where it was meant to go, or nowhere.
      redirectsMax: method === 'POST' ? 0 : 3,
      responseBytesMax: TOKEN_BYTES_MAX,
      ...(body === undefined ? {} : { body }),
    });
    if (!outcome.ok) {
      const { code, message } = outcome.failure;
      return failure(message, code === 'network' || code === 'timeout' || code === 'unknown_host', code);
    }
    const { status } = outcome.response;
    if (status < 200 || status > 299) {
      return failure(`the authorization server answered ${status}`, status >= 500 || status === 429);
    }
    const json = parsed(outcome.response.body);
    return json ? { json } : failure('the authorization server answered no JSON object', false);
  }
}

function withinLimits(
  flight: Promise<TokenOutcome>,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<TokenOutcome> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    };
    const onAbort = (): void => {
      end();
      resolve(failure('cancelled', false, 'cancelled'));
    };
    const onTimeout = (): void => {
      end();
      resolve(failure('no token in time', true));
    };
    const timer = setTimeout(onTimeout, Math.max(0, timeoutMs));
    signal.addEventListener('abort', onAbort, { once: true });
    flight.finally(end).then(resolve, reject);
  });
}

function formOf(credentials: OidcCredentials): URLSearchParams {
  const form = new URLSearchParams({ grant_type: credentials.grant });
  if (credentials.grant === 'password') {
    form.set('username', credentials.username ?? '');
    form.set('password', credentials.password ?? '');
  }
  if (credentials.scope !== undefined) form.set('scope', credentials.scope);
  if (credentials.audience !== undefined) form.set('audience', credentials.audience);
  if (credentials.clientAuth === 'client_secret_post') {
    form.set('client_id', credentials.clientId);
    form.set('client_secret', credentials.clientSecret);
  }
  return form;
}

/** RFC 6749, 2.3.1: both halves are form-encoded before they are joined. */
function formText(text: string): string {
  return new URLSearchParams({ v: text }).toString().slice(2);
}

function parsed(body: Uint8Array): object | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body));
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function failure(message: string, retryable: boolean, code?: string): { error: CallError } {
  const own = code === 'egress_refused' || code === 'cancelled';
  return {
    error: {
      code: own ? code : 'authentication_failed',
      message: `executor error: authentication failed: ${message}`,
      retryable,
    },
  };
}
