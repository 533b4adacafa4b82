// Everything that can be said about a definition without asking anybody: all findings at once, in the order of the contract.
// A draft may be unfinished (no nodes, no trigger, nodes without a way to them, conditionals without condition or branches);
// what can never become right by adding to it is refused on saving already.
import type { JsonObject } from '@app/kernel';
import type { WorkflowDefinition, WorkflowNode } from './definition.js';
import { EDGES_MAX, NAME_BYTES_MAX, NODES_MAX } from './definition.js';
import { expressionFindings } from './expression-check.js';
import { edgeFieldFindings, executorFieldFindings, nodeFieldFindings, settingsFindings } from './field-check.js';
import type { CheckPurpose, Finding } from './finding.js';
import { finding } from './finding.js';
import { cyclicEdges, reachable, successors } from './graph.js';

export interface CheckedContent extends WorkflowDefinition {
  readonly name: string;
  readonly description?: string;
  readonly metadata?: JsonObject;
}

/** What was found out elsewhere about the executors and the provider configurations that a definition names. */
export interface ProviderFindings {
  readonly executors: readonly Finding[];
  readonly configurations: readonly Finding[];
}
export const noProviderFindings: ProviderFindings = { executors: [], configurations: [] };

export const DESCRIPTION_LENGTH_MAX = 500;

/** On create, update and from a template. */
export function checkForSaving(content: CheckedContent, provider: ProviderFindings): readonly Finding[] {
  const limits = [...nameFindings(content.name), ...sizeFindings(content)];
  if (isOversized(content)) return limits;
  return [
    ...limits,
    ...edgeFindings(content, 'saving'),
    ...fieldFindings(content, 'saving'),
    ...executorFieldFindings(content),
    ...provider.executors,
    ...provider.configurations,
    ...expressionFindings(content, 'saving'),
  ];
}

export function checkForActivation(content: CheckedContent, provider: ProviderFindings): readonly Finding[] {
  return [
    ...nameFindings(content.name),
    ...(content.nodes.length === 0 ? [finding('FLK-0112', 'nodes', 'must hold at least one node')] : []),
    ...sizeFindings(content),
    ...reachabilityFindings(content),
    ...edgeFindings(content, 'activation'),
    ...fieldFindings(content, 'activation'),
    ...executorFieldFindings(content),
    ...provider.executors,
    ...expressionFindings(content, 'activation'),
    ...provider.configurations,
  ];
}

export function nameFindings(name: string): readonly Finding[] {
  if (name.trim() === '') return [finding('FLK-0110', 'name', 'must not be empty')];
  if (new TextEncoder().encode(name).length <= NAME_BYTES_MAX) return [];
  return [finding('FLK-0111', 'name', `must be at most ${NAME_BYTES_MAX} bytes long in UTF-8`)];
}

function isOversized({ nodes, edges }: WorkflowDefinition): boolean {
  return nodes.length > NODES_MAX || edges.length > EDGES_MAX;
}

function sizeFindings({ nodes, edges }: WorkflowDefinition): readonly Finding[] {
  return [
    ...(nodes.length > NODES_MAX ? [finding('FLK-0113', 'nodes', `must hold at most ${NODES_MAX} nodes`)] : []),
    ...(edges.length > EDGES_MAX ? [finding('FLK-0114', 'edges', `must hold at most ${EDGES_MAX} edges`)] : []),
  ];
}

function fieldFindings(content: CheckedContent, purpose: CheckPurpose): readonly Finding[] {
  const { description } = content;
  const tooLong = description !== undefined && Array.from(description).length > DESCRIPTION_LENGTH_MAX;
  return [
    ...(tooLong
      ? [finding('FLK-0001', 'description', `must be at most ${DESCRIPTION_LENGTH_MAX} characters long`)]
      : []),
    ...nodeFieldFindings(content, purpose),
    ...edgeFieldFindings(content),
    ...settingsFindings(content.settings),
  ];
}

function isTrigger(node: WorkflowNode): boolean {
  return node.type === 'trigger';
}

function reachabilityFindings(definition: WorkflowDefinition): readonly Finding[] {
  const triggers = definition.nodes.filter(isTrigger).map((node) => node.id);
  if (triggers.length === 0) return [finding('FLK-0116', 'nodes', 'must hold at least one trigger')];
  const reached = reachable(successors(definition), triggers);
  return definition.nodes.flatMap((node, index) =>
    reached.has(node.id) ? [] : [finding('FLK-0116', `nodes[${index}]`, `"${node.id}" is reached from no trigger`)],
  );
}

function edgeFindings(definition: WorkflowDefinition, purpose: CheckPurpose): readonly Finding[] {
  const types = new Map(definition.nodes.map((node) => [node.id, node.type]));
  const ends = definition.edges.flatMap((edge, index) =>
    (['source', 'target'] as const).flatMap((end) =>
      types.has(edge[end])
        ? []
        : [finding('FLK-0115', `edges[${index}].${end}`, `names node "${edge[end]}", which does not exist`)],
    ),
  );
  const handles = definition.edges.flatMap((edge, index) => {
    const { sourceHandle } = edge;
    if (types.get(edge.source) !== 'conditional' || sourceHandle === 'true' || sourceHandle === 'false') return [];
    if (purpose === 'saving' && (sourceHandle === undefined || sourceHandle === '')) return [];
    return [finding('FLK-0115', `edges[${index}].sourceHandle`, 'must be "true" or "false" on a conditional')];
  });
  const cycles = cyclicEdges(definition).map((index) =>
    finding('FLK-0115', `edges[${index}]`, 'lies on a cycle; a workflow must be acyclic'),
  );
  return [...ends, ...handles, ...cycles];
}
