// `inputMapping`, `outputMapping` and `transforms` of a node (section 1.6 of the wire contract): what a call is sent, and
// what of its answer is kept. Each evaluation writes into containers of its own and leaves what it was given untouched.
import type { Json, JsonObject } from '@app/kernel';
import { allOrDefects, defectsOf, entriesOf, isDefects } from './defect-list.js';
import { excerpt, within } from './defect.js';
import type { Field } from './mapping-field.js';
import { compileFields } from './mapping-field.js';
import { isRecord } from './operation.js';
import type { Path } from './path.js';
import { absentValue, Draft, EvaluationFailure, readPath, rootOf } from './path.js';
import type { CompiledInput, CompiledOutput, Evaluated, ExpressionDefect, NodeReference } from './scope.js';
import { isDefect } from './scope.js';
import type { TransformationEnvironment } from './transformation.js';
import { compileOperation, OPERATIONS_MAX, referencesOf } from './transformation.js';

/**
 * `inputMapping` of a node, resolved against the whole context; a `source` with a leading `=` is CEL. Entries without
 * source or target are ignored; when none is left, the context passes through unchanged. Paths of defects begin with
 * `[index]`. The message of a failed evaluation names the missing field.
 */
export function compileInputMapping(
  entries: unknown,
  env: TransformationEnvironment,
): CompiledInput | ExpressionDefect[] {
  const fields = compileFields(entries, env, 'input');
  if (isDefects(fields)) return fields;
  return fields.length === 0 ? passThrough : inputOf(fields);
}

/**
 * `outputMapping` of a node, resolved against the envelope `{status, status_text, url, headers, body}`; when no entry is
 * left, the envelope passes through unchanged. A `source` with a leading `=` is CEL over those five names, as in
 * `= body.score * 100`. Paths of defects begin with `[index]`.
 */
export function compileOutputMapping(
  entries: unknown,
  env: TransformationEnvironment,
): CompiledOutput | ExpressionDefect[] {
  const fields = compileFields(entries, env, 'output');
  if (isDefects(fields)) return fields;
  if (fields.length === 0) return { references: [], evaluate: (envelope) => ({ ok: true, value: envelope }) };
  return {
    references: [],
    evaluate: (envelope) => attempt(() => mapped(fields, envelope, envelope)),
  };
}

/** `transforms` of a node: operations one after the other, the first on the whole context. Paths of defects begin with `[index]`. */
export function compileTransforms(
  operations: unknown,
  env: TransformationEnvironment,
): CompiledInput | ExpressionDefect[] {
  const listed = entriesOf(operations, OPERATIONS_MAX);
  if (isDefects(listed)) return listed;
  const compiled = listed.map((entry, index) => {
    const operation = compileOperation(entry, env);
    return isDefect(operation) ? within(`[${index}]`, operation) : operation;
  });
  const sequence = allOrDefects(compiled);
  if (isDefects(sequence)) return sequence;
  if (sequence.length === 0) return passThrough;
  return {
    references: referencesOf(sequence),
    evaluate: (scope) =>
      attempt(() => {
        const draft = new Draft(scope.context);
        for (const operation of sequence) operation.apply(draft);
        return draft.document;
      }),
  };
}

/**
 * The body of a node's call: its `inputMapping`, else its `transforms`, else the run's input. Without either, nothing
 * but the input is sent, and of a webhook's input not the `_webhook` part: a provider gets what was meant for it. Paths
 * of defects begin with `inputMapping[index]` or `transforms[index]`; those of both are reported.
 */
export function compileNodeInput(
  nodeData: JsonObject,
  env: TransformationEnvironment,
): CompiledInput | ExpressionDefect[] {
  const fields = compileFields(nodeData.inputMapping, env, 'input');
  const transforms = compileTransforms(nodeData.transforms, env);
  const defects = [...defectsOf('inputMapping', fields), ...defectsOf('transforms', transforms)];
  if (defects.length > 0 || isDefects(fields) || isDefects(transforms)) return defects;
  if (fields.length > 0) return inputOf(fields);
  return transforms === passThrough ? runInput : transforms;
}

/** The output of a node's call: its `outputMapping`, else the envelope. Paths of defects begin with `outputMapping[index]`. */
export function compileNodeOutput(
  nodeData: JsonObject,
  env: TransformationEnvironment,
): CompiledOutput | ExpressionDefect[] {
  const compiled = compileOutputMapping(nodeData.outputMapping, env);
  return isDefects(compiled) ? defectsOf('outputMapping', compiled) : compiled;
}

const passThrough: CompiledInput = { references: [], evaluate: (scope) => ({ ok: true, value: scope.context }) };

const runInput: CompiledInput = {
  references: [],
  evaluate: ({ context }) => {
    const input: Json = context.workflow ?? {};
    if (!isRecord(input) || !Object.hasOwn(input, '_webhook')) return { ok: true, value: input };
    const { _webhook, ...rest } = input;
    return { ok: true, value: rest };
  },
};

function inputOf(fields: readonly Field[]): CompiledInput {
  return {
    references: fields.flatMap(({ source }) => ('evaluate' in source ? source.references : pathReference(source))),
    evaluate: (scope) => attempt(() => mapped(fields, scope.context, scope)),
  };
}

function pathReference(path: Path): NodeReference[] {
  const nodeId = rootOf(path);
  return nodeId === undefined || nodeId === 'workflow' || nodeId === 'output' ? [] : [{ nodeId, text: path.text }];
}

/** First all values are placed, then the transformations run, in the order of the entries. */
function mapped(fields: readonly Field[], document: JsonObject, scope: object): Json {
  const draft = new Draft({});
  for (const field of fields) {
    const value = valueOf(field, document, scope);
    if (value !== undefined) draft.write(field.target, value);
  }
  for (const { transformation } of fields) transformation?.apply(draft);
  return draft.document;
}

function valueOf(field: Field, document: JsonObject, scope: object): Json | undefined {
  const { source } = field;
  if ('evaluate' in source) {
    const found = source.evaluate(scope);
    if (found.ok) return found.value;
    throw new EvaluationFailure(`the source ${JSON.stringify(excerpt(field.sourceText))}: ${found.message}`);
  }
  const value = readPath(document, source, field.required);
  if (value !== undefined) return value;
  if (field.required) throw new EvaluationFailure(`the required source ${JSON.stringify(source.text)} is missing`);
  return field.omit ? undefined : absentValue(source);
}

/** The step puts `input transformation failed: ` or `output transformation failed: ` before the message. */
function attempt(compute: () => Json): Evaluated<Json> {
  try {
    return { ok: true, value: compute() };
  } catch (error) {
    const reason = error instanceof EvaluationFailure ? error.message : 'the values are nested too deeply or too large';
    return { ok: false, message: `${reason}: FLK-0142 - transformation execution failed` };
  }
}
