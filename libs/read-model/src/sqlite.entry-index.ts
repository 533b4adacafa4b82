// Finding entries of one entry view. Facet numbers of every entry are held in memory (2 or 4 bytes each); the terms are
// looked up block by block. A page costs at most one pass over the facet column and one look-up for each block and term,
// whatever the filter and however deep the page.
import type { FieldValue } from '@app/kernel';
import { BLOCK_SIZE, type Bitmap, addPostings, emptyBitmap, intersect, rangeBitmap } from './postings.js';
import { decodeFacets, EntryBlock, type Zone } from './entry-block.js';
import { type Conditions, rangesWithin, type TermCondition } from './entry-conditions.js';
import type { TermRange } from './entry-terms.js';
import { type EntryTables, entryTables, type TailChunk } from './sqlite.entry-table.js';
import type { Statements } from './sqlite.views-file.js';

interface ClosedBlock {
  readonly facets: Uint16Array | Uint32Array;
  /** Distinct facet numbers of the block. */
  readonly present: readonly number[];
  readonly zones: readonly Zone[];
}

/** Which facet numbers will do, one byte each; undefined: all of them. */
type Accepted = Uint8Array | undefined;

export class SqliteEntryIndex {
  readonly tables: EntryTables;
  readonly facetValues: (readonly FieldValue[])[] = [];
  private readonly blocks: ClosedBlock[] = [];
  private tail = new EntryBlock();

  constructor(
    generation: number,
    private readonly statements: Statements,
  ) {
    this.tables = entryTables(generation);
  }

  /** Takes in what was written since; within the transaction of the query. */
  refresh(): void {
    const { facets, blocks, tail } = this.tables;
    const newFacets = this.statements.get(`SELECT facet FROM ${facets} WHERE number >= ? ORDER BY number`);
    for (const [values] of newFacets.all(this.facetValues.length) as [string][]) {
      this.facetValues.push(JSON.parse(values) as FieldValue[]);
    }
    const newBlocks = this.statements.get(`SELECT facets, zones FROM ${blocks} WHERE block >= ? ORDER BY block`);
    for (const [column, zones] of newBlocks.iterate(this.blocks.length) as Iterable<[Uint8Array, string]>) {
      const decoded = decodeFacets(column);
      this.blocks.push({ facets: decoded, present: [...new Set(decoded)], zones: JSON.parse(zones) as Zone[] });
      this.tail = new EntryBlock();
    }
    const newTail = this.statements.get(`SELECT chunk FROM ${tail} WHERE first > ? ORDER BY first`);
    for (const [chunk] of newTail.all(this.lastSequence) as [string][]) {
      for (const [facet, terms] of JSON.parse(chunk) as TailChunk) this.tail.add(facet, terms);
    }
  }

  get lastSequence(): number {
    return this.blocks.length * BLOCK_SIZE + this.tail.size;
  }

  /**
   * The matching entries among sequences from..to (inclusive, within 1..lastSequence), block by block in page direction:
   * the sequence of a block's first entry and the set of matching offsets.
   */
  *matches(conditions: Conditions, from: number, to: number, descending: boolean): Generator<[number, Bitmap]> {
    const accepted = this.accepted(conditions.facet);
    if (from > to || accepted?.includes(1) === false) return;
    const low = Math.floor((from - 1) / BLOCK_SIZE);
    const high = Math.floor((to - 1) / BLOCK_SIZE);
    for (let step = 0; step <= high - low; step += 1) {
      const block = descending ? high - step : low + step;
      const first = block * BLOCK_SIZE + 1;
      const last = Math.min(to - first, BLOCK_SIZE - 1);
      const found = this.inBlock(block, conditions.terms, accepted, rangeBitmap(Math.max(0, from - first), last));
      if (found) yield [first, found];
    }
  }

  /** Facet number of the entry. */
  facetAt(sequence: number): number {
    const block = Math.floor((sequence - 1) / BLOCK_SIZE);
    return (this.blocks[block]?.facets ?? this.tail.facets)[(sequence - 1) % BLOCK_SIZE] ?? 0;
  }

  private inBlock(block: number, terms: readonly TermCondition[], accepted: Accepted, set: Bitmap): Bitmap | undefined {
    const closed = this.blocks[block];
    if (accepted && closed && !closed.present.some((facet) => accepted[facet] === 1)) return undefined;
    const open: (readonly TermRange[])[] = [];
    for (const term of terms) {
      const ranges = rangesWithin(term, closed?.zones[term.field]);
      if (ranges === 'all') continue;
      if (ranges.length === 0) return undefined;
      open.push(ranges);
    }
    for (const ranges of open) if (!intersect(set, this.holders(block, ranges))) return undefined;
    if (!accepted) return set;
    return keepAccepted(set, closed?.facets ?? this.tail.facets, accepted) ? set : undefined;
  }

  private holders(block: number, ranges: readonly TermRange[]): Bitmap {
    const set = emptyBitmap();
    for (const range of ranges) {
      if (block >= this.blocks.length) this.tail.collect(range, set);
      else this.look(block, range, set);
    }
    return set;
  }

  private look(block: number, { from, to, exact }: TermRange, set: Bitmap): void {
    const { terms } = this.tables;
    const row = (
      exact
        ? this.statements.get(`SELECT hex(postings) FROM ${terms} WHERE block = ? AND term = ?`).get(block, from)
        : this.statements
            .get(`SELECT group_concat(hex(postings)) FROM ${terms} WHERE block = ? AND term >= ? AND term < ?`)
            .get(block, from, to)
    ) as [string | null] | undefined;
    if (row?.[0]) addPostings(set, row[0]);
  }

  private accepted(passes: Conditions['facet']): Accepted {
    if (!passes) return undefined;
    const accepted = new Uint8Array(this.facetValues.length);
    let count = 0;
    for (const [number, values] of this.facetValues.entries()) {
      if (!passes(values)) continue;
      accepted[number] = 1;
      count += 1;
    }
    return count === accepted.length ? undefined : accepted;
  }
}

/** Removes what has another facet; whether anything is left. */
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
