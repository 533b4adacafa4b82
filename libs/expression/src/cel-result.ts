// What CEL yields, as strict JSON. Values that are JSON already are passed on, not copied.
import { Duration } from '@marcbachmann/cel-js/evaluator';
import type { Json } from '@app/kernel';
import { JSON_DEPTH_MAX } from '@app/kernel';
import { isPlain } from './cel-equality.js';
import { charge } from './cel-budget.js';

const loneSurrogate = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;

/** Throws an Error that says why the value has no JSON form. */
export function jsonOf(value: unknown, depth = 0): Json {
  switch (typeof value) {
    case 'boolean':
      return value;
    case 'string':
      return textOf(value);
    case 'number':
      if (Number.isFinite(value)) return value;
      throw new Error(`the result ${value} is no JSON number`);
    case 'bigint':
      return integerOf(value);
    case 'object':
      return value === null ? null : objectOf(value, depth + 1);
    default:
      throw new Error('the result has no JSON form');
  }
}

function textOf(value: string): string {
  charge(value.length / 32);
  if (loneSurrogate.test(value)) throw new Error('the result contains half a character');
  return value;
}

function integerOf(value: bigint): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw new Error('the result is an integer beyond 2^53 - 1; use string(...)');
}

function objectOf(value: object, depth: number): Json {
  if (depth > JSON_DEPTH_MAX) throw new Error(`the result is nested deeper than ${JSON_DEPTH_MAX} levels`);
  if (Array.isArray(value)) return listOf(value, depth);
  if (isPlain(value)) return mapOf(value, depth);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Duration) return String(value);
  if (typeof value.valueOf() === 'bigint') return integerOf(value.valueOf() as unknown as bigint);
  throw new Error('the result has no JSON form');
}

function listOf(list: readonly unknown[], depth: number): Json[] {
  charge(2 + list.length);
  let copy: Json[] | undefined;
  for (let index = 0; index < list.length; index += 1) {
    const converted = jsonOf(list[index], depth);
    if (converted !== list[index]) (copy ??= [...(list as Json[])])[index] = converted;
  }
  return copy ?? (list as Json[]);
}

function mapOf(map: Record<string, unknown>, depth: number): Json {
  const keys = Object.keys(map);
  charge(2 + keys.length);
  let copy: Record<string, Json> | undefined;
  for (const key of keys) {
    const converted = jsonOf(map[key], depth);
    if (converted !== map[key]) (copy ??= { ...(map as Record<string, Json>) })[key] = converted;
  }
  return copy ?? (map as Record<string, Json>);
}
