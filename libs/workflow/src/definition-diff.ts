// What changed between two contents: field by field, nodes and edges matched by id. Secrets never show.
import type { Json, JsonObject } from '@app/kernel';
import { isSecretReference, SECRET_CHANGED } from '@app/provider';
import type { WorkflowDefinition } from './definition.js';
import type { Change } from './workflow-events.js';

interface Comparable extends WorkflowDefinition {
  readonly name?: string;
  readonly description?: string;
  readonly metadata?: JsonObject;
}
type Value = Json | undefined;
interface Element {
  readonly id: string;
}

/**
 * Every difference, as a path with the value before and after; a side that is absent did not exist. Elements of `nodes` and
 * `edges` are named by id (`nodes[screen].data.timeout`), other arrays are compared as a whole. An element whose id stayed and whose
 * place among the others changed shows as one change of the whole order: `nodes` with the ids before and after.
 */
export function changesBetween(before: Comparable, after: Comparable): Change[] {
  return [
    ...differences('name', before.name, after.name),
    ...differences('description', before.description, after.description),
    ...elementChanges('nodes', before.nodes, after.nodes),
    ...elementChanges('edges', before.edges, after.edges),
    ...differences('settings', json(before.settings), json(after.settings)),
    ...differences('metadata', before.metadata, after.metadata),
  ];
}

export interface ElementDifference {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly { readonly id: string; readonly changes: readonly Change[] }[];
}

export interface DefinitionDifference {
  readonly nodes: ElementDifference;
  readonly edges: ElementDifference;
  readonly settings: readonly Change[];
}

/** Two versions side by side; paths of a changed element are relative to it. */
export function compareDefinitions(before: WorkflowDefinition, after: WorkflowDefinition): DefinitionDifference {
  return {
    nodes: elementDifference(before.nodes, after.nodes),
    edges: elementDifference(before.edges, after.edges),
    settings: differences('settings', json(before.settings), json(after.settings)),
  };
}

function elementDifference(before: readonly Element[], after: readonly Element[]): ElementDifference {
  const [old, now] = [byId(before), byId(after)];
  return {
    added: [...now.keys()].filter((id) => !old.has(id)),
    removed: [...old.keys()].filter((id) => !now.has(id)),
    changed: [...now].flatMap(([id, element]) => {
      const changes = old.has(id) ? differences('', old.get(id), element) : [];
      return changes.length > 0 ? [{ id, changes }] : [];
    }),
  };
}

function elementChanges(name: string, before: readonly Element[], after: readonly Element[]): Change[] {
  const [old, now] = [byId(before), byId(after)];
  const ids = [...old.keys(), ...[...now.keys()].filter((id) => !old.has(id))];
  const changes = ids.flatMap((id) => differences(`${name}[${id}]`, old.get(id), now.get(id)));
  const stayedBefore = [...old.keys()].filter((id) => now.has(id));
  const stayedAfter = [...now.keys()].filter((id) => old.has(id));
  if (stayedBefore.some((id, index) => id !== stayedAfter[index])) {
    changes.push({ path: name, before: [...old.keys()], after: [...now.keys()] });
  }
  return changes;
}

function byId(elements: readonly Element[]): Map<string, Json> {
  return new Map(elements.map((element) => [element.id, element as unknown as Json]));
}

function differences(path: string, before: Value, after: Value): Change[] {
  if (sameJson(before, after)) return [];
  if (isObject(before) && isObject(after) && !isSecretReference(before) && !isSecretReference(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keys].flatMap((key) =>
      differences(path === '' ? key : `${path}.${key}`, own(before, key), own(after, key)),
    );
  }
  return [
    {
      path,
      ...(before === undefined ? {} : { before: withoutSecrets(before) }),
      ...(after === undefined ? {} : { after: withoutSecrets(after) }),
    },
  ];
}

function withoutSecrets(value: Json): Json {
  if (isSecretReference(value)) return SECRET_CHANGED;
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutSecrets(inner)]));
}

/** Equal as JSON: the order of keys does not count, the order of array elements does. */
export function sameJson(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((element, index) => sameJson(element, b[index]));
  }
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && sameJson(a[key], b[key]))
  );
}

/** Free-form keys may be named like members of Object.prototype. */
function own(value: JsonObject, key: string): Value {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

function isObject(value: Value): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function json(value: object | undefined): Value {
  return value as Value;
}
