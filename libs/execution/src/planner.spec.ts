import fc from 'fast-check';
import type { NodeOutcome } from './planner.js';
import { plan } from './planner.js';
import { runGraphOf } from './run-graph.js';

interface Edge {
  readonly id: string;
  readonly source: string;
  readonly target: string;
}

const node = (id: string) => ({ id, type: 'executor', position: { x: 0, y: 0 } });
const graphOf = (ids: readonly string[], edges: readonly Edge[]) =>
  runGraphOf({ nodes: ids.map(node), edges: [...edges] });
const edge = (source: string, target: string): Edge => ({ id: `${source}>${target}`, source, target });

/** Runs a graph to its end, one random ready node at a time; `drops` says which edges a finished node lets die. */
function walk(ids: readonly string[], edges: readonly Edge[], drops: ReadonlySet<string>, pick: (n: number) => number) {
  const graph = graphOf(ids, edges);
  const outcomes = new Map<string, NodeOutcome>();
  const ran: string[] = [];
  for (;;) {
    const next = plan(graph, ids[0] as string, (id) => outcomes.get(id));
    for (const id of next.skipped) outcomes.set(id, { kind: 'skipped' });
    if (next.ready.length === 0) return { ran, outcomes };
    const chosen = next.ready[pick(next.ready.length)] as string;
    ran.push(chosen);
    const taken = edges.filter((e) => e.source === chosen && !drops.has(e.id)).map((e) => e.id);
    outcomes.set(chosen, { kind: 'completed', takenEdges: taken });
  }
}

/** The slow, obvious model: a node runs if some path of undropped edges leads to it from the start. */
function reachable(ids: readonly string[], edges: readonly Edge[], drops: ReadonlySet<string>): Set<string> {
  const found = new Set([ids[0] as string]);
  for (let changed = true; changed;) {
    changed = false;
    for (const e of edges) {
      if (found.has(e.source) && !drops.has(e.id) && !found.has(e.target)) {
        found.add(e.target);
        changed = true;
      }
    }
  }
  return found;
}

const randomGraph = fc.integer({ min: 1, max: 9 }).chain((size) => {
  const ids = Array.from({ length: size }, (_, index) => `n${index}`);
  const pairs = ids.flatMap((source, i) => ids.slice(i + 1).map((target) => edge(source, target)));
  return fc
    .tuple(fc.subarray(pairs), fc.subarray(pairs), fc.infiniteStream(fc.nat()), fc.shuffledSubarray(ids.slice(1)))
    .map(([edges, dropped, choices]) => ({ ids, edges, drops: new Set(dropped.map((e) => e.id)), choices }));
});

describe('the planner', () => {
  it('runs the meeting point of a diamond once, after both sides', () => {
    const ids = ['a', 'b', 'c', 'd', 'e'];
    const edges = [edge('a', 'b'), edge('a', 'c'), edge('b', 'd'), edge('c', 'd'), edge('d', 'e')];
    expect(walk(ids, edges, new Set(), () => 0).ran).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('offers independent branches at the same time', () => {
    const graph = graphOf(['a', 'b', 'c'], [edge('a', 'b'), edge('a', 'c')]);
    const done: NodeOutcome = { kind: 'completed', takenEdges: ['a>b', 'a>c'] };
    expect(plan(graph, 'a', (id) => (id === 'a' ? done : undefined)).ready).toEqual(['b', 'c']);
  });

  it('skips a whole dead path at once', () => {
    const graph = graphOf(['a', 'b', 'c'], [edge('a', 'b'), edge('b', 'c')]);
    const dead: NodeOutcome = { kind: 'completed', takenEdges: [] };
    expect(plan(graph, 'a', (id) => (id === 'a' ? dead : undefined))).toEqual({ ready: [], skipped: ['b', 'c'] });
  });

  it('waits at a meeting point for a side that is still under way', () => {
    const graph = graphOf(['a', 'b', 'c'], [edge('a', 'c'), edge('b', 'c')]);
    const outcomes: Record<string, NodeOutcome> = {
      a: { kind: 'completed', takenEdges: ['a>c'] },
      b: { kind: 'pending' },
    };
    expect(plan(graph, 'a', (id) => outcomes[id])).toEqual({ ready: [], skipped: [] });
  });

  it('does not run what only another trigger leads to', () => {
    const graph = graphOf(['a', 'other', 'b', 'c'], [edge('a', 'b'), edge('other', 'c')]);
    expect(plan(graph, 'a', () => undefined)).toEqual({ ready: ['a'], skipped: ['other', 'c'] });
  });

  it('runs exactly what living edges lead to, each node once and behind its predecessors, in any order of events', () => {
    fc.assert(
      fc.property(randomGraph, ({ ids, edges, drops, choices }) => {
        const pick = (n: number): number => (choices.next().value as number) % n;
        const { ran, outcomes } = walk(ids, edges, drops, pick);
        expect(new Set(ran)).toEqual(reachable(ids, edges, drops));
        expect(ran).toHaveLength(new Set(ran).size);
        expect(outcomes.size).toBe(ids.length);
        for (const e of edges) {
          if (ran.includes(e.source) && ran.includes(e.target)) {
            expect(ran.indexOf(e.source)).toBeLessThan(ran.indexOf(e.target));
          }
        }
      }),
    );
  });
});
