// The step behind authentication: whether this actor may do this. Roles come in here.
import type { Actor, Refusal } from '@app/kernel';

export interface Errand {
  readonly method: string;
  /** The route's pattern, as in `/v1/workflows/:id`. */
  readonly route: string;
}

export abstract class Authorizer {
  /** The refusal (kind `forbidden`), or undefined when the actor may. */
  abstract refusal(actor: Actor, errand: Errand): Refusal | undefined;
}

/** Whoever holds a key may do everything: a server without roles. */
export class EveryActorMay extends Authorizer {
  refusal(): undefined {
    return undefined;
  }
}
