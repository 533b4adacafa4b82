// One entry of a mapping: `{source, target, required?, omit?, transformation?}`.
import type { Json, JsonObject } from '@app/kernel';
import { compileAnswerExpression, compileExpression } from './cel.js';
import { allOrDefects, entriesOf, isDefects } from './defect-list.js';
import { defectIn, within } from './defect.js';
import type { Operation, TransformationEnvironment } from './operation.js';
import { isRecord } from './operation.js';
import type { Path } from './path.js';
import { parsePath } from './path.js';
import type { Compiled, ExpressionDefect } from './scope.js';
import { isDefect } from './scope.js';
import { compileOperation } from './transformation.js';

export const MAPPING_ENTRIES_MAX = 500;

/** Whether the sources of a mapping are found in the context of a run or in the answer of a provider. */
export type Side = 'input' | 'output';

/** One entry: where from, where to, and what is done to it there. */
export interface Field {
  readonly source: Path | Compiled<object, Json>;
  readonly sourceText: string;
  readonly target: Path;
  readonly required: boolean;
  readonly omit: boolean;
  readonly transformation?: Operation;
}

/** The entries that have a source and a target. */
export function compileFields(
  entries: unknown,
  env: TransformationEnvironment,
  side: Side,
): readonly Field[] | ExpressionDefect[] {
  const listed = entriesOf(entries, MAPPING_ENTRIES_MAX);
  if (isDefects(listed)) return listed;
  const compiled = listed.flatMap((entry, index): (Field | ExpressionDefect)[] => {
    const field = compileField(entry, env, side);
    if (field === undefined) return [];
    return isDefect(field) ? [within(`[${index}]`, field)] : [field];
  });
  return allOrDefects<Field>(compiled);
}

function compileField(
  entry: unknown,
  env: TransformationEnvironment,
  side: Side,
): Field | ExpressionDefect | undefined {
  if (!isRecord(entry)) return defectIn('', 'must be an object {source, target}');
  const { source = '', target = '' } = entry;
  if (typeof source !== 'string') return defectIn('source', 'must be a string');
  if (typeof target !== 'string') return defectIn('target', 'must be a string');
  for (const key of ['required', 'omit'] as const) {
    const flag = entry[key];
    if (flag !== undefined && flag !== null && typeof flag !== 'boolean') return defectIn(key, 'must be true or false');
  }
  if (source === '' || target === '') return undefined;
  const from = sourceOf(source, side);
  if (isDefect(from)) return from;
  const to = parsePath(target, 'target');
  if ('problem' in to) return defectIn('target', to.problem);
  const transformation = compileTransformation(entry.transformation, target, env);
  if (isDefect(transformation)) return within('transformation', transformation);
  return {
    source: from,
    sourceText: source,
    target: to,
    required: entry.required === true,
    omit: entry.omit === true,
    ...(transformation ? { transformation } : {}),
  };
}

function sourceOf(source: string, side: Side): Field['source'] | ExpressionDefect {
  if (source.startsWith('=')) {
    const expression = side === 'input' ? compileExpression(source) : compileAnswerExpression(source);
    return isDefect(expression) ? { ...expression, path: 'source' } : expression;
  }
  const path = parsePath(source, 'source');
  return 'problem' in path ? defectIn('source', path.problem) : path;
}

/** The operations that make sense on one target, and how their spec is made of it. */
const textual = ['remove_characters', 'add_prefix', 'add_suffix', 'to_uppercase', 'to_lowercase', 'pass'];
const keyedByTarget = ['timestamp', 'uuid'];

function compileTransformation(
  transformation: Json | undefined,
  target: string,
  env: TransformationEnvironment,
): Operation | ExpressionDefect | undefined {
  if (transformation === undefined || transformation === null) return undefined;
  if (!isRecord(transformation)) return defectIn('', 'must be an object {type, config}');
  const { type, config = {} } = transformation;
  if (typeof type !== 'string' || ![...textual, ...keyedByTarget].includes(type)) {
    return defectIn('type', `must be one of ${[...textual, ...keyedByTarget].join(', ')}`);
  }
  const settings = config ?? {};
  if (!isRecord(settings)) return defectIn('config', 'must be an object');
  const keyed = keyedByTarget.includes(type);
  const spec: JsonObject = keyed ? { [target]: settings } : { ...settings, path: target };
  const operation = compileOperation({ operation: type, spec }, env);
  if (!isDefect(operation)) return operation;
  const inner = (operation.path ?? '').replace(/^spec\.?/, '').replace(keyed ? `${target}.` : '', '');
  return within('config', { ...operation, path: inner });
}
