// Paths into JSON as mappings and transformations write them (section 1.6 of the wire contract): keys separated by `.`,
// `list[0]`, `list[*].id` for every element, on targets also `[+]` append and `[-]` prepend, `$` for the whole document.
// There is no escaping. Only own properties are ever read, and `__proto__` is no key.
import type { Json, JsonObject } from '@app/kernel';
import { excerpt } from './defect.js';

type Step =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'each' }
  | { readonly kind: 'append' }
  | { readonly kind: 'prepend' };

export interface Path {
  readonly text: string;
  /** Empty for `$`. */
  readonly steps: readonly Step[];
}

/** Characters. */
export const PATH_LENGTH_MAX = 1_000;
export const PATH_STEPS_MAX = 60;
/** The largest `n` of `list[n]` in a target: a target makes the list as long as that. */
export const TARGET_INDEX_MAX = 10_000;

/** An evaluation that cannot go on; the message says why. Never leaves this library. */
export class EvaluationFailure extends Error {}

/** The compiled path, or what is wrong with it. */
export function parsePath(text: string, use: 'source' | 'target'): Path | { readonly problem: string } {
  if (text.length > PATH_LENGTH_MAX) return { problem: `the path is longer than ${PATH_LENGTH_MAX} characters` };
  if (text === '$') return use === 'source' ? { text, steps: [] } : { problem: '"$" is no target' };
  const steps: Step[] = [];
  for (const segment of text.split('.')) {
    const problem = addSegment(steps, segment, use);
    if (problem) return { problem: `${problem} in the path ${JSON.stringify(excerpt(text))}` };
  }
  if (steps.length > PATH_STEPS_MAX) return { problem: `the path has more than ${PATH_STEPS_MAX} steps` };
  return { text, steps };
}

function addSegment(steps: Step[], segment: string, use: 'source' | 'target'): string | undefined {
  const open = segment.indexOf('[');
  const key = open < 0 ? segment : segment.slice(0, open);
  if (segment === '') return 'a key is empty';
  if (key === '__proto__') return '"__proto__" is no key';
  if (key.includes(']')) return 'a bracket is not opened';
  if (key !== '') steps.push({ kind: 'key', key });
  if (open < 0) return undefined;
  const close = segment.indexOf(']', open);
  if (close < 0) return 'a bracket is not closed';
  if (close !== segment.length - 1) return 'a key has one bracket, at its end,';
  return addBracket(steps, segment.slice(open + 1, close), use);
}

function addBracket(steps: Step[], inside: string, use: 'source' | 'target'): string | undefined {
  if (inside === '*') {
    steps.push({ kind: 'each' });
    return undefined;
  }
  if (inside === '+' || inside === '-') {
    if (use === 'source') return `[${inside}] is for targets only and stands`;
    steps.push({ kind: inside === '+' ? 'append' : 'prepend' });
    return undefined;
  }
  if (!/^\d{1,15}$/.test(inside)) return `[${excerpt(inside)}] is no index`;
  const index = Number(inside);
  if (use === 'target' && index > TARGET_INDEX_MAX) return `the index ${index} is greater than ${TARGET_INDEX_MAX}`;
  steps.push({ kind: 'index', index });
  return undefined;
}

/** The first key, if the path begins with one. */
export function rootOf(path: Path): string | undefined {
  const [first] = path.steps;
  return first?.kind === 'key' ? first.key : undefined;
}

export function hasWildcard(path: Path): boolean {
  return path.steps.some((step) => step.kind === 'each');
}

/**
 * The value at the path, or undefined when there is none. `null` is a value. Behind `[*]`, an element without the rest of
 * the path counts as `null`, unless `strict`: then there is no value at all.
 */
export function readPath(document: Json, path: Path, strict = false): Json | undefined {
  return read(document, path.steps, 0, strict);
}

/** What a missing optional source is worth: `[]` for a wildcard, otherwise `null`. */
export function absentValue(path: Path): Json {
  return hasWildcard(path) ? [] : null;
}

function read(value: Json | undefined, steps: readonly Step[], from: number, strict: boolean): Json | undefined {
  let current = value;
  for (let at = from; at < steps.length; at += 1) {
    const step = steps[at] as Step;
    if (typeof current !== 'object' || current === null) return undefined;
    if (step.kind === 'each') return Array.isArray(current) ? readEach(current, steps, at + 1, strict) : undefined;
    current = child(current, step);
  }
  return current;
}

function child(container: Json[] | JsonObject, step: Step): Json | undefined {
  if (Array.isArray(container)) return step.kind === 'index' ? container[step.index] : undefined;
  return step.kind === 'key' && Object.hasOwn(container, step.key) ? container[step.key] : undefined;
}

function readEach(list: readonly Json[], steps: readonly Step[], from: number, strict: boolean): Json | undefined {
  const filler = steps.slice(from).some((step) => step.kind === 'each') ? [] : null;
  const values: Json[] = [];
  for (const element of list) {
    const value = read(element, steps, from, strict);
    if (value === undefined && strict) return undefined;
    values.push(value === undefined ? filler : value);
  }
  return values;
}

/**
 * A document under change. What it was given is never touched: a container is copied the first time something in it
 * changes, once, and only along the way to the change.
 */
export class Draft {
  private readonly own = new Set<object>();

  constructor(public document: Json) {}

  /** Sets the value, making the objects and lists on the way; whatever else stands in the way is replaced. */
  write(path: Path, value: Json): void {
    this.document = this.put(this.document, path, 0, value);
  }

  /** Replaces every value at the path by what `change` makes of it. Nothing is made; undefined leaves a value alone. */
  update(path: Path, change: (value: Json) => Json | undefined): void {
    this.document = this.changed(this.document, path, 0, change);
  }

  /** Whether there was something to remove. */
  remove(path: Path): boolean {
    const [last] = path.steps.slice(-1);
    const parentPath: Path = { text: path.text, steps: path.steps.slice(0, -1) };
    const parent = readPath(this.document, parentPath);
    if (!last || typeof parent !== 'object' || parent === null || child(parent, last) === undefined) return false;
    this.update(parentPath, (value) => {
      const copy = this.owned(value as Json[] | JsonObject);
      if (Array.isArray(copy) && last.kind === 'index') copy.splice(last.index, 1);
      if (!Array.isArray(copy) && last.kind === 'key') delete copy[last.key];
      return copy;
    });
    return true;
  }

  private put(container: Json | undefined, path: Path, at: number, value: Json): Json {
    const step = path.steps[at];
    if (!step) return value;
    if (step.kind === 'key') {
      const object = isRecord(container) ? this.owned(container) : this.fresh<JsonObject>({});
      object[step.key] = this.put(child(object, step), path, at + 1, value);
      return object;
    }
    if (step.kind === 'each' && !Array.isArray(container)) {
      throw new EvaluationFailure(`the target ${JSON.stringify(path.text)} needs a list that is there already`);
    }
    const list = Array.isArray(container) ? this.owned(container) : this.fresh<Json[]>([]);
    this.putInList(list, step, path, at, value);
    return list;
  }

  private putInList(list: Json[], step: Step, path: Path, at: number, value: Json): void {
    if (step.kind === 'append') list.push(this.put(undefined, path, at + 1, value));
    else if (step.kind === 'prepend') list.unshift(this.put(undefined, path, at + 1, value));
    else if (step.kind === 'index') {
      while (list.length < step.index) list.push(null);
      list[step.index] = this.put(list[step.index], path, at + 1, value);
    } else {
      for (let index = 0; index < list.length; index += 1) list[index] = this.put(list[index], path, at + 1, value);
    }
  }

  private changed(value: Json, path: Path, at: number, change: (value: Json) => Json | undefined): Json {
    const step = path.steps[at];
    if (!step) return change(value) ?? value;
    if (typeof value !== 'object' || value === null) return value;
    if (step.kind !== 'each') return this.changedChild(value, step, path, at, change);
    if (!Array.isArray(value)) return value;
    let list = value;
    for (let index = 0; index < value.length; index += 1) {
      const before = list[index] as Json;
      const after = this.changed(before, path, at + 1, change);
      if (after === before) continue;
      list = this.owned(list);
      list[index] = after;
    }
    return list;
  }

  private changedChild(
    container: Json[] | JsonObject,
    step: Step,
    path: Path,
    at: number,
    change: (value: Json) => Json | undefined,
  ): Json {
    const before = child(container, step);
    if (before === undefined) return container;
    const after = this.changed(before, path, at + 1, change);
    if (after === before) return container;
    const copy = this.owned(container);
    if (Array.isArray(copy) && step.kind === 'index') copy[step.index] = after;
    if (!Array.isArray(copy) && step.kind === 'key') copy[step.key] = after;
    return copy;
  }

  private owned<T extends Json[] | JsonObject>(container: T): T {
    if (this.own.has(container)) return container;
    return this.fresh(Array.isArray(container) ? (container.slice() as T) : { ...container });
  }

  private fresh<T extends object>(container: T): T {
    this.own.add(container);
    return container;
  }
}

function isRecord(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
