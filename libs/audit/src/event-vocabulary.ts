// Every event type that this product declares, in one place: what the audit trail must be able to tell.
import type { EventsOf } from '@app/kernel';
import { accessEvents, apiKeyEvents, systemEvents } from '@app/access';
import { reservationEvents } from '@app/event-store';
import { executionEvents } from '@app/execution';
import { providerEvents } from '@app/provider';
import { workflowEvents } from '@app/workflow';

export const declaredEvents = {
  ...workflowEvents,
  ...providerEvents,
  ...apiKeyEvents,
  ...accessEvents,
  ...systemEvents,
  ...executionEvents,
  ...reservationEvents,
};
export type DeclaredEvent = EventsOf<typeof declaredEvents>;
export type DeclaredType = DeclaredEvent['type'];
export type DataOf<T extends DeclaredType> = Extract<DeclaredEvent, { type: T }>['data'];

/** A newer server may have written types that this one does not know. */
export function isDeclared(event: { readonly type: string; readonly data: unknown }): event is DeclaredEvent {
  return Object.hasOwn(declaredEvents, event.type);
}
