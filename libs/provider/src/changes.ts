// What an update changed, leaf by leaf, as the audit trail shows it.
import type { Json } from '@app/kernel';
import { isSecretReference, pathText } from './secrets.js';

export interface Change {
  path: string;
  before?: Json;
  after?: Json;
}

export const SECRET_CHANGED = '[secret changed]';

/** The differing leaves of two documents, in the order of the first, then the additions of the second. */
export function changesBetween(before: Json | undefined, after: Json | undefined, path = ''): Change[] {
  if (isSecretReference(before) || isSecretReference(after)) return secretChange(before, after, path);
  if (isPlainObject(before) && isPlainObject(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keys].flatMap((key) => changesBetween(before[key], after[key], pathText(path, [key])));
  }
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  return [changeOf(path, before, after)];
}

function secretChange(before: Json | undefined, after: Json | undefined, path: string): Change[] {
  if (isSecretReference(before) && isSecretReference(after) && before.$secret === after.$secret) return [];
  return [changeOf(path, before, after)];
}

function changeOf(path: string, before: Json | undefined, after: Json | undefined): Change {
  return {
    path,
    ...(before === undefined ? {} : { before: withoutReferences(before) }),
    ...(after === undefined ? {} : { after: withoutReferences(after) }),
  };
}

function withoutReferences(value: Json): Json {
  if (isSecretReference(value)) return SECRET_CHANGED;
  if (Array.isArray(value)) return value.map(withoutReferences);
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutReferences(item)]));
}

function isPlainObject(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
