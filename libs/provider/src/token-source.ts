import type { OidcCredentials } from './authentication.js';
import type { CallError } from './provider-caller.js';

export type TokenOutcome = { readonly token: string; readonly cached: boolean } | { readonly error: CallError };

/** Where access tokens come from. */
export abstract class TokenSource {
  /**
   * The token for these credentials, within `timeoutMs`. `key` names them (configuration and revision); concurrent callers
   * share one fetch, which goes on when one of them gives up. Never throws.
   */
  abstract token(
    key: string,
    credentials: OidcCredentials,
    limits: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<TokenOutcome>;

  /** Forgets a token that the provider refused, unless it was renewed meanwhile. */
  abstract drop(key: string, token: string): void;
}
