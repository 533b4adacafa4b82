// The secrets of triggers. They live in the secret store; nodes hold references, answers hold masks.
import type { FieldFinding, Json, JsonObject } from '@app/kernel';
import type { SecretStore } from '@app/provider';
import { foreignReferences, isSecretReference, maskSecrets, sealSecrets, unmaskSecrets } from '@app/provider';
import type { WorkflowDefinition, WorkflowNode } from './definition.js';

/** `verify_token` is compared with a header, `signing_secret` signs the body (HMAC). */
export const triggerSecretKeys = ['verify_token', 'signing_secret'] as const;
const keys: ReadonlySet<unknown> = new Set(triggerSecretKeys);
const isSecretPath = (path: readonly (string | number)[]): boolean => path.length === 1 && keys.has(path[0]);
type Nodes = readonly WorkflowNode[];

/** The id in the secret store, or undefined when the value is no reference. */
export function secretIdOf(value: Json | undefined): string | undefined {
  return isSecretReference(value) ? value.$secret : undefined;
}

/** Ids in the secret store that the nodes refer to. */
export function secretIdsOf({ nodes }: Pick<WorkflowDefinition, 'nodes'>): readonly string[] {
  return nodes.flatMap((node) => {
    const { data } = node;
    if (!data || node.type !== 'trigger') return [];
    return triggerSecretKeys.flatMap((key) => secretIdOf(data[key]) ?? []);
  });
}

/**
 * What a client sent, with the real secret wherever a mask came back unchanged. `previous` are the nodes as they stand,
 * matched by id. Objects that look like references are findings: nobody can claim another one's secret.
 */
export async function unmaskedNodes(
  nodes: Nodes,
  previous: Nodes,
  secrets: SecretStore,
): Promise<{ readonly nodes: readonly WorkflowNode[]; readonly findings: readonly FieldFinding[] }> {
  const findings: FieldFinding[] = [...foreignReferences(nodes as unknown as Json, 'nodes')];
  const before = dataById(previous);
  const unmasked = await eachTrigger(nodes, async (data, node, index) => {
    const result = await unmaskSecrets(data, isSecretPath, before.get(node.id), secrets, `nodes[${index}].data`);
    findings.push(...result.findings);
    return result.document;
  });
  return { nodes: unmasked, findings };
}

/** Moves the secrets into the store; `created` are the fresh ids, to be deleted when the nodes are not kept. */
export async function sealedNodes(
  nodes: Nodes,
  previous: Nodes,
  secrets: SecretStore,
): Promise<{ readonly nodes: readonly WorkflowNode[]; readonly created: readonly string[] }> {
  const created: string[] = [];
  const before = dataById(previous);
  try {
    const sealed = await eachTrigger(nodes, async (data, node) => {
      const result = await sealSecrets(data, isSecretPath, secrets, before.get(node.id));
      created.push(...result.created);
      return result.document;
    });
    return { nodes: sealed, created };
  } catch (error) {
    await secrets.delete(created);
    throw error;
  }
}

/** The nodes of a copy: the same secrets under ids of their own. A secret that is gone is left out. */
export async function copiedNodes(
  nodes: Nodes,
  secrets: SecretStore,
): Promise<{ readonly nodes: readonly WorkflowNode[]; readonly created: readonly string[] }> {
  const plain = await eachTrigger(nodes, async (data) => {
    const opened = await Promise.all(
      Object.entries(data).map(async ([key, value]) => {
        const id = isSecretPath([key]) ? secretIdOf(value) : undefined;
        return [key, id === undefined ? value : await secrets.get(id)] as const;
      }),
    );
    return Object.fromEntries(opened.filter((entry): entry is readonly [string, Json] => entry[1] !== undefined));
  });
  return sealedNodes(plain, [], secrets);
}

/** The nodes as they may be shown. */
export async function maskedNodes(nodes: Nodes, secrets: SecretStore): Promise<readonly WorkflowNode[]> {
  return eachTrigger(nodes, (data) => maskSecrets(data, secrets));
}

function dataById(nodes: Nodes): ReadonlyMap<string, JsonObject | undefined> {
  return new Map(nodes.filter(({ type }) => type === 'trigger').map((node) => [node.id, node.data]));
}

async function eachTrigger(
  nodes: Nodes,
  change: (data: JsonObject, node: WorkflowNode, index: number) => Promise<JsonObject>,
): Promise<readonly WorkflowNode[]> {
  const changed: WorkflowNode[] = [];
  for (const [index, node] of nodes.entries()) {
    const { data } = node;
    const hasSecret = node.type === 'trigger' && data !== undefined && triggerSecretKeys.some((key) => key in data);
    changed.push(hasSecret ? { ...node, data: await change(data, node, index) } : node);
  }
  return changed;
}
