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

/** The first reason why `value` is not strict JSON of at most `depthMax` levels, or undefined when it is. */
export function jsonDefect(value: unknown, depthMax = JSON_DEPTH_MAX): JsonDefect | undefined {
  return defectIn(value, depthMax, []);
}

/** Paths are put together on the way back from a defect: sound documents, nearly all of them, pay nothing for them. */
function defectIn(value: unknown, levelsLeft: number, above: object[]): JsonDefect | undefined {
  switch (typeof value) {
    case 'boolean':
      return undefined;
    case 'number':
      return Number.isFinite(value) ? undefined : { path: '', problem: 'must be a finite number' };
    case 'string':
      return value.isWellFormed() ? undefined : { path: '', problem: 'contains a lone surrogate' };
    case 'object':
      return value === null ? undefined : objectDefect(value, levelsLeft - 1, above);
    default:
      return { path: '', problem: `must be JSON, not ${typeof value}` };
  }
}

function objectDefect(value: object, levelsLeft: number, above: object[]): JsonDefect | undefined {
  if (above.includes(value)) return { path: '', problem: 'contains itself' };
  if (levelsLeft < 0) return { path: '', problem: 'is nested too deep' };
  above.push(value);
  const found = Array.isArray(value) ? arrayDefect(value, levelsLeft, above) : recordDefect(value, levelsLeft, above);
  above.pop();
  return found;
}

function arrayDefect(value: readonly unknown[], levelsLeft: number, above: object[]): JsonDefect | undefined {
  for (let index = 0; index < value.length; index += 1) {
    const found = defectIn(value[index], levelsLeft, above);
    if (found) return { path: joined(`[${index}]`, found.path), problem: found.problem };
  }
  return undefined;
}

function recordDefect(value: object, levelsLeft: number, above: object[]): JsonDefect | undefined {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return { path: '', problem: 'must be a plain object' };
  for (const key of Object.keys(value)) {
    if (key === '__proto__') return { path: key, problem: 'is a forbidden key' };
    if (!key.isWellFormed()) return { path: key, problem: 'contains a lone surrogate' };
    const found = defectIn((value as Record<string, unknown>)[key], levelsLeft, above);
    if (found) return { path: joined(key, found.path), problem: found.problem };
  }
  return undefined;
}

function joined(outer: string, inner: string): string {
  return inner === '' || inner.startsWith('[') ? `${outer}${inner}` : `${outer}.${inner}`;
}

const canonicalizeStrict = canonicalizeModule as unknown as (value: unknown) => string | undefined;

/** RFC 8785 text of strict JSON. Throws TypeError, naming the place, for anything else. */
export function canonicalJson(value: unknown): string {
  const defect = jsonDefect(value);
  // RFC 8785 writes numbers and texts as JSON.stringify does: where the keys are in order already, that is all there is to do.
  const text = defect ? undefined : isInOrder(value) ? JSON.stringify(value) : canonicalizeStrict(value);
  if (text === undefined) {
    throw new TypeError(`not canonical JSON: ${defect?.path ?? ''} ${defect?.problem ?? ''}`.trim());
  }
  return text;
}

/** Whether every object within has its keys in the order of their UTF-16 code units. */
function isInOrder(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(isInOrder);
  let last: string | undefined;
  for (const [key, member] of Object.entries(value)) {
    if ((last !== undefined && key < last) || !isInOrder(member)) return false;
    last = key;
  }
  return true;
}
