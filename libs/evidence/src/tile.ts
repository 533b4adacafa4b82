// The tree as files that never change: C2SP tlog-tiles, tiles of 256 hashes, one level of tiles for every eight of the tree.
import { EvidenceError } from './evidence-error.js';
import type { NodePlace } from './compact-range.js';
import type { TreeHasher } from './tree-hasher.js';
import { HASH_BYTES } from './tree-hasher.js';

export const TILE_WIDTH = 256;
/** Levels of the tree in one tile. */
export const TILE_HEIGHT = 8;

export interface TilePlace {
  /** 0 holds leaf hashes; each hash of the next is the root of a full tile of the one before. */
  readonly level: number;
  readonly index: number;
  /** 1 to 256 hashes; a tile of 256 is full and never changes. */
  readonly width: number;
}

/** How many hashes all tiles of `level` together hold in a tree of `size` leaves. */
export function tileHashCount(size: number, level: number): number {
  return Math.floor(size / TILE_WIDTH ** level);
}

/** The tile that holds `node`, as wide as it is in a tree of `size`. Throws out_of_range when that tree has no such node. */
export function tileOfNode(node: NodePlace, size: number): TilePlace {
  const level = Math.floor(node.level / TILE_HEIGHT);
  const { first, count } = spanIn(node, level);
  const index = Math.floor(first / TILE_WIDTH);
  const width = Math.min(TILE_WIDTH, tileHashCount(size, level) - index * TILE_WIDTH);
  if (!Number.isSafeInteger(first) || first < 0 || first - index * TILE_WIDTH + count > width) {
    throw new EvidenceError('out_of_range', `a tree of ${size} has no node ${node.index} at level ${node.level}`);
  }
  return { level, index, width };
}

/**
 * Hash of a node out of the tile that holds it (`tileOfNode`). Throws malformed_tile when `bytes` are not as many as the
 * tile is wide, out_of_range when the node is not in it.
 */
export function nodeOfTile(hasher: TreeHasher, tile: TilePlace, bytes: Uint8Array, node: NodePlace): Uint8Array {
  checkTileBytes(tile, bytes);
  const { first, count } = spanIn(node, tile.level);
  const from = first - tile.index * TILE_WIDTH;
  if (count > TILE_WIDTH / 2 || !(from >= 0) || from + count > tile.width) {
    throw new EvidenceError('out_of_range', `node ${node.index} at level ${node.level} is not in this tile`);
  }
  let hashes = hashesOf(bytes.subarray(from * HASH_BYTES, (from + count) * HASH_BYTES));
  while (hashes.length > 1) {
    const below = hashes;
    hashes = Array.from({ length: below.length / 2 }, (_, index) =>
      hasher.node(below[2 * index] as Uint8Array, below[2 * index + 1] as Uint8Array),
    );
  }
  return hashes[0] as Uint8Array;
}

/** Throws malformed_tile unless the bytes are `tile.width` hashes. */
export function checkTileBytes(tile: TilePlace, bytes: Uint8Array): void {
  if (bytes.length !== tile.width * HASH_BYTES) {
    throw new EvidenceError(
      'malformed_tile',
      `a tile of ${tile.width} hashes takes ${tile.width * HASH_BYTES} bytes, not ${bytes.length}`,
    );
  }
}

/** The hashes of a tile, as views of its bytes. */
export function hashesOf(bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: Math.floor(bytes.length / HASH_BYTES) }, (_, index) =>
    bytes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES),
  );
}

/** The tiles of a tree of `size` that one of `after` leaves had not, or not as wide: lowest level first. */
export function* tilesOfTree(size: number, after = 0): Generator<TilePlace> {
  for (let level = 0; tileHashCount(size, level) > 0; level += 1) {
    const count = tileHashCount(size, level);
    const known = Math.min(count, tileHashCount(after, level));
    for (let index = Math.floor(known / TILE_WIDTH); index * TILE_WIDTH < count; index += 1) {
      const width = Math.min(TILE_WIDTH, count - index * TILE_WIDTH);
      if (index * TILE_WIDTH + width > known) yield { level, index, width };
    }
  }
}

interface Span {
  readonly first: number;
  readonly count: number;
}

/** Which hashes of the tiles of `level` lie under the node. */
function spanIn(node: NodePlace, level: number): Span {
  const count = 2 ** (node.level - level * TILE_HEIGHT);
  return { first: node.index * count, count };
}
