// Which nodes may run now: a pure function of the graph and of what happened so far.
//
// Each edge is open, taken or dead. A node is ready once all its incoming edges are decided and at least one is taken;
// it is skipped when all are dead, and its outgoing edges die with it.
import type { RunGraph } from './run-graph.js';

export type NodeOutcome =
  /** It has been claimed, waits for its next attempt, or failed: its edges stay open. */
  | { readonly kind: 'pending' }
  | { readonly kind: 'skipped' }
  | { readonly kind: 'completed'; readonly takenEdges: readonly string[] };

export interface Plan {
  /** In topological order. */
  readonly ready: readonly string[];
  /** Nodes that can never run any more and were not skipped before, in topological order. */
  readonly skipped: readonly string[];
}

const skippedOutcome: NodeOutcome = { kind: 'skipped' };

/** @param startNodeId the trigger the run began at; nodes without incoming edges other than this one never run. */
export function plan(
  graph: RunGraph,
  startNodeId: string,
  outcomeOf: (nodeId: string) => NodeOutcome | undefined,
): Plan {
  const ready: string[] = [];
  const skipped = new Set<string>();
  const known = (nodeId: string): NodeOutcome | undefined => (skipped.has(nodeId) ? skippedOutcome : outcomeOf(nodeId));
  for (const nodeId of graph.order) {
    if (outcomeOf(nodeId) !== undefined) continue;
    const fate = nodeId === startNodeId ? 'ready' : fateOf(graph, nodeId, known);
    if (fate === 'ready') ready.push(nodeId);
    else if (fate === 'skipped') skipped.add(nodeId);
  }
  return { ready, skipped: [...skipped] };
}

function fateOf(
  graph: RunGraph,
  nodeId: string,
  outcomeOf: (nodeId: string) => NodeOutcome | undefined,
): 'ready' | 'skipped' | 'open' {
  let taken = false;
  for (const edge of graph.incoming.get(nodeId) ?? []) {
    const outcome = outcomeOf(edge.source);
    if (outcome === undefined || outcome.kind === 'pending') return 'open';
    if (outcome.kind === 'completed' && outcome.takenEdges.includes(edge.id)) taken = true;
  }
  return taken ? 'ready' : 'skipped';
}
