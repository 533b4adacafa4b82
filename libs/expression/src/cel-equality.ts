// Equality of CEL values as JSON sees it: total, numbers by value whatever their kind, different kinds unequal.
import { charge } from './cel-budget.js';

export function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a === 'object' && a !== null && typeof b === 'object' && b !== null) return areEqualObjects(a, b);
  const x = numeric(a);
  const y = numeric(b);
  return x !== undefined && y !== undefined && isSameNumber(x, y);
}

/** Whether `b` has the element or the key `a`; undefined when `b` is neither list nor map. */
export function isIn(a: unknown, b: unknown): boolean | undefined {
  if (Array.isArray(b)) {
    charge(b.length);
    return b.some((element) => isEqual(a, element));
  }
  if (!isPlain(b)) return undefined;
  return ['string', 'number', 'bigint', 'boolean'].includes(typeof a) && Object.hasOwn(b, String(a));
}

function areEqualObjects(a: object, b: object): boolean {
  charge(1);
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    charge(a.length);
    return a.every((element, index) => isEqual(element, b[index]));
  }
  if (isPlain(a) && isPlain(b)) return areEqualMaps(a, b);
  const x = numeric(a);
  const y = numeric(b);
  if (x !== undefined && y !== undefined) return isSameNumber(x, y);
  return a instanceof Uint8Array && b instanceof Uint8Array ? areEqualBytes(a, b) : areEqualMoments(a, b);
}

function areEqualMaps(a: Record<string, unknown>, b: Record<string, unknown>): boolean {
  const keys = Object.keys(a);
  charge(keys.length);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && isEqual(a[key], b[key]));
}

function areEqualBytes(a: Uint8Array, b: Uint8Array): boolean {
  charge(a.length);
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

/** Exact, whether written as int or as double: neither is less than the other. NaN equals nothing. */
function isSameNumber(x: number | bigint, y: number | bigint): boolean {
  return x <= y && x >= y;
}

/** Timestamps and durations: the same kind and the same length of time. */
function areEqualMoments(a: object, b: object): boolean {
  const x: unknown = a.valueOf();
  return a.constructor === b.constructor && typeof x === 'number' && x === b.valueOf();
}

/** The number, if it is one: a double, an int, or the library's object for an unsigned int. */
function numeric(value: unknown): number | bigint | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  if (typeof value !== 'object' || value === null || isPlain(value)) return undefined;
  const inner: unknown = value.valueOf();
  return typeof inner === 'bigint' ? inner : undefined;
}

export function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
