import type { CompiledCondition, ExpressionDefect } from './scope.js';

/** A condition as written in a node or on an edge: the legacy grammar, or CEL behind a leading `=`. Never throws. */
export function compileCondition(text: string): CompiledCondition | ExpressionDefect {
  return { defect: true, message: `cannot compile ${text}` };
}
