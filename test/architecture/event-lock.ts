// Holds event schemas to what was promised: what has once been recorded must stay readable for ever.

/** JSON Schema as it stands in the lock file; only what TypeBox writes. */
export interface LockedSchema {
  readonly properties?: Readonly<Record<string, LockedSchema>>;
  readonly required?: readonly string[];
  readonly items?: LockedSchema;
  readonly anyOf?: readonly LockedSchema[];
  readonly [keyword: string]: unknown;
}

export type EventLock = Readonly<Record<string, LockedSchema>>;

/** The schemas as plain JSON, without their prose, keys in order: what is compared and what is stored. */
export function lockOf(definitions: Iterable<{ readonly type: string; readonly schema: object }>): EventLock {
  const entries = [...definitions].map(({ type, schema }) => [type, withoutProse(schema)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1))) as EventLock;
}

function withoutProse(value: unknown, isSchema = true): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutProse(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !(isSchema && ['description', 'title'].includes(key)))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, withoutProse(inner, !(isSchema && key === 'properties'))]),
  );
}

/** Every promise that `now` breaks against `locked`; empty when there are additions at most. */
export function brokenPromises(locked: EventLock, now: EventLock): string[] {
  return Object.entries(locked).flatMap(([type, schema]) => {
    const current = now[type];
    return current ? schemaBreaks(schema, current, type) : [`${type} was removed`];
  });
}

const compared = new Set(['properties', 'required', 'items', 'anyOf']);

function schemaBreaks(locked: LockedSchema, now: LockedSchema, path: string): string[] {
  const keywords = new Set([...Object.keys(locked), ...Object.keys(now)].filter((keyword) => !compared.has(keyword)));
  const changed = [...keywords]
    .filter((keyword) => JSON.stringify(locked[keyword]) !== JSON.stringify(now[keyword]))
    .map((keyword) => `${path}: ${keyword} was ${text(locked[keyword])} and is ${text(now[keyword])}`);
  return [
    ...changed,
    ...propertyBreaks(locked, now, path),
    ...itemBreaks(locked, now, path),
    ...unionBreaks(locked, now, path),
  ];
}

function propertyBreaks(locked: LockedSchema, now: LockedSchema, path: string): string[] {
  const before = locked.properties ?? {};
  const after = now.properties ?? {};
  const isRequired = (schema: LockedSchema, name: string): boolean => (schema.required ?? []).includes(name);
  const kept = Object.entries(before).flatMap(([name, schema]) => {
    const current = after[name];
    if (!current) return [`${path}.${name} was removed`];
    const moved = isRequired(locked, name) !== isRequired(now, name);
    const became = isRequired(now, name) ? 'required' : 'optional';
    return [
      ...(moved ? [`${path}.${name} became ${became}`] : []),
      ...schemaBreaks(schema, current, `${path}.${name}`),
    ];
  });
  const demanded = Object.keys(after)
    .filter((name) => !(name in before) && isRequired(now, name))
    .map((name) => `${path}.${name} is new and required: events without it were recorded`);
  return [...kept, ...demanded];
}

function itemBreaks(locked: LockedSchema, now: LockedSchema, path: string): string[] {
  if (!locked.items && !now.items) return [];
  if (!locked.items || !now.items) return [`${path}[] changed`];
  return schemaBreaks(locked.items, now.items, `${path}[]`);
}

/** Alternatives may be added; none may go or change. */
function unionBreaks(locked: LockedSchema, now: LockedSchema, path: string): string[] {
  if (!locked.anyOf && !now.anyOf) return [];
  if (!locked.anyOf || !now.anyOf) return [`${path}: alternatives changed`];
  const known = new Set(now.anyOf.map((schema) => JSON.stringify(schema)));
  return locked.anyOf
    .filter((schema) => !known.has(JSON.stringify(schema)))
    .map((schema) => `${path}: the alternative ${text(schema)} was removed or changed`);
}

const text = (value: unknown): string => (value === undefined ? 'absent' : JSON.stringify(value));
