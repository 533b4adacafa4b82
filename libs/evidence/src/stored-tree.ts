// The tree as the store keeps it: roots, subtrees, tiles and proofs of any size that it has had.
import type { NodePlace } from './compact-range.js';
import { CompactRange, rangeNodes } from './compact-range.js';
import type { EvidenceStore } from './evidence-store.js';
import { consistencyPlan, inclusionPlan, proofOf } from './proof-plan.js';
import type { TilePlace } from './tile.js';
import { checkTileBytes, nodeOfTile, TILE_HEIGHT, TILE_WIDTH, tileOfNode } from './tile.js';
import type { TreeHasher } from './tree-hasher.js';

/** Every method throws out_of_range for a place that no tree has, malformed_tile when hashes are missing from the store. */
export class StoredTree {
  constructor(
    private readonly store: Pick<EvidenceStore, 'hashes'>,
    private readonly hasher: TreeHasher,
  ) {}

  /** Of the first `size` leaves. */
  async rootAt(size: number): Promise<Uint8Array> {
    return (await this.range(0, size)).root();
  }

  /** @param end a tree of that size must have been */
  async range(begin: number, end: number): Promise<CompactRange> {
    const hashes = await this.nodes(rangeNodes(begin, end), end);
    return CompactRange.restore(this.hasher, { begin, end, hashes });
  }

  /** That leaf `index` is in the tree of `size`. */
  async inclusion(index: number, size: number): Promise<Uint8Array[]> {
    const plan = inclusionPlan(index, size);
    return proofOf(this.hasher, plan, await this.nodes(plan.nodes, size));
  }

  /** That the tree of `size2` continues the one of `size1`. */
  async consistency(size1: number, size2: number): Promise<Uint8Array[]> {
    const plan = consistencyPlan(size1, size2);
    return proofOf(this.hasher, plan, await this.nodes(plan.nodes, size2));
  }

  async tile(tile: TilePlace): Promise<Uint8Array> {
    const from = tile.index * TILE_WIDTH;
    const bytes = await this.store.hashes(tile.level * TILE_HEIGHT, from, from + tile.width);
    checkTileBytes(tile, bytes);
    return bytes;
  }

  private async nodes(places: readonly NodePlace[], size: number): Promise<Uint8Array[]> {
    const tiles = new Map<string, Uint8Array>();
    const hashes: Uint8Array[] = [];
    for (const place of places) {
      const tile = tileOfNode(place, size);
      const key = `${tile.level}/${tile.index}`;
      const bytes = tiles.get(key) ?? (await this.tile(tile));
      tiles.set(key, bytes);
      hashes.push(nodeOfTile(this.hasher, tile, bytes, place));
    }
    return hashes;
  }
}
