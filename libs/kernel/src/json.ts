// Strict JSON: what may stand in an event for ever, and its canonical form (RFC 8785).

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

/** The text of strict JSON, members in the order they have; or the first reason why `value` is none. */
export function jsonTextOf(value: unknown): string | JsonDefect {
  const text = writtenOrNot(value);
  const isSound = text !== undefined && !(traitsOf(value, JSON_DEPTH_MAX) & UNSOUND);
  const defect = isSound && !text.includes(ESCAPED_SURROGATE) ? undefined : jsonDefect(value);
  return defect ?? (text as string);
}

/** Written first: what contains itself or has no end of levels cannot be, and is then looked at with more care. */
function writtenOrNot(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

/** RFC 8785 text of strict JSON. Throws TypeError, naming the place, for anything else. */
export function canonicalJson(value: unknown): string {
  const traits = traitsOf(value, JSON_DEPTH_MAX);
  if (traits & UNSOUND) throw defectError(jsonDefect(value));
  const text = soundText(value, traits);
  const defect = text.includes(ESCAPED_SURROGATE) ? jsonDefect(value) : undefined;
  if (defect) throw defectError(defect);
  return text;
}

/** Only a lone surrogate is written so; or a backslash before these letters, which is looked at more closely. */
const ESCAPED_SURROGATE = '\\ud';

/** Some keys are not in the order of their UTF-16 code units. */
const UNSORTED = 1;
/** Some keys may look like numbers: an object has those first, however it is built. */
const NUMBERED = 2;
/** Something is no strict JSON. */
const UNSOUND = 4;

/** RFC 8785 writes numbers and texts as JSON.stringify does: all that is left to do is to put keys in order. */
function soundText(value: unknown, traits: number): string {
  if (!(traits & UNSORTED)) return JSON.stringify(value);
  return traits & NUMBERED ? sortedText(value) : JSON.stringify(sorted(value));
}

/** What holds for any of the objects within. Lone surrogates are left to be found in the text. */
function traitsOf(value: unknown, levelsLeft: number): number {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return 0;
    case 'number':
      return Number.isFinite(value) ? 0 : UNSOUND;
    case 'object':
      if (value === null) return 0;
      if (levelsLeft === 0) return UNSOUND;
      return Array.isArray(value) ? traitsOfArray(value, levelsLeft - 1) : traitsOfRecord(value, levelsLeft - 1);
    default:
      return UNSOUND;
  }
}

function traitsOfArray(value: readonly unknown[], levelsLeft: number): number {
  let traits = 0;
  for (let index = 0; index < value.length; index += 1) traits |= traitsOf(value[index], levelsLeft);
  return traits;
}

function traitsOfRecord(value: object, levelsLeft: number): number {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return UNSOUND;
  let traits = 0;
  let last = '';
  for (const key of Object.keys(value)) {
    if (key === '__proto__') return UNSOUND;
    if (key < last) traits |= UNSORTED;
    if (key < ':') traits |= NUMBERED;
    const member = (value as Record<string, unknown>)[key];
    if (typeof member !== 'string') traits |= traitsOf(member, levelsLeft);
    last = key;
  }
  return traits;
}

/** The same value with every object built anew, key by key in order. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value).sort()) copy[key] = sorted((value as Record<string, unknown>)[key]);
  return copy;
}

function sortedText(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(sortedText).join(',')}]`;
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${sortedText((value as Record<string, unknown>)[key])}`);
  return `{${members.join(',')}}`;
}

function defectError(defect: JsonDefect | undefined): TypeError {
  return new TypeError(`not canonical JSON: ${defect?.path ?? ''} ${defect?.problem ?? ''}`.trim());
}
