import type { Refusal } from '@app/kernel';
import { fold } from '@app/kernel';
import type { ApiKeyEvent } from './access-events.js';
import type { ApiKeyCommand } from './api-key.js';
import { apiKey, isUsable } from './api-key.js';

const nowIso = '2026-05-02T12:00:00.000Z';
const later = '2026-05-03T12:00:00.000Z';
const created: ApiKeyEvent = { type: 'ApiKeyCreated', data: { name: 'ana', keyedHash: 'h' } };
const expiring: ApiKeyEvent = { type: 'ApiKeyCreated', data: { name: 'ana', keyedHash: 'h', expiresAt: nowIso } };
const revoked: ApiKeyEvent = { type: 'ApiKeyRevoked', data: { name: 'ana' } };
const create: ApiKeyCommand = { kind: 'CreateApiKey', name: 'ana', keyedHash: 'h', nowIso };
const revoke: ApiKeyCommand = { kind: 'RevokeApiKey', nowIso, locksEverybodyOut: false };

const decide = (given: readonly ApiKeyEvent[], command: ApiKeyCommand) => apiKey.decide(command, fold(apiKey, given));
const codeOf = (decision: unknown) => (decision as Refusal).code;

describe('an API key', () => {
  it('comes to be', () => {
    expect(decide([], create)).toEqual([created]);
    expect(decide([], { ...create, expiresAt: later })).toEqual([
      { type: 'ApiKeyCreated', data: { name: 'ana', keyedHash: 'h', expiresAt: later } },
    ]);
  });

  it.each(['', 'x'.repeat(101), 'a\nb', '\u0000'])('needs a name of 1 to 100 visible characters, not %j', (name) => {
    expect(codeOf(decide([], { ...create, name }))).toBe('API_KEY_NAME_INVALID');
  });

  it('must expire in the future', () => {
    expect(codeOf(decide([], { ...create, expiresAt: nowIso }))).toBe('API_KEY_EXPIRY_INVALID');
  });

  it('exists once', () => {
    expect(codeOf(decide([created], create))).toBe('API_KEY_EXISTS');
  });

  it('is revoked once; again is no news', () => {
    expect(decide([created], revoke)).toEqual([revoked]);
    expect(decide([created, revoked], revoke)).toEqual([]);
    expect(codeOf(decide([], revoke))).toBe('API_KEY_NOT_FOUND');
  });

  it('is not revoked when nobody could get in any more, unless it opens nothing itself', () => {
    expect(codeOf(decide([created], { ...revoke, locksEverybodyOut: true }))).toBe('API_KEY_LAST_ONE');
    expect(decide([expiring], { ...revoke, locksEverybodyOut: true })).toEqual([revoked]);
  });

  it('is usable until it is revoked or its time has come', () => {
    expect(isUsable({ revoked: false }, nowIso)).toBe(true);
    expect(isUsable({ revoked: true }, nowIso)).toBe(false);
    expect(isUsable({ revoked: false, expiresAt: later }, nowIso)).toBe(true);
    expect(isUsable({ revoked: false, expiresAt: nowIso }, nowIso)).toBe(false);
  });
});
