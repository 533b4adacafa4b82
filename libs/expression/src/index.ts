export { compileExpression, EXPRESSION_LENGTH_MAX } from './cel.js';
export { CONDITION_LENGTH_MAX } from './condition-parser.js';
export { compileCondition } from './condition.js';
export {
  compileInputMapping,
  compileNodeInput,
  compileNodeOutput,
  compileOutputMapping,
  compileTransforms,
} from './mapping.js';
export { MAPPING_ENTRIES_MAX } from './mapping-field.js';
export * from './scope.js';
export { compileTemplate } from './template.js';
export type { TransformationEnvironment } from './transformation.js';
export { operationNames, OPERATIONS_MAX } from './transformation.js';
