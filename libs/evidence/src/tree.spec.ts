// The tree against its slow definition: roots, ranges, proofs, tiles.
import fc from 'fast-check';
import type { NodePlace } from './compact-range.js';
import { CompactRange, rangeNodes } from './compact-range.js';
import {
  hasher,
  referenceConsistency,
  referenceInclusion,
  referenceRoot,
  sampleLeaves,
} from './merkle-reference.contract.js';
import { isConsistent, isIncluded } from './proof-check.js';
import { consistencyPlan, inclusionPlan, proofOf } from './proof-plan.js';
import type { TilePlace } from './tile.js';
import { hashesOf, nodeOfTile, TILE_WIDTH, tileHashCount, tileOfNode, tilesOfTree } from './tile.js';
import { hexOf, joinedBytes } from './byte-text.js';

const leaves = sampleLeaves(1_400);

/** Every node of a perfect subtree, as a growing tree reports them. */
function nodesOf(count: number): Map<string, Uint8Array> {
  const nodes = new Map<string, Uint8Array>();
  const range = new CompactRange(hasher);
  for (const leaf of leaves.slice(0, count)) {
    range.append(leaf, (level, index, hash) => nodes.set(`${level}/${index}`, hash));
  }
  return nodes;
}

/** Compared as texts: much faster than byte by byte. */
const texts = (hashes: readonly Uint8Array[]): string => hashes.map(hexOf).join(' ');
const all = nodesOf(leaves.length);
const hashesAt = (places: readonly NodePlace[]): Uint8Array[] =>
  places.map(({ level, index }) => all.get(`${level}/${index}`)!);
const rootOf = (size: number): Uint8Array => referenceRoot(leaves.slice(0, size));
const roots = Array.from({ length: 65 }, (_, size) => rootOf(size));

function grown(begin: number, end: number): CompactRange {
  const range = new CompactRange(hasher, begin);
  for (const leaf of leaves.slice(begin, end)) range.append(leaf);
  return range;
}

describe('a compact range', () => {
  it('has the root of the definition at every size up to 64', () => {
    const range = new CompactRange(hasher);
    for (let size = 0; size <= 64; size += 1) {
      expect(hexOf(range.root())).toBe(hexOf(roots[size]!));
      expect(range.end).toBe(size);
      range.append(leaves[size]!);
    }
  });

  it('reports every perfect subtree once, with the hash of the definition', () => {
    expect(nodesOf(300).size).toBe(300 + 150 + 75 + 37 + 18 + 9 + 4 + 2 + 1);
    for (const [place, hash] of nodesOf(300)) {
      const [level, index] = place.split('/').map(Number) as [number, number];
      expect(hexOf(hash)).toBe(hexOf(referenceRoot(leaves.slice(index * 2 ** level, (index + 1) * 2 ** level))));
    }
  });

  it('keeps the hashes of the nodes that its bounds name, and comes back from them', () => {
    for (let begin = 0; begin <= 40; begin += 1) {
      for (let end = begin; end <= 40; end += 1) {
        const range = grown(begin, end);
        expect(texts(range.hashes())).toBe(texts(hashesAt(rangeNodes(begin, end))));
        const restored = CompactRange.restore(hasher, { begin, end, hashes: range.hashes() });
        restored.append(leaves[end]!);
        expect(texts(restored.hashes())).toBe(texts(grown(begin, end + 1).hashes()));
      }
    }
  });

  it('joined with the range that follows is the range over both', () => {
    fc.assert(
      fc.property(fc.nat(300), fc.nat(300), fc.nat(300), (first, second, third) => {
        const left = grown(first, first + second);
        left.join(grown(first + second, first + second + third));
        expect([left.end, left.hashes()]).toEqual([
          first + second + third,
          hashesAt(rangeNodes(first, first + second + third)),
        ]);
      }),
      { numRuns: 60 },
    );
  });

  it('stays exact where sizes exceed 32 bits', () => {
    const begin = 2 ** 40 + 2 ** 33 - 1;
    const nodes = rangeNodes(0, begin);
    expect(nodes).toHaveLength(34);
    const range = CompactRange.restore(hasher, { begin: 0, end: begin, hashes: nodes.map((_, n) => leaves[n]!) });
    range.append(leaves[0]!);
    expect(range.hashes()).toHaveLength(2);
    expect(rangeNodes(0, begin + 1)).toEqual([
      { level: 40, index: 0 },
      { level: 33, index: 128 },
    ]);
  });

  it('refuses to be restored from another number of hashes, or hashes that are none', () => {
    const refused = { code: 'out_of_range' };
    expect(() => CompactRange.restore(hasher, { begin: 0, end: 3, hashes: leaves.slice(0, 1) })).toThrow(
      expect.objectContaining(refused),
    );
    expect(() => CompactRange.restore(hasher, { begin: 0, end: 1, hashes: [new Uint8Array(31)] })).toThrow(
      expect.objectContaining(refused),
    );
    for (const [begin, end] of [
      [2, 1],
      [-1, 1],
      [0, 0.5],
      [0, 2 ** 53],
    ] as const) {
      expect(() => rangeNodes(begin, end)).toThrow(expect.objectContaining(refused));
    }
  });

  it('has no root when it does not begin at the first leaf, and joins nothing but what follows', () => {
    expect(() => grown(1, 3).root()).toThrow('leaves from 1 on have no root');
    expect(() => grown(0, 3).join(grown(4, 5))).toThrow('leaves from 4 do not follow leaf 2');
  });
});

describe('proofs', () => {
  it('are those of the definition for every tree up to 64, and hold', () => {
    for (let size = 1; size <= 64; size += 1) {
      for (let index = 0; index < size; index += 1) {
        const plan = inclusionPlan(index, size);
        const proof = proofOf(hasher, plan, hashesAt(plan.nodes));
        expect(texts(proof)).toBe(texts(referenceInclusion(index, leaves.slice(0, size))));
        expect(isIncluded(hasher, { index, size, leafHash: leaves[index]!, root: roots[size]!, proof })).toBe(true);
      }
      for (let size1 = 1; size1 <= size; size1 += 1) {
        const plan = consistencyPlan(size1, size);
        const proof = proofOf(hasher, plan, hashesAt(plan.nodes));
        expect(texts(proof)).toBe(texts(referenceConsistency(size1, leaves.slice(0, size))));
        const claim = { size1, root1: roots[size1]!, size2: size, root2: roots[size]!, proof };
        expect(isConsistent(hasher, claim)).toBe(true);
      }
    }
  });

  const sizes = fc.integer({ min: 1, max: 1_400 });

  it('hold at random sizes, and for no other index, size, leaf, root or proof', () => {
    fc.assert(
      fc.property(sizes, fc.nat(), fc.nat(), fc.nat(), (size, at, which, bit) => {
        const index = at % size;
        const plan = inclusionPlan(index, size);
        const proof = proofOf(hasher, plan, hashesAt(plan.nodes));
        const claim = { index, size, leafHash: leaves[index]!, root: grown(0, size).root(), proof };
        expect(isIncluded(hasher, claim)).toBe(true);
        const wrong = [
          { ...claim, leafHash: flipped(claim.leafHash, bit) },
          { ...claim, root: flipped(claim.root, bit) },
          { ...claim, proof: [...proof, leaves[0]!] },
          { ...claim, proof: [leaves[0]!, ...proof] },
          ...(proof.length === 0
            ? []
            : [
                { ...claim, proof: proof.slice(1) },
                { ...claim, proof: proof.slice(0, -1) },
                { ...claim, proof: proof.map((hash, n) => (n === which % proof.length ? flipped(hash, bit) : hash)) },
                { ...claim, index: (index + 1 + (which % (size - 1))) % size },
              ]),
        ];
        for (const each of wrong) expect(isIncluded(hasher, each)).toBe(false);
      }),
      { numRuns: 150 },
    );
  });

  it('of growth hold at random sizes, and for no other tree', () => {
    fc.assert(
      fc.property(sizes, sizes, fc.nat(), fc.nat(), (one, other, which, bit) => {
        const [size1, size2] = [Math.min(one, other), Math.max(one, other) + 1];
        if (size2 > leaves.length) return;
        const plan = consistencyPlan(size1, size2);
        const proof = proofOf(hasher, plan, hashesAt(plan.nodes));
        const claim = { size1, root1: grown(0, size1).root(), size2, root2: grown(0, size2).root(), proof };
        expect(isConsistent(hasher, claim)).toBe(true);
        const wrong = [
          { ...claim, root1: flipped(claim.root1, bit) },
          { ...claim, root2: flipped(claim.root2, bit) },
          { ...claim, root1: claim.root2, root2: claim.root1 },
          { ...claim, size1: size2, size2: size1 },
          { ...claim, proof: [...proof, leaves[0]!] },
          { ...claim, proof: proof.slice(1) },
          { ...claim, proof: proof.slice(0, -1) },
          { ...claim, proof: [] },
          { ...claim, proof: proof.map((hash, n) => (n === which % proof.length ? flipped(hash, bit) : hash)) },
        ];
        for (const each of wrong) expect(isConsistent(hasher, each)).toBe(false);
      }),
      { numRuns: 150 },
    );
  });

  it('of a history that changed do not hold', () => {
    const changed = [...leaves.slice(0, 10), ...sampleLeaves(1, 'changed'), ...leaves.slice(11, 40)];
    const proof = referenceConsistency(20, changed);
    const claim = { size1: 20, root1: roots[20]!, size2: 40, root2: referenceRoot(changed), proof };
    expect(isConsistent(hasher, claim)).toBe(false);
    expect(isConsistent(hasher, { ...claim, root1: referenceRoot(changed.slice(0, 20)) })).toBe(true);
  });

  it('cannot be asked of leaves and sizes that there are not', () => {
    const refused = expect.objectContaining({ code: 'out_of_range' });
    for (const [index, size] of [
      [0, 0],
      [3, 3],
      [-1, 3],
      [0.5, 3],
      [0, Number.NaN],
    ] as const) {
      expect(() => inclusionPlan(index, size)).toThrow(refused);
    }
    for (const [size1, size2] of [
      [4, 3],
      [-1, 3],
      [1, 2.5],
    ] as const) {
      expect(() => consistencyPlan(size1, size2)).toThrow(refused);
    }
    expect(consistencyPlan(0, 9).nodes).toEqual([]);
    expect(consistencyPlan(9, 9).nodes).toEqual([]);
    expect(() => proofOf(hasher, inclusionPlan(0, 3), [])).toThrow('the proof needs 2 hashes, not 0');
  });
});

describe('tiles', () => {
  const bytesOf = ({ level, index, width }: TilePlace): Uint8Array =>
    joinedBytes(
      hashesAt(Array.from({ length: width }, (_, n) => ({ level: level * 8, index: index * TILE_WIDTH + n }))),
    );

  it('are those of the example in C2SP tlog-tiles', () => {
    expect([0, 1, 2, 3].map((level) => tileHashCount(70_000, level))).toEqual([70_000, 273, 1, 0]);
    const tiles = [...tilesOfTree(70_000)];
    expect(tiles.filter(({ level, width }) => level === 0 && width === 256)).toHaveLength(273);
    expect(tiles.slice(273)).toEqual([
      { level: 0, index: 273, width: 112 },
      { level: 1, index: 0, width: 256 },
      { level: 1, index: 1, width: 17 },
      { level: 2, index: 0, width: 1 },
    ]);
    expect([...tilesOfTree(256)]).toEqual([
      { level: 0, index: 0, width: 256 },
      { level: 1, index: 0, width: 1 },
    ]);
    expect([...tilesOfTree(0)]).toEqual([]);
  });

  it('give every node of the tree', () => {
    const size = 1_300;
    for (const [place, hash] of nodesOf(size)) {
      const [level, index] = place.split('/').map(Number) as [number, number];
      const tile = tileOfNode({ level, index }, size);
      expect(hexOf(nodeOfTile(hasher, tile, bytesOf(tile), { level, index }))).toBe(hexOf(hash));
    }
  });

  it('that a tree gains as it grows are those that differ from the ones before', () => {
    fc.assert(
      fc.property(fc.nat(200_000), fc.nat(70_000), (before, more) => {
        const known = new Set([...tilesOfTree(before)].map((tile) => JSON.stringify(tile)));
        const gained = [...tilesOfTree(before + more)].filter((tile) => !known.has(JSON.stringify(tile)));
        expect([...tilesOfTree(before + more, before)]).toEqual(gained);
      }),
      { numRuns: 40 },
    );
  });

  it('refuse a node that the tree has not, and bytes of another width', () => {
    const refused = expect.objectContaining({ code: 'out_of_range' });
    expect(() => tileOfNode({ level: 0, index: 300 }, 300)).toThrow(refused);
    expect(() => tileOfNode({ level: 2, index: 75 }, 301)).toThrow(refused);
    expect(() => tileOfNode({ level: 0, index: -1 }, 300)).toThrow(refused);
    const tile = { level: 0, index: 0, width: 10 };
    expect(() => nodeOfTile(hasher, tile, bytesOf(tile).subarray(1), { level: 0, index: 0 })).toThrow(
      expect.objectContaining({ code: 'malformed_tile' }),
    );
    for (const node of [
      { level: 0, index: 10 },
      { level: 2, index: 2 },
      { level: 8, index: 0 },
      { level: 0, index: 256 },
    ]) {
      expect(() => nodeOfTile(hasher, tile, bytesOf(tile), node)).toThrow(refused);
    }
  });

  it('are cut into hashes', () => {
    expect(hashesOf(joinedBytes(leaves.slice(0, 5)))).toEqual(leaves.slice(0, 5));
  });
});

function flipped(hash: Uint8Array, bit: number): Uint8Array {
  const copy = hash.slice();
  copy[(bit >> 3) % copy.length]! ^= 1 << (bit & 7);
  return copy;
}
