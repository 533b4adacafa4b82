// Finding entries of one entry view. The terms of closed blocks are looked up block by block: a page costs at most one pass
// over the facet column and one look-up for each block and term, whatever the filter and however deep the page.
import type { FieldValue } from '@app/kernel';
import type { Zone } from './entry-block.js';
import { EntryBlocks } from './entry-blocks.js';
import type { Conditions } from './entry-conditions.js';
import type { TermRange } from './entry-terms.js';
import { type Bitmap, emptyBitmap, intersect } from './postings.js';
import { SqliteEntryRows } from './sqlite.entry-rows.js';
import { type EntryTables, entryTables } from './sqlite.entry-table.js';
import { addTail } from './sqlite.entry-tail.js';
import { lookUp } from './sqlite.entry-terms.js';
import type { Statements } from './sqlite.views-file.js';

export class SqliteEntryIndex {
  readonly rows: SqliteEntryRows;
  private readonly tables: EntryTables;
  private readonly blocks = new EntryBlocks();

  constructor(
    generation: number,
    private readonly statements: Statements,
  ) {
    this.tables = entryTables(generation);
    this.rows = new SqliteEntryRows(this.tables.rows, statements);
  }

  /** Takes in what was written since; within the transaction of the query. */
  refresh(): void {
    const { facets, blocks, tail } = this.tables;
    const newFacets = this.statements.get(`SELECT facet FROM ${facets} WHERE number >= ? ORDER BY number`);
    for (const [values] of newFacets.all(this.facetValues.length) as [string][]) {
      this.blocks.facetValues.push(JSON.parse(values) as FieldValue[]);
    }
    const newBlocks = this.statements.get(`SELECT facets, zones FROM ${blocks} WHERE block >= ? ORDER BY block`);
    for (const [column, zones] of newBlocks.iterate(this.blocks.closedCount) as Iterable<[Uint8Array, string]>) {
      this.blocks.close(column, JSON.parse(zones) as Zone[]);
    }
    addTail(tail, this.lastSequence, this.statements, this.blocks);
  }

  get facetValues(): readonly (readonly FieldValue[])[] {
    return this.blocks.facetValues;
  }

  get lastSequence(): number {
    return this.blocks.lastSequence;
  }

  /** Facet number of the entry. */
  facetAt(sequence: number): number {
    return this.blocks.facetAt(sequence);
  }

  /**
   * The matching entries among sequences from..to (inclusive, within 1..lastSequence), block by block in page direction:
   * the sequence of a block's first entry and the set of matching offsets.
   */
  *matches(conditions: Conditions, from: number, to: number, descending: boolean): Generator<[number, Bitmap]> {
    const accepted = this.blocks.accepted(conditions.facet);
    if (accepted === null) return;
    for (const { block, first, set } of this.blocks.parts(from, to, descending)) {
      const open = this.blocks.openIn(block, conditions.terms, accepted);
      if (!open?.every((ranges) => intersect(set, this.holders(block, ranges)))) continue;
      if (this.blocks.keepAccepted(block, set, accepted)) yield [first, set];
    }
  }

  private holders(block: number, ranges: readonly TermRange[]): Bitmap {
    if (block >= this.blocks.closedCount) return this.blocks.tailHolders(ranges);
    const set = emptyBitmap();
    for (const range of ranges) lookUp(this.tables.terms, block, range, this.statements, set);
    return set;
  }
}
