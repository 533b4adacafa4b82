import type { Json } from '@app/kernel';
import type { Compiled, EvaluationScope, ExpressionDefect } from './scope.js';

/** A CEL expression with its leading `=`. Never throws. */
export function compileExpression(source: string): Compiled<EvaluationScope, Json> | ExpressionDefect {
  return { defect: true, message: `cannot compile ${source}` };
}
