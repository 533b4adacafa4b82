// Servers that share their API keys must share the key under which these are hashed: a server with another one says so at start.
import type { KeyChecks } from '@app/event-store';
import type { KeySecrets } from './key-secrets.js';

const CHECK_NAME = 'api keys';
/** No API key looks like this. */
const CHECKED_TEXT = 'runledger key check';

/** Start-up cannot go on. The message says what to do. */
export class KeyMismatchError extends Error {
  constructor() {
    super(
      'the key under which API keys are hashed is not the one that this installation began with, so that no API key would ' +
        'be known: all its servers need the same API_KEY_PEPPER, or the same api-keys.key in their data directories',
    );
    this.name = 'KeyMismatchError';
  }
}

/** The first server to come leaves a keyed hash of a constant; the others compare theirs. Throws KeyMismatchError, StoreError. */
export async function proveKey(secrets: KeySecrets, checks: KeyChecks): Promise<void> {
  const kept = await checks.keep(CHECK_NAME, secrets.keyedHash(CHECKED_TEXT));
  if (!secrets.matches(CHECKED_TEXT, kept)) throw new KeyMismatchError();
}
