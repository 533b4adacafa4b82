import type { Clock, Refusal, RequestContext } from '@app/kernel';
import { isRefusal, keyOf, RefusalError, reservationStream, timestamp } from '@app/kernel';
import type { AggregateStore } from './aggregate-store.js';
import { reservation } from './reservation.js';

export interface Claim {
  /** What must be unique, as in `workflow.name`. */
  readonly scope: string;
  readonly value: string;
  /** The stream of the aggregate that holds the value. */
  readonly ownerStream: string;
}

/** How long a claim is honoured although its owner does not (yet) show the value: longer than any request lives. */
export const CLAIM_GRACE_MS = 30_000;

/**
 * Claims unique values. Claim first, then append to the owner, release when that was refused. A server that dies in
 * between leaves a claim without an owner: whoever asks next, after a grace, takes it over.
 */
export class Reservations {
  constructor(
    private readonly aggregates: AggregateStore,
    private readonly clock: Clock,
  ) {}

  /**
   * @param holds whether that owner really uses the value now; asked only about a contested claim older than the grace.
   * @returns undefined when the value is now the owner's, else a `conflict` naming the holder in its message.
   */
  async claim(
    claim: Claim,
    context: RequestContext,
    holds: (ownerStream: string) => Promise<boolean>,
  ): Promise<Refusal | undefined> {
    const id = keyOf(reservationStream(claim.scope, claim.value));
    const nowMs = this.clock.nowMs();
    const renewBeforeIso = timestamp(nowMs - CLAIM_GRACE_MS);
    const command = { kind: 'ReserveValue' as const, ...claim, nowIso: timestamp(nowMs), renewBeforeIso };
    const first = await this.aggregates.execute(reservation, id, command, context);
    if (!isRefusal(first)) return undefined;
    const { state } = await this.aggregates.load(reservation, id);
    if (state && (this.isYoung(state.reservedAt) || (await holds(state.ownerStream)))) return first;
    const again = state ? { ...command, voidOwnerStream: state.ownerStream } : command;
    const second = await this.aggregates.execute(reservation, id, again, context);
    return isRefusal(second) ? second : undefined;
  }

  /** Frees the value if this owner holds it. */
  async release(claim: Claim, context: RequestContext): Promise<void> {
    const id = keyOf(reservationStream(claim.scope, claim.value));
    const outcome = await this.aggregates.execute(reservation, id, { kind: 'ReleaseValue', ...claim }, context);
    if (isRefusal(outcome)) throw new RefusalError(outcome);
  }

  /** The stream that holds the value now. */
  async holder(scope: string, value: string): Promise<string | undefined> {
    const { state } = await this.aggregates.load(reservation, keyOf(reservationStream(scope, value)));
    return state?.ownerStream;
  }

  private isYoung(reservedAt: string): boolean {
    return this.clock.nowMs() - Date.parse(reservedAt) < CLAIM_GRACE_MS;
  }
}
