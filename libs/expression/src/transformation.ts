// The fourteen operations of the wire contract (section 1.7), checked when they are saved.
import type { Json } from '@app/kernel';
import { defectIn, within } from './defect.js';
import { documentOperations } from './document-operations.js';
import type { Operation, OperationCompiler, TransformationEnvironment } from './operation.js';
import { isRecord, SpecProblem } from './operation.js';
import type { ExpressionDefect, NodeReference } from './scope.js';
import { rootOf } from './path.js';
import { textOperations } from './text-operations.js';
import { timestampOperation } from './timestamp-operation.js';
import { uuidOperation } from './uuid-operation.js';

export type { TransformationEnvironment } from './operation.js';

const operations: ReadonlyMap<string, OperationCompiler> = new Map(
  Object.entries({ ...documentOperations, ...textOperations, timestamp: timestampOperation, uuid: uuidOperation }),
);
export const operationNames: readonly string[] = [...operations.keys()];

export const OPERATIONS_MAX = 200;

/** One `{operation, spec, require?}`. Other keys are ignored. */
export function compileOperation(entry: unknown, env: TransformationEnvironment): Operation | ExpressionDefect {
  if (!isRecord(entry)) return defectIn('', 'must be an object {operation, spec}');
  const compile = typeof entry.operation === 'string' ? operations.get(entry.operation) : undefined;
  if (!compile) return defectIn('operation', `must be one of ${operationNames.join(', ')}`);
  if (entry.require !== undefined && entry.require !== null && typeof entry.require !== 'boolean') {
    return defectIn('require', 'must be true or false');
  }
  if (!isRecord(entry.spec)) return defectIn('spec', 'must be an object');
  if (Object.keys(entry.spec).length === 0) return defectIn('spec', 'must not be empty');
  return compileSpec(compile, entry.spec, entry.require === true, env);
}

function compileSpec(
  compile: OperationCompiler,
  spec: { [key: string]: Json },
  require: boolean,
  env: TransformationEnvironment,
): Operation | ExpressionDefect {
  try {
    return compile({ spec, require, env });
  } catch (error) {
    if (error instanceof SpecProblem) return within('spec', defectIn(error.path, error.message));
    throw error;
  }
}

/** The nodes that operations applied to the context one after the other read. */
export function referencesOf(sequence: readonly Operation[]): NodeReference[] {
  const references: NodeReference[] = [];
  const known = new Set(['workflow', 'output']);
  for (const operation of sequence) {
    for (const source of operation.sources) {
      const nodeId = rootOf(source);
      if (nodeId !== undefined && !known.has(nodeId)) references.push({ nodeId, text: source.text });
    }
    if (operation.replaces) break;
    for (const target of operation.targets) known.add(rootOf(target) ?? '');
  }
  return references;
}
