// The definition as a graph: what can be reached, what lies before what, whether anything runs in a circle.
import type { WorkflowDefinition } from './definition.js';

export type Adjacency = ReadonlyMap<string, readonly string[]>;
type Graph = Pick<WorkflowDefinition, 'nodes' | 'edges'>;

/** Node ids by node id, along the edges. Edges with an unknown end are left out. */
export function successors(definition: Graph): Adjacency {
  return adjacency(definition, (edge) => [edge.source, edge.target]);
}

/** Node ids by node id, against the edges. */
export function predecessors(definition: Graph): Adjacency {
  return adjacency(definition, (edge) => [edge.target, edge.source]);
}

function adjacency(
  { nodes, edges }: Graph,
  ends: (edge: Graph['edges'][number]) => readonly [string, string],
): Adjacency {
  const neighbours = new Map<string, string[]>(nodes.map((node) => [node.id, []]));
  for (const edge of edges) {
    const [from, to] = ends(edge);
    if (neighbours.has(to)) neighbours.get(from)?.push(to);
  }
  return neighbours;
}

/** Everything that can be reached from `starts`, them included. */
export function reachable(from: Adjacency, starts: Iterable<string>): ReadonlySet<string> {
  const seen = new Set<string>();
  const open = [...starts];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    open.push(...(from.get(id) ?? []));
  }
  return seen;
}

/** What can have run before the node: everything from which a path leads to it. */
export function ancestorsOf(before: Adjacency, id: string): ReadonlySet<string> {
  return reachable(before, before.get(id) ?? []);
}

/**
 * Positions of the edges that lie on a cycle: both ends can reach each other. Nodes that run in no circle are peeled off
 * from both sides first, so that an acyclic graph costs one pass.
 */
export function cyclicEdges(definition: Graph): readonly number[] {
  const after = successors(definition);
  const core = peel(peel(new Set(after.keys()), after), predecessors(definition));
  if (core.size === 0) return [];
  return definition.edges.flatMap((edge, index) =>
    core.has(edge.source) && core.has(edge.target) && reachable(after, [edge.target]).has(edge.source) ? [index] : [],
  );
}

/** Removes, again and again, the nodes to which no edge of the remaining ones leads. */
function peel(nodes: ReadonlySet<string>, after: Adjacency): ReadonlySet<string> {
  const incoming = new Map([...nodes].map((id) => [id, 0]));
  const targets = (id: string) => (after.get(id) ?? []).filter((target) => nodes.has(target));
  for (const id of nodes) for (const target of targets(id)) incoming.set(target, (incoming.get(target) ?? 0) + 1);
  const remaining = new Set(nodes);
  const free = [...nodes].filter((id) => incoming.get(id) === 0);
  for (let id = free.pop(); id !== undefined; id = free.pop()) {
    remaining.delete(id);
    for (const target of targets(id)) {
      const left = (incoming.get(target) ?? 0) - 1;
      incoming.set(target, left);
      if (left === 0) free.push(target);
    }
  }
  return remaining;
}
