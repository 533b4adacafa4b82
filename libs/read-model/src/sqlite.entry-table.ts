// An entry view as it is written. The rows hold the entries; what finds them is kept in blocks of 4096 entries: a column
// of facet numbers, and for each term the set of entries that have it. A block is written once, when it is full; until
// then its terms lie in the tail. That costs far less than one index entry for each field and word of each entry.
import type { FieldValue } from '@app/kernel';
import type { SqliteDatabase } from '@app/event-store/nest';
import { EntryBlock, encodeFacets } from './entry-block.js';
import { termsOf } from './entry-terms.js';
import { BLOCK_SIZE } from './postings.js';
import type { Statements } from './sqlite.views-file.js';
import type { EntryDeclaration } from './view-declaration.js';
import type { EntryAddition } from './view-writer.js';

/** Rows a statement: the price of a statement is shared. */
const ROWS_AT_ONCE = 16;

/** What one commit added to the tail: facet number and terms of each entry. */
export type TailChunk = readonly (readonly [number, readonly string[]])[];

export class SqliteEntryTable {
  private readonly tables: EntryTables;
  private readonly facetNumbers = new Map<string, number>();
  private block = new EntryBlock();
  private lastSequence: number;

  constructor(
    generation: number,
    private readonly declaration: EntryDeclaration,
    private readonly statements: Statements,
  ) {
    const tables = entryTables(generation);
    this.tables = tables;
    this.lastSequence = (statements.get(`SELECT coalesce(max(sequence), 0) FROM ${tables.rows}`).get() as [number])[0];
    for (const [number, values] of statements.get(`SELECT number, facet FROM ${tables.facets}`).all() as [
      number,
      string,
    ][]) {
      this.facetNumbers.set(facetKey(JSON.parse(values) as FieldValue[]), number);
    }
    for (const [chunk] of statements.get(`SELECT chunk FROM ${tables.tail} ORDER BY first`).all() as [string][]) {
      for (const [facet, terms] of JSON.parse(chunk) as TailChunk) this.block.add(facet, terms);
    }
  }

  /** Within the caller's transaction. After a failure this object knows too much: make a new one. */
  write(entries: readonly EntryAddition[]): void {
    let chunk: [number, string[]][] = [];
    let chunkFirst = this.lastSequence + 1;
    const rows: (string | number)[] = [];
    for (const { position, json, facets, values, text } of entries) {
      this.lastSequence += 1;
      rows.push(this.lastSequence, position, json);
      const facet = this.facetNumber(facets);
      const terms = termsOf(values, text);
      this.block.add(facet, terms);
      chunk.push([facet, terms]);
      if (this.block.isFull) {
        this.closeBlock();
        chunk = [];
        chunkFirst = this.lastSequence + 1;
      }
    }
    insertAll(this.statements, this.tables.rows, 3, rows);
    if (chunk.length === 0) return;
    this.statements.get(`INSERT INTO ${this.tables.tail} VALUES (?, ?)`).run(chunkFirst, JSON.stringify(chunk));
  }

  private closeBlock(): void {
    const number = this.lastSequence / BLOCK_SIZE - 1;
    const zones = JSON.stringify(this.block.zones(this.declaration.fields.length));
    const { blocks, terms, tail } = this.tables;
    this.statements.get(`INSERT INTO ${blocks} VALUES (?, ?, ?)`).run(number, encodeFacets(this.block.facets), zones);
    const rows: (string | number | Uint8Array)[] = [];
    for (const [term, postings] of this.block.postings()) rows.push(number, term, postings);
    insertAll(this.statements, terms, 3, rows);
    this.statements.get(`DELETE FROM ${tail}`).run();
    this.block = new EntryBlock();
  }

  private facetNumber(values: EntryAddition['facets']): number {
    const key = facetKey(values);
    const known = this.facetNumbers.get(key);
    if (known !== undefined) return known;
    const number = this.facetNumbers.size;
    this.statements.get(`INSERT INTO ${this.tables.facets} VALUES (?, ?)`).run(number, JSON.stringify(values));
    this.facetNumbers.set(key, number);
    return number;
  }
}

/** Tells any two combinations of values apart, at less cost than JSON. */
function facetKey(values: readonly FieldValue[]): string {
  let key = '';
  for (const value of values) key += typeof value === 'string' ? `${value.length}:${value}` : `${value};`;
  return key;
}

export interface EntryTables {
  readonly rows: string;
  readonly facets: string;
  readonly blocks: string;
  readonly terms: string;
  readonly tail: string;
}

export function entryTables(generation: number): EntryTables {
  const rows = `e${generation}`;
  return { rows, facets: `${rows}_facets`, blocks: `${rows}_blocks`, terms: `${rows}_terms`, tail: `${rows}_tail` };
}

export function createEntryTables(database: SqliteDatabase, generation: number): void {
  const { rows, facets, blocks, terms, tail } = entryTables(generation);
  database.exec(`
    CREATE TABLE ${rows} (sequence INTEGER PRIMARY KEY, position TEXT NOT NULL, doc TEXT NOT NULL) STRICT;
    CREATE TABLE ${facets} (number INTEGER PRIMARY KEY, facet TEXT NOT NULL) STRICT;
    CREATE TABLE ${blocks} (block INTEGER PRIMARY KEY, facets BLOB NOT NULL, zones TEXT NOT NULL) STRICT;
    CREATE TABLE ${terms} (
      block INTEGER NOT NULL, term TEXT NOT NULL, postings BLOB NOT NULL, PRIMARY KEY (block, term)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE ${tail} (first INTEGER PRIMARY KEY, chunk TEXT NOT NULL) STRICT;`);
}

function insertAll(
  statements: Statements,
  table: string,
  width: number,
  values: readonly (string | number | Uint8Array)[],
): void {
  const row = `(${Array(width).fill('?').join(', ')})`;
  const many = statements.get(`INSERT INTO ${table} VALUES ${Array(ROWS_AT_ONCE).fill(row).join(', ')}`);
  const one = statements.get(`INSERT INTO ${table} VALUES ${row}`);
  const step = width * ROWS_AT_ONCE;
  let at = 0;
  for (; at + step <= values.length; at += step) many.run(...values.slice(at, at + step));
  for (; at < values.length; at += width) one.run(...values.slice(at, at + width));
}
