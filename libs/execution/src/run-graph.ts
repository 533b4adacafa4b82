// A definition as the planner walks it: nodes in topological order, edges by their ends.
import type { WorkflowDefinition, WorkflowEdge, WorkflowNode } from '@app/workflow';

export interface RunGraph {
  readonly nodes: ReadonlyMap<string, WorkflowNode>;
  /** Every node behind all of its predecessors; nodes of a cycle are left out (activation refuses cycles). */
  readonly order: readonly string[];
  readonly incoming: ReadonlyMap<string, readonly WorkflowEdge[]>;
  readonly outgoing: ReadonlyMap<string, readonly WorkflowEdge[]>;
}

export function runGraphOf(definition: Pick<WorkflowDefinition, 'nodes' | 'edges'>): RunGraph {
  const nodes = new Map(definition.nodes.map((node) => [node.id, node]));
  const incoming = new Map<string, WorkflowEdge[]>();
  const outgoing = new Map<string, WorkflowEdge[]>();
  for (const id of nodes.keys()) {
    incoming.set(id, []);
    outgoing.set(id, []);
  }
  for (const edge of definition.edges) {
    incoming.get(edge.target)?.push(edge);
    outgoing.get(edge.source)?.push(edge);
  }
  return { nodes, order: topologicalOrder(nodes, incoming, outgoing), incoming, outgoing };
}

function topologicalOrder(
  nodes: ReadonlyMap<string, WorkflowNode>,
  incoming: ReadonlyMap<string, readonly WorkflowEdge[]>,
  outgoing: ReadonlyMap<string, readonly WorkflowEdge[]>,
): string[] {
  const open = new Map([...nodes.keys()].map((id) => [id, incoming.get(id)?.length ?? 0]));
  const order = [...nodes.keys()].filter((id) => open.get(id) === 0);
  for (let index = 0; index < order.length; index += 1) {
    for (const edge of outgoing.get(order[index] as string) ?? []) {
      const left = (open.get(edge.target) ?? 0) - 1;
      open.set(edge.target, left);
      if (left === 0) order.push(edge.target);
    }
  }
  return order;
}
