// What the store and its writing thread say to each other. Appends are answered in the order they were sent.
import type { AppendWire } from './append-wire.js';
import type { StoreErrorCode } from './store-error.js';

/** What became of one append. `position` is the number of its last event. */
export type AppendOutcome =
  | { readonly kind: 'written' | 'repeated'; readonly lastRevision: number; readonly position: number }
  | { readonly kind: 'refused'; readonly actual: number };

export interface LogThreadStart {
  readonly path: string;
}

export type ToLogThread =
  | AppendWire
  | { readonly kind: 'ping' }
  | { readonly kind: 'limitPages'; readonly pages: number }
  | { readonly kind: 'close' };

export type FromLogThread =
  | { readonly kind: 'ready' }
  | { readonly kind: 'refused'; readonly code: StoreErrorCode; readonly message: string }
  /** For each append: its last revision and its position, or the stream's actual revision and REFUSED. */
  | { readonly kind: 'verdicts'; readonly verdicts: readonly number[] }
  /** The next `count` appends failed together. */
  | { readonly kind: 'failed'; readonly count: number; readonly code: StoreErrorCode; readonly message: string }
  | { readonly kind: 'pong'; readonly reason?: string }
  | { readonly kind: 'closed' };

/** In the place of a position: the append was refused. */
export const REFUSED = -1;

export function verdictsOf(outcomes: readonly AppendOutcome[]): number[] {
  const verdicts: number[] = [];
  for (const outcome of outcomes) {
    if (outcome.kind === 'refused') verdicts.push(outcome.actual, REFUSED);
    else verdicts.push(outcome.lastRevision, outcome.position);
  }
  return verdicts;
}

/** Where a writer announces its new head to every thread of the process. */
export function newsChannel(path: string): string {
  return `event-log:${path}`;
}
