// From an offered key to an actor, or to the reason why not. Needs no view: a key names its own stream.
import type { Actor, Clock, Refusal } from '@app/kernel';
import { RefusalError, timestamp } from '@app/kernel';
import type { AggregateStore } from '@app/event-store';
import { keyMissingOrInvalid } from './access-policy.js';
import { apiKey, isUsable } from './api-key.js';
import { parseApiKey } from './api-key-text.js';
import type { KeySecrets } from './key-secrets.js';

/** A refusal whose cause is for the audit trail only: the one who is turned away learns nothing. */
export class DenialError extends RefusalError {
  constructor(
    /** Names a key by its public id at most. */
    readonly detail: string,
    refusal: Refusal = keyMissingOrInvalid,
  ) {
    super(refusal);
  }
}

const OFFERED_MAX = 256;

export type AccessHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What stands in `X-API-Key`, else behind `Authorization: Bearer`; undefined when nothing does. */
export function offeredKey(headers: AccessHeaders): string | undefined {
  const own = headers['x-api-key'];
  if (typeof own === 'string' && own !== '') return own.trim();
  const { authorization } = headers;
  if (typeof authorization !== 'string') return undefined;
  return /^Bearer[ ]+(\S+)[ ]*$/i.exec(authorization)?.[1];
}

export class Authenticator {
  constructor(
    private readonly aggregates: AggregateStore,
    private readonly secrets: KeySecrets,
    private readonly clock: Clock,
  ) {}

  /** Throws DenialError; StoreError when the key's stream cannot be read. */
  async actorOf(offered: string): Promise<Actor> {
    const parsed = offered.length <= OFFERED_MAX ? parseApiKey(offered) : undefined;
    if (parsed === undefined) throw new DenialError('what was offered is no key of this server');
    if (parsed === 'mistyped') throw new DenialError('the checksum of the offered key is wrong');
    const { id } = parsed;
    const { state } = await this.aggregates.load(apiKey, id);
    if (!state) throw new DenialError(`there is no key ${id}`);
    if (!this.secrets.matches(offered, state.keyedHash)) throw new DenialError(`the secret of key ${id} is wrong`);
    if (state.revoked) throw new DenialError(`key ${id} is revoked`);
    if (!isUsable(state, timestamp(this.clock.nowMs()))) throw new DenialError(`key ${id} has expired`);
    return { id, name: state.name, type: 'api_key', via: 'api_key' };
  }
}
