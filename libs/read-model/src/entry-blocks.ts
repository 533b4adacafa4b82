// What is held in memory to find entries of one entry view: facet numbers of every entry (2 or 4 bytes each), bounds of the
// values of each closed block, and the terms of the tail. Terms of closed blocks are looked up where they lie.
import type { FieldValue } from '@app/kernel';
import { decodeFacets, EntryBlock, type Zone } from './entry-block.js';
import { type Conditions, rangesWithin, type TermCondition } from './entry-conditions.js';
import type { TermRange } from './entry-terms.js';
import { BLOCK_SIZE, type Bitmap, emptyBitmap, rangeBitmap } from './postings.js';

interface ClosedBlock {
  readonly facets: Uint16Array | Uint32Array;
  /** Distinct facet numbers of the block. */
  readonly present: readonly number[];
  readonly zones: readonly Zone[];
}

/** Which facet numbers will do, one byte each; undefined: all of them. */
export type Accepted = Uint8Array | undefined;

/** The part of a block that lies within asked sequences. */
export interface BlockPart {
  readonly block: number;
  /** Sequence of the block's first entry, within the part or not. */
  readonly first: number;
  /** The entries of the part. */
  readonly set: Bitmap;
}

export class EntryBlocks {
  readonly facetValues: (readonly FieldValue[])[] = [];
  private readonly closed: ClosedBlock[] = [];
  private tail = new EntryBlock();

  get closedCount(): number {
    return this.closed.length;
  }

  get lastSequence(): number {
    return this.closed.length * BLOCK_SIZE + this.tail.size;
  }

  /** The next closed block; the tail begins anew behind it. */
  close(facets: Uint8Array, zones: readonly Zone[]): void {
    const decoded = decodeFacets(facets);
    this.closed.push({ facets: decoded, present: [...new Set(decoded)], zones });
    this.tail = new EntryBlock();
  }

  /** The next entry of the tail. */
  add(facet: number, terms: readonly string[], words: readonly string[] = []): void {
    this.tail.add(facet, terms, words);
  }

  /** Which combinations of facet values will do; null when none does. */
  accepted(passes: Conditions['facet']): Accepted | null {
    if (!passes) return undefined;
    const accepted = new Uint8Array(this.facetValues.length);
    let count = 0;
    for (const [number, values] of this.facetValues.entries()) {
      if (!passes(values)) continue;
      accepted[number] = 1;
      count += 1;
    }
    if (count === 0) return null;
    return count === accepted.length ? undefined : accepted;
  }

  /** The blocks over sequences from..to (inclusive, within 1..lastSequence), in page direction. */
  *parts(from: number, to: number, descending: boolean): Generator<BlockPart> {
    if (from > to) return;
    const low = Math.floor((from - 1) / BLOCK_SIZE);
    const high = Math.floor((to - 1) / BLOCK_SIZE);
    for (let step = 0; step <= high - low; step += 1) {
      const block = descending ? high - step : low + step;
      const first = block * BLOCK_SIZE + 1;
      const last = Math.min(to - first, BLOCK_SIZE - 1);
      yield { block, first, set: rangeBitmap(Math.max(0, from - first), last) };
    }
  }

  /**
   * What must be looked up to know which entries of the block meet the conditions: for each condition that is open the
   * ranges of terms, any of which will do. Undefined when no entry can meet them all.
   */
  openIn(
    block: number,
    terms: readonly TermCondition[],
    accepted: Accepted,
  ): readonly (readonly TermRange[])[] | undefined {
    const closed = this.closed[block];
    if (accepted && closed && !closed.present.some((facet) => accepted[facet] === 1)) return undefined;
    const open: (readonly TermRange[])[] = [];
    for (const term of terms) {
      const ranges = rangesWithin(term, closed?.zones[term.field]);
      if (ranges === 'all') continue;
      if (ranges.length === 0) return undefined;
      open.push(ranges);
    }
    return open;
  }

  /** The entries of the tail that have a term in one of the ranges. */
  tailHolders(ranges: readonly TermRange[]): Bitmap {
    const set = emptyBitmap();
    for (const range of ranges) this.tail.collect(range, set);
    return set;
  }

  /** Removes from the set what has another facet; whether anything is left. */
  keepAccepted(block: number, set: Bitmap, accepted: Accepted): boolean {
    return !accepted || keepAccepted(set, this.closed[block]?.facets ?? this.tail.facets, accepted);
  }

  /** Facet number of the entry. */
  facetAt(sequence: number): number {
    const block = Math.floor((sequence - 1) / BLOCK_SIZE);
    return (this.closed[block]?.facets ?? this.tail.facets)[(sequence - 1) % BLOCK_SIZE] ?? 0;
  }
}

function keepAccepted(set: Bitmap, facets: ArrayLike<number>, accepted: Uint8Array): boolean {
  let left = 0;
  for (let word = 0; word < set.length; word += 1) {
    let bits = set[word] ?? 0;
    if (bits === 0) continue;
    let kept = 0;
    while (bits !== 0) {
      const lowest = bits & -bits;
      const facet = facets[word * 32 + 31 - Math.clz32(lowest)] ?? 0;
      if (accepted[facet] === 1) kept |= lowest;
      bits ^= lowest;
    }
    set[word] = kept;
    left |= kept;
  }
  return left !== 0;
}
