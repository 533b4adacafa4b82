// What an evaluation may cost. The library bounds the expression, not what the data make of it, so every operation whose
// work grows with the data is charged before it runs, and the evaluation fails when the budget is spent. One unit is
// very roughly 50 ns. Evaluation is synchronous, so one budget serves all expressions.

export const BUDGET = 1_000_000;
export const OVER_BUDGET = 'the expression costs more than an evaluation may';

let left = 0;
/** Made once: an evaluation over budget may meet it very often, and a stack trace is dear. */
const overBudget = new RangeError(OVER_BUDGET);

export function startBudget(): void {
  left = BUDGET;
}

export function isWithinBudget(): boolean {
  return left >= 0;
}

/** Throws when the budget is spent; from then on every charge throws. */
export function charge(units: number): void {
  left -= units;
  if (!(left >= 0)) {
    left = -1;
    throw overBudget;
  }
}
