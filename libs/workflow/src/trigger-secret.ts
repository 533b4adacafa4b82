// The secrets of triggers. They live in the secret store; nodes hold references only.
import type { Json, JsonObject } from '@app/kernel';
import type { WorkflowNode } from './definition.js';
import { secretIdOf } from './secret-reference.js';

/** `verify_token` is compared with a header, `signing_secret` signs the body (HMAC). */
export const triggerSecretKeys = ['verify_token', 'signing_secret'] as const;

/** One place of a secret in the nodes. */
interface SecretPlace {
  readonly nodeId: string;
  readonly key: string;
  readonly value: Json;
}

function placesIn(nodes: readonly WorkflowNode[]): readonly SecretPlace[] {
  return nodes.flatMap((node) => {
    const { data } = node;
    if (node.type !== 'trigger' || data === undefined) return [];
    return triggerSecretKeys.flatMap((key) => {
      const value = data[key];
      return value === undefined ? [] : [{ nodeId: node.id, key, value }];
    });
  });
}

/** Ids in the secret store of all references. */
export function secretIdsIn(nodes: readonly WorkflowNode[]): readonly string[] {
  return placesIn(nodes).flatMap(({ value }) => secretIdOf(value) ?? []);
}

/** The nodes with every secret of a trigger replaced by what `replacement` says; undefined keeps the value. */
export function replaceSecrets(
  nodes: readonly WorkflowNode[],
  replacement: (place: SecretPlace) => Json | undefined,
): WorkflowNode[] {
  return nodes.map((node) => {
    const places = placesIn([node]);
    const replaced: JsonObject = {};
    for (const place of places) {
      const value = replacement(place);
      if (value !== undefined) replaced[place.key] = value;
    }
    return Object.keys(replaced).length === 0 ? node : { ...node, data: { ...node.data, ...replaced } };
  });
}
