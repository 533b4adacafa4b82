// JSON Schema 2020-12 as findings. `format` is an annotation only, as the wire contract has it.
import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { FieldFinding, JsonObject } from '@app/kernel';

const ajv = new Ajv2020({ allErrors: true, strict: false, validateFormats: false });
const compiled = new WeakMap<JsonObject, ValidateFunction>();
const FINDINGS_MAX = 50;

/** Everything in `value` that the schema forbids; `root` is put before every field name, as in `config.base_url`. */
export function schemaFindings(schema: JsonObject, value: unknown, root: string): FieldFinding[] {
  let validate = compiled.get(schema);
  if (!validate) {
    validate = ajv.compile(schema);
    compiled.set(schema, validate);
  }
  if (validate(value)) return [];
  return (validate.errors ?? []).slice(0, FINDINGS_MAX).map((error) => findingOf(error, root));
}

function findingOf(error: ErrorObject, root: string): FieldFinding {
  const field = fieldName(root, error.instancePath, extraKey(error));
  switch (error.keyword) {
    case 'required':
      return { field, message: 'is required' };
    case 'additionalProperties':
      return { field, message: 'is not a known property' };
    case 'enum': {
      const values = (error.params as { allowedValues: unknown[] }).allowedValues;
      return { field, message: `must be one of ${values.map(String).join(', ')}` };
    }
    default:
      return { field, message: error.message ?? 'is not valid' };
  }
}

function extraKey(error: ErrorObject): string | undefined {
  const { missingProperty, additionalProperty } = error.params as Record<string, string | undefined>;
  return missingProperty ?? additionalProperty;
}

/** A JSON Pointer as people write paths: `/auth/scopes/0` becomes `auth.scopes[0]`. */
function fieldName(root: string, pointer: string, last: string | undefined): string {
  const parts = pointer.split('/').slice(1).map(unescapePointer);
  if (last !== undefined) parts.push(last);
  let name = root;
  for (const part of parts) {
    if (/^\d+$/.test(part)) name += `[${part}]`;
    else name += name === '' ? part : `.${part}`;
  }
  return name;
}

function unescapePointer(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~');
}

/** One sentence of all findings. */
export function findingsText(findings: readonly FieldFinding[]): string {
  return findings.map(({ field, message }) => `${field} ${message}`).join('; ');
}
