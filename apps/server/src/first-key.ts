// The first administrator's key of a server that demands keys.
import type { EventStore } from '@app/event-store';
import type { ApiKeyOffice } from '@app/access';
import type { Clock, IdSource } from '@app/kernel';
import { accepted, engineActor } from '@app/kernel';

export const FIRST_KEY_NAME = 'administrator';

/** Whether no API key was ever created, revoked ones included. */
export async function isFirstKeyDue(events: EventStore): Promise<boolean> {
  const filter = { streamPrefixes: ['apiKey-'], typePrefixes: ['ApiKeyCreated'] };
  for await (const _event of events.readAll({ filter, limit: 1 })) return false;
  return true;
}

/**
 * Shows the key before it records it: a crash in between leaves a key on the screen that is not valid and a server that
 * shows another one at its next start, but never a server whose only key nobody has seen.
 */
export async function issueFirstKey(
  office: ApiKeyOffice,
  show: (key: string) => void,
  ids: IdSource,
  clock: Clock,
): Promise<void> {
  const draft = office.draft({ name: FIRST_KEY_NAME });
  show(draft.key);
  const correlationId = ids.next();
  const issue = (name: string) =>
    office.issue({ ...draft, name }, { actor: engineActor, channel: 'engine', correlationId });
  const issued = await issue(FIRST_KEY_NAME);
  // A start that died between its claim on the name and its event holds the name for half a minute.
  if ('refused' in issued) accepted(await issue(`${FIRST_KEY_NAME} ${new Date(clock.nowMs()).toISOString()}`));
}
