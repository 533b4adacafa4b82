import type { DomainEvent } from './event.js';
import type { Refusal } from './refusal.js';
import type { StreamCategory } from './stream.js';

/** Events that became true, none when it is already so, or a refusal. */
export type Decision<Event> = readonly Event[] | Refusal;

/**
 * An aggregate as three pure values. `decide` sees only the command and the state folded from its stream; what else it
 * needs (time, ids, facts from elsewhere) comes with the command.
 */
export interface Decider<Command, State, Event extends DomainEvent> {
  readonly category: StreamCategory;
  readonly initial: State;
  decide(command: Command, state: State): Decision<Event>;
  evolve(state: State, event: Event): State;
}

export function fold<Command, State, Event extends DomainEvent>(
  decider: Decider<Command, State, Event>,
  events: Iterable<Event>,
  from: State = decider.initial,
): State {
  let state = from;
  for (const event of events) state = decider.evolve(state, event);
  return state;
}

/** Closes an exhaustive switch: an event or command without a case does not compile. */
export function never(value: never): never {
  throw new Error(`unexpected ${JSON.stringify(value)}`);
}
