// Uniqueness: one stream per claimed value. Never a check in a view.
import { Type } from '@sinclair/typebox';
import type { Decider, EventsOf } from '@app/kernel';
import { defineEvent, never, refuse } from '@app/kernel';

export const reservationEvents = {
  ValueReserved: defineEvent(
    'ValueReserved',
    'A unique value was claimed for one owner.',
    Type.Object({
      scope: Type.String({ description: 'what must be unique, as in `workflow.name`' }),
      value: Type.String(),
      ownerStream: Type.String(),
      reservedAt: Type.String({ format: 'date-time' }),
    }),
  ),
  ValueReleased: defineEvent(
    'ValueReleased',
    'A unique value became free again.',
    Type.Object({ scope: Type.String(), value: Type.String(), ownerStream: Type.String() }),
  ),
};
export type ReservationEvent = EventsOf<typeof reservationEvents>;

export type ReservationCommand =
  | {
      readonly kind: 'ReserveValue';
      readonly scope: string;
      readonly value: string;
      readonly ownerStream: string;
      readonly nowIso: string;
      /** An owner whose claim is known to be void (it never came to be, or no longer uses the value). */
      readonly voidOwnerStream?: string;
      /** A claim of the same owner that is older than this (RFC 3339) is made anew, so that it counts as fresh again. */
      readonly renewBeforeIso?: string;
    }
  | { readonly kind: 'ReleaseValue'; readonly scope: string; readonly value: string; readonly ownerStream: string };

export type ReservationState = { readonly ownerStream: string; readonly reservedAt: string } | null;

export const reservation: Decider<ReservationCommand, ReservationState, ReservationEvent> = {
  category: 'reservation',
  initial: null,
  decide(command, state) {
    const { scope, value, ownerStream } = command;
    switch (command.kind) {
      case 'ReserveValue':
        if (state?.ownerStream === ownerStream && !isStale(state.reservedAt, command.renewBeforeIso)) return [];
        if (state && state.ownerStream !== ownerStream && state.ownerStream !== command.voidOwnerStream) {
          return refuse('conflict', 'VALUE_RESERVED', `"${value}" is taken by ${state.ownerStream}`);
        }
        return [{ type: 'ValueReserved', data: { scope, value, ownerStream, reservedAt: command.nowIso } }];
      case 'ReleaseValue':
        if (state?.ownerStream !== ownerStream) return [];
        return [{ type: 'ValueReleased', data: { scope, value, ownerStream } }];
      default:
        return never(command);
    }
  },
  evolve(_state, event) {
    switch (event.type) {
      case 'ValueReserved':
        return { ownerStream: event.data.ownerStream, reservedAt: event.data.reservedAt };
      case 'ValueReleased':
        return null;
      default:
        return never(event);
    }
  },
};

function isStale(reservedAt: string, renewBeforeIso: string | undefined): boolean {
  return renewBeforeIso !== undefined && Date.parse(reservedAt) < Date.parse(renewBeforeIso);
}
