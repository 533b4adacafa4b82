import type { Json } from '@app/kernel';
import type { CompiledTemplate, ExpressionDefect } from './scope.js';

/** The literal `output` of `set_output`. Paths of defects are relative to the literal, as in `a.b[0]`. */
export function compileTemplate(_literal: Json): CompiledTemplate | ExpressionDefect[] {
  return [{ defect: true, message: 'cannot compile' }];
}
