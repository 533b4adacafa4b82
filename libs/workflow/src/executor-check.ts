// What only the catalogue and the provider configurations can say about executor nodes.
import type { AggregateStore } from '@app/event-store';
import type { JsonObject } from '@app/kernel';
import { isUuid } from '@app/kernel';
import { existsConfiguration, findExecutor, providerConfiguration, validateExecutorConfig } from '@app/provider';
import type { ProviderFindings } from './definition-check.js';
import { noProviderFindings } from './definition-check.js';
import type { WorkflowDefinition, WorkflowNode } from './definition.js';
import { EDGES_MAX, NODES_MAX } from './definition.js';
import type { Finding } from './finding.js';
import { finding } from './finding.js';

export interface ConfigurationFact {
  readonly status: 'active' | 'disabled';
  readonly providerId: string;
}
/** By id, which is in lower case always; absent: there is none. */
export type ConfigurationFacts = ReadonlyMap<string, ConfigurationFact>;

/** Ids of the provider configurations that the executor nodes name, each once. */
export function configurationIdsOf({ nodes }: Pick<WorkflowDefinition, 'nodes'>): readonly string[] {
  const ids = nodes.flatMap((node) => {
    const id = node.type === 'executor' ? node.data?.['providerConfigId'] : undefined;
    return isUuid(id) ? [id] : [];
  });
  return [...new Set(ids)];
}

/** Reads what a definition refers to and judges it. */
export async function providerFindingsOf(
  definition: WorkflowDefinition,
  aggregates: AggregateStore,
): Promise<ProviderFindings> {
  if (definition.nodes.length > NODES_MAX || definition.edges.length > EDGES_MAX) return noProviderFindings;
  const facts = new Map<string, ConfigurationFact>();
  for (const id of configurationIdsOf(definition)) {
    const { state } = await aggregates.load(providerConfiguration, id);
    if (existsConfiguration(state)) facts.set(id, { status: state.status, providerId: state.providerId });
  }
  return checkExecutors(definition, facts);
}

export function checkExecutors(
  { nodes }: Pick<WorkflowDefinition, 'nodes'>,
  facts: ConfigurationFacts,
): ProviderFindings {
  const each = (check: (node: WorkflowNode, data: JsonObject, at: string) => readonly Finding[]) =>
    nodes.flatMap((node, index) =>
      node.type === 'executor' ? check(node, node.data ?? {}, `nodes[${index}].data`) : [],
    );
  return {
    executors: each((_node, data, at) => executorFindings(data, at)),
    configurations: each((_node, data, at) => configurationFindings(data, at, facts)),
  };
}

function executorFindings(data: JsonObject, at: string): readonly Finding[] {
  const { executorId, providerConfigId } = data;
  const configuration = isUuid(providerConfigId)
    ? []
    : [finding('FLK-0150', `${at}.providerConfigId`, 'must be the id (a UUID) of a provider configuration')];
  if (typeof executorId !== 'string' || executorId === '') {
    const missing = finding('WORKFLOW_INVALID_EXECUTOR_CONFIG', `${at}.executorId`, 'must name an executor');
    return [missing, ...configuration];
  }
  if (!findExecutor(executorId)) {
    return [finding('FLK-0104', `${at}.executorId`, `"${executorId}" is not in the catalogue`), ...configuration];
  }
  const schema = validateExecutorConfig(executorId, data).map(({ field, message }) =>
    finding('WORKFLOW_INVALID_EXECUTOR_CONFIG', field === '' ? at : `${at}.${field}`, message),
  );
  return [...configuration, ...schema];
}

function configurationFindings(data: JsonObject, at: string, facts: ConfigurationFacts): readonly Finding[] {
  const { executorId, providerConfigId } = data;
  if (!isUuid(providerConfigId)) return [];
  const field = `${at}.providerConfigId`;
  const fact = facts.get(providerConfigId);
  if (!fact) return [finding('FLK-0150', field, 'names a provider configuration that does not exist')];
  if (fact.status !== 'active') return [finding('FLK-0150', field, 'names a provider configuration that is disabled')];
  const executor = typeof executorId === 'string' ? findExecutor(executorId) : undefined;
  if (!executor || executor.providerId === fact.providerId) return [];
  const message = `names a configuration of provider "${fact.providerId}"; ${executor.id} belongs to "${executor.providerId}"`;
  return [finding('FLK-0151', field, message)];
}
