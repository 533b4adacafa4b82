// The roots of the perfect subtrees that make up a run of leaves: all that a growing tree needs to remember.
import { EvidenceError } from './evidence-error.js';
import type { TreeHasher } from './tree-hasher.js';
import { HASH_BYTES } from './tree-hasher.js';

/** The perfect subtree over the leaves `[index * 2^level, (index + 1) * 2^level)`. */
export interface NodePlace {
  readonly level: number;
  readonly index: number;
}

export interface CompactRangeState {
  /** Leaves `[begin, end)`, 0 <= begin <= end. */
  readonly begin: number;
  readonly end: number;
  /** Of the nodes `rangeNodes(begin, end)`. */
  readonly hashes: readonly Uint8Array[];
}

export type NodeListener = (level: number, index: number, hash: Uint8Array) => void;

/** The fewest perfect subtrees that make up the leaves `[begin, end)`, left to right. Throws out_of_range. */
export function rangeNodes(begin: number, end: number): NodePlace[] {
  if (!Number.isSafeInteger(begin) || !Number.isSafeInteger(end) || begin < 0 || begin > end) {
    throw new EvidenceError('out_of_range', `there are no leaves from ${begin} to ${end}`);
  }
  const nodes: NodePlace[] = [];
  let at = begin;
  while (at < end) {
    let level = 0;
    let leaves = 1;
    while (at % (2 * leaves) === 0 && at + 2 * leaves <= end) {
      level += 1;
      leaves *= 2;
    }
    nodes.push({ level, index: at / leaves });
    at += leaves;
  }
  return nodes;
}

/** Of the leaves `[begin, end)`; over a whole log `begin` is 0 and `end` the size of its tree. */
export class CompactRange {
  private readonly levels: number[] = [];
  private readonly roots: Uint8Array[] = [];
  private last: number;

  constructor(
    private readonly hasher: TreeHasher,
    readonly begin = 0,
  ) {
    this.last = begin;
  }

  /** Throws out_of_range when the state is none. */
  static restore(hasher: TreeHasher, state: CompactRangeState): CompactRange {
    const places = rangeNodes(state.begin, state.end);
    if (places.length !== state.hashes.length || state.hashes.some((hash) => hash.length !== HASH_BYTES)) {
      throw new EvidenceError(
        'out_of_range',
        `the leaves from ${state.begin} to ${state.end} have ${places.length} subtrees, not ${state.hashes.length}`,
      );
    }
    const range = new CompactRange(hasher, state.begin);
    for (const [index, { level }] of places.entries()) range.push(level, state.hashes[index] as Uint8Array);
    return range;
  }

  get end(): number {
    return this.last;
  }

  /** @param onNode told of the leaf and of every perfect subtree that it completes, lowest first. */
  append(leafHash: Uint8Array, onNode?: NodeListener): void {
    this.push(0, leafHash, onNode);
  }

  /** Takes in the leaves that follow. Throws out_of_range when `right` does not begin where this ends. */
  join(right: CompactRange): void {
    if (right.begin !== this.last) {
      throw new EvidenceError('out_of_range', `leaves from ${right.begin} do not follow leaf ${this.last - 1}`);
    }
    for (const [index, level] of right.levels.entries()) this.push(level, right.roots[index] as Uint8Array);
  }

  /** Of the tree of `end` leaves. Throws out_of_range when `begin` is not 0. */
  root(): Uint8Array {
    if (this.begin !== 0) throw new EvidenceError('out_of_range', `leaves from ${this.begin} on have no root`);
    return foldedRight(this.hasher, this.roots) ?? this.hasher.emptyRoot;
  }

  /** Of the nodes `rangeNodes(begin, end)`. */
  hashes(): Uint8Array[] {
    return [...this.roots];
  }

  private push(level: number, hash: Uint8Array, onNode?: NodeListener): void {
    let height = level;
    let leaves = 2 ** level;
    let node = hash;
    this.last += leaves;
    onNode?.(height, this.last / leaves - 1, node);
    while (this.levels.at(-1) === height && this.last % (2 * leaves) === 0) {
      this.levels.pop();
      node = this.hasher.node(this.roots.pop() as Uint8Array, node);
      height += 1;
      leaves *= 2;
      onNode?.(height, this.last / leaves - 1, node);
    }
    this.levels.push(height);
    this.roots.push(node);
  }
}

/** Root over neighbouring subtrees, each smaller than the one before it; undefined over none. */
export function foldedRight(hasher: TreeHasher, hashes: readonly Uint8Array[]): Uint8Array | undefined {
  let root = hashes.at(-1);
  for (let index = hashes.length - 2; index >= 0; index -= 1) {
    root = hasher.node(hashes[index] as Uint8Array, root as Uint8Array);
  }
  return root;
}
