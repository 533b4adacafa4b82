// Strict JSON: what may stand in an event for ever, and its canonical form (RFC 8785).
import canonicalizeModule from 'canonicalize';

export type JsonPrimitive = string | number | boolean | null;
export type Json = JsonPrimitive | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}

export const JSON_DEPTH_MAX = 64;

export interface JsonDefect {
  /** Where the defect stands, as in `nodes[2].data.condition`; empty for the document itself. */
  readonly path: string;
  readonly problem: string;
}

const loneSurrogate = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;

/** The first reason why `value` is not strict JSON of at most `depthMax` levels, or undefined when it is. */
export function jsonDefect(value: unknown, depthMax = JSON_DEPTH_MAX): JsonDefect | undefined {
  return defectAt(value, '', 0, depthMax, new Set());
}

function defectAt(
  value: unknown,
  path: string,
  depth: number,
  depthMax: number,
  above: Set<object>,
): JsonDefect | undefined {
  switch (typeof value) {
    case 'boolean':
      return undefined;
    case 'number':
      return Number.isFinite(value) ? undefined : { path, problem: 'must be a finite number' };
    case 'string':
      return loneSurrogate.test(value) ? { path, problem: 'contains a lone surrogate' } : undefined;
    case 'object':
      return value === null ? undefined : objectDefect(value, path, depth + 1, depthMax, above);
    default:
      return { path, problem: `must be JSON, not ${typeof value}` };
  }
}

function objectDefect(
  value: object,
  path: string,
  depth: number,
  depthMax: number,
  above: Set<object>,
): JsonDefect | undefined {
  if (depth > depthMax) return { path, problem: `is nested deeper than ${depthMax} levels` };
  if (above.has(value)) return { path, problem: 'contains itself' };
  above.add(value);
  const found = Array.isArray(value)
    ? arrayDefect(value, path, depth, depthMax, above)
    : recordDefect(value, path, depth, depthMax, above);
  above.delete(value);
  return found;
}

function arrayDefect(
  value: unknown[],
  path: string,
  depth: number,
  depthMax: number,
  above: Set<object>,
): JsonDefect | undefined {
  for (let index = 0; index < value.length; index += 1) {
    const found = defectAt(value[index], `${path}[${index}]`, depth, depthMax, above);
    if (found) return found;
  }
  return undefined;
}

function recordDefect(
  value: object,
  path: string,
  depth: number,
  depthMax: number,
  above: Set<object>,
): JsonDefect | undefined {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    return { path, problem: 'must be a plain object' };
  }
  for (const key of Object.keys(value)) {
    const at = path === '' ? key : `${path}.${key}`;
    if (key === '__proto__') return { path: at, problem: 'is a forbidden key' };
    if (loneSurrogate.test(key)) return { path: at, problem: 'contains a lone surrogate' };
    const found = defectAt((value as Record<string, unknown>)[key], at, depth, depthMax, above);
    if (found) return found;
  }
  return undefined;
}

const canonicalizeStrict = canonicalizeModule as unknown as (value: unknown) => string | undefined;

/** RFC 8785 text of strict JSON. Throws TypeError, naming the place, for anything else. */
export function canonicalJson(value: unknown): string {
  const defect = jsonDefect(value);
  const text = defect ? undefined : canonicalizeStrict(value);
  if (text === undefined) {
    throw new TypeError(`not canonical JSON: ${defect?.path ?? ''} ${defect?.problem ?? ''}`.trim());
  }
  return text;
}
