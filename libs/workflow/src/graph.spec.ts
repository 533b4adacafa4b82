import fc from 'fast-check';
import type { WorkflowDefinition } from './definition.js';
import { ancestorsOf, cyclicEdges, predecessors, reachable, successors } from './graph.js';

const graphs = fc
  .integer({ min: 1, max: 9 })
  .chain((size) =>
    fc.array(fc.tuple(fc.nat(size - 1), fc.nat(size - 1)), { maxLength: 20 }).map((pairs) => graph(size, pairs)),
  );

function graph(size: number, pairs: readonly (readonly [number, number])[]): WorkflowDefinition {
  return {
    nodes: Array.from({ length: size }, (_, index) => ({ id: `n${index}`, type: 'action', position: { x: 0, y: 0 } })),
    edges: pairs.map(([source, target], index) => ({ id: `e${index}`, source: `n${source}`, target: `n${target}` })),
  };
}

/** Slow and obvious: joins known paths until nothing is new. */
function paths({ edges }: WorkflowDefinition): Set<string> {
  const known = new Set(edges.map(({ source, target }) => `${source}>${target}`));
  for (let size = -1; size !== known.size;) {
    size = known.size;
    for (const path of [...known]) {
      const [from, to] = path.split('>');
      for (const edge of edges) if (edge.source === to) known.add(`${from}>${edge.target}`);
    }
  }
  return known;
}

describe('the graph of a definition', () => {
  it('reaches exactly what a path leads to', () => {
    fc.assert(
      fc.property(graphs, (definition) => {
        const known = paths(definition);
        for (const { id } of definition.nodes) {
          const expected = definition.nodes
            .map((node) => node.id)
            .filter((to) => to === id || known.has(`${id}>${to}`));
          expect([...reachable(successors(definition), [id])].sort()).toEqual(expected.sort());
        }
      }),
    );
  });

  it('knows what lies before a node', () => {
    fc.assert(
      fc.property(graphs, (definition) => {
        const known = paths(definition);
        for (const { id } of definition.nodes) {
          const expected = definition.nodes.map((node) => node.id).filter((from) => known.has(`${from}>${id}`));
          expect([...ancestorsOf(predecessors(definition), id)].sort()).toEqual(expected.sort());
        }
      }),
    );
  });

  it('finds exactly the edges from whose end a path leads back to their beginning', () => {
    fc.assert(
      fc.property(graphs, (definition) => {
        const known = paths(definition);
        const expected = definition.edges.flatMap(({ source, target }, index) =>
          source === target || known.has(`${target}>${source}`) ? [index] : [],
        );
        expect(cyclicEdges(definition)).toEqual(expected);
      }),
    );
  });

  it('leaves edges with an unknown end out', () => {
    const definition = { ...graph(1, []), edges: [{ id: 'e', source: 'n0', target: 'gone' }] };
    expect([...reachable(successors(definition), ['n0'])]).toEqual(['n0']);
    expect(cyclicEdges(definition)).toEqual([]);
  });
});
