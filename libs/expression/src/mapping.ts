import type { JsonObject } from '@app/kernel';
import type { CompiledInput, CompiledOutput, ExpressionDefect } from './scope.js';
import type { TransformationEnvironment } from './transformation.js';

const refused: ExpressionDefect[] = [{ defect: true, message: 'cannot compile' }];

/** `inputMapping` of a node, resolved against the whole context. Paths of defects begin with `[index]`. */
export function compileInputMapping(
  _entries: unknown,
  _env: TransformationEnvironment,
): CompiledInput | ExpressionDefect[] {
  return refused;
}
/** `outputMapping` of a node, resolved against the response envelope. Paths of defects begin with `[index]`. */
export function compileOutputMapping(
  _entries: unknown,
  _env: TransformationEnvironment,
): CompiledOutput | ExpressionDefect[] {
  return refused;
}
/** `transforms` of a node. Paths of defects begin with `[index]`. */
export function compileTransforms(
  _operations: unknown,
  _env: TransformationEnvironment,
): CompiledInput | ExpressionDefect[] {
  return refused;
}
/** The body of a node's call. Paths of defects begin with `inputMapping[index]` or `transforms[index]`. */
export function compileNodeInput(
  _nodeData: JsonObject,
  _env: TransformationEnvironment,
): CompiledInput | ExpressionDefect[] {
  return refused;
}
/** The output of a node's call. Paths of defects begin with `outputMapping[index]`. */
export function compileNodeOutput(
  _nodeData: JsonObject,
  _env: TransformationEnvironment,
): CompiledOutput | ExpressionDefect[] {
  return refused;
}
