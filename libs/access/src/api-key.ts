// The aggregate of one API key.
import type { Decider, Refusal } from '@app/kernel';
import { never, refuse } from '@app/kernel';
import type { ApiKeyEvent } from './access-events.js';

export const API_KEY_NAME_SCOPE = 'apiKey.name';
export const API_KEY_NAME_MAX = 100;

export type ApiKeyCommand =
  | {
      readonly kind: 'CreateApiKey';
      readonly name: string;
      readonly keyedHash: string;
      readonly expiresAt?: string;
      readonly nowIso: string;
    }
  | {
      readonly kind: 'RevokeApiKey';
      readonly nowIso: string;
      /** Whether nobody could get in any more afterwards: keys are demanded and no other one is usable. */
      readonly locksEverybodyOut: boolean;
    };

export interface ApiKey {
  readonly name: string;
  readonly keyedHash: string;
  readonly expiresAt?: string;
  readonly revoked: boolean;
}
export type ApiKeyState = ApiKey | null;

export const apiKeyRefusals = {
  notFound: (): Refusal => refuse('not_found', 'API_KEY_NOT_FOUND', 'there is no such API key'),
  exists: (): Refusal => refuse('conflict', 'API_KEY_EXISTS', 'this API key exists already'),
  nameTaken: (name: string): Refusal =>
    refuse('conflict', 'API_KEY_NAME_EXISTS', `an API key named "${name}" is in use`, [
      { field: 'name', message: 'is the name of a key that is not revoked' },
    ]),
  nameInvalid: (): Refusal =>
    refuse('invalid', 'API_KEY_NAME_INVALID', `name must have 1 to ${API_KEY_NAME_MAX} characters`, [
      { field: 'name', message: `must have 1 to ${API_KEY_NAME_MAX} characters and no control characters` },
    ]),
  expiryPast: (): Refusal =>
    refuse('invalid', 'API_KEY_EXPIRY_INVALID', 'expiresAt must lie in the future', [
      { field: 'expiresAt', message: 'must lie in the future' },
    ]),
  lastOne: (): Refusal =>
    refuse('state', 'API_KEY_LAST_ONE', 'this is the last usable API key; create another one before you revoke it'),
};

export const apiKey: Decider<ApiKeyCommand, ApiKeyState, ApiKeyEvent> = {
  category: 'apiKey',
  initial: null,
  decide(command, state) {
    switch (command.kind) {
      case 'CreateApiKey':
        return state ? apiKeyRefusals.exists() : creation(command);
      case 'RevokeApiKey':
        if (!state) return apiKeyRefusals.notFound();
        if (state.revoked) return [];
        if (command.locksEverybodyOut && isUsable(state, command.nowIso)) return apiKeyRefusals.lastOne();
        return [{ type: 'ApiKeyRevoked', data: { name: state.name } }];
      default:
        return never(command);
    }
  },
  evolve(state, event) {
    switch (event.type) {
      case 'ApiKeyCreated': {
        const { name, keyedHash, expiresAt } = event.data;
        return { name, keyedHash, revoked: false, ...(expiresAt === undefined ? {} : { expiresAt }) };
      }
      case 'ApiKeyRevoked':
        return state && { ...state, revoked: true };
      default:
        return never(event);
    }
  },
};

function creation(command: ApiKeyCommand & { kind: 'CreateApiKey' }): readonly ApiKeyEvent[] | Refusal {
  const { name, keyedHash, expiresAt, nowIso } = command;

  if (name.length < 1 || name.length > API_KEY_NAME_MAX || /[\u0000-\u001f\u007f]/.test(name)) {
    return apiKeyRefusals.nameInvalid();
  }
  if (expiresAt !== undefined && Date.parse(expiresAt) <= Date.parse(nowIso)) return apiKeyRefusals.expiryPast();
  return [{ type: 'ApiKeyCreated', data: { name, keyedHash, ...(expiresAt === undefined ? {} : { expiresAt }) } }];
}

/** Whether the key opens the door at that time. */
export function isUsable(key: Pick<ApiKey, 'revoked' | 'expiresAt'>, nowIso: string): boolean {
  return !key.revoked && (key.expiresAt === undefined || Date.parse(key.expiresAt) > Date.parse(nowIso));
}
