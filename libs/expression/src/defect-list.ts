// Lists of elements that compile one by one, with every defect found.
import { defectIn, within } from './defect.js';
import type { ExpressionDefect } from './scope.js';
import { isDefect } from './scope.js';

/** The elements of an optional list. */
export function entriesOf(value: unknown, most: number): readonly unknown[] | ExpressionDefect[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) return [defectIn('', 'must be a list')];
  return value.length > most ? [defectIn('', `has more than ${most} elements`)] : (value as unknown[]);
}

/** Everything, or every defect. */
export function allOrDefects<T>(found: readonly (T | ExpressionDefect)[]): readonly T[] | ExpressionDefect[] {
  const defects = found.filter((item): item is ExpressionDefect => isDefect(item));
  return defects.length > 0 ? defects : (found as readonly T[]);
}

export function isDefects(value: object): value is ExpressionDefect[] {
  return Array.isArray(value) && isDefect(value[0]);
}

/** The defects, if that is what it is, as seen from one level further out. */
export function defectsOf(prefix: string, value: object): ExpressionDefect[] {
  return isDefects(value) ? value.map((defect) => within(prefix, defect)) : [];
}
