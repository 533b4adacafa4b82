// Who must say who he is.
import type { Refusal, RequestContext } from '@app/kernel';
import { refuse } from '@app/kernel';

/** `off`: nobody, and every actor is anonymous; `keys`: everybody, by an API key. */
export const authModes = ['off', 'keys'] as const;
export type AuthMode = (typeof authModes)[number];

export const keyMissingOrInvalid: Refusal = refuse('unauthenticated', 'UNAUTHORIZED', 'API Key missing or invalid');

export class AccessPolicy {
  constructor(readonly mode: AuthMode) {}

  /**
   * For routes marked `@SelfAuthenticated()` that find no proof of their own to demand: the refusal when the caller
   * did not present a key although this server asks for one, else undefined.
   */
  unidentified(context: RequestContext): Refusal | undefined {
    return this.mode === 'off' || context.actor.type === 'api_key' ? undefined : keyMissingOrInvalid;
  }
}
