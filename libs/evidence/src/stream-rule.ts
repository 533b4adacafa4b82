// What the verifier takes from the nouns: what must hold between the events of one stream, told as a fold.

export interface RuleEvent {
  readonly stream: string;
  readonly type: string;
  readonly revision: number;
  /** Parsed from the bytes that were verified; nothing is assumed of its shape. */
  readonly data: unknown;
  readonly metadata: unknown;
}

export interface RuleDefect {
  /** Stable, for programs: `result_without_claim`. */
  readonly code: string;
  /** For people, one line. */
  readonly sentence: string;
}

export interface RuleStep<State> {
  /** Handed to the next event of the stream; kept small, since there is one for every stream that has not ended. */
  readonly state: State;
  readonly defects: readonly RuleDefect[];
}

export interface StreamRule<State = unknown> {
  /** Streams whose name begins with it and a dash. */
  readonly category: string;
  readonly name: string;
  start(): State;
  step(state: State, event: RuleEvent): RuleStep<State>;
  /** Whether an event with these data names, by its hash, content that is stored apart from the log: no bundle holds it. */
  namesContent?(data: unknown): boolean;
}
