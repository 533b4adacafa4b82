// An entry view as it is written. The rows hold the entries; what finds them is kept in blocks of 4096 entries: a column
// of facet numbers, and for each term the set of entries that have it. A block is written once, when it is full; until
// then its terms lie in the tail. That costs far less than one index entry for each field and word of each entry.
import type { FieldValue } from '@app/kernel';
import type { SqliteDatabase } from '@app/event-store/nest';
import { EntryBlock, encodeFacets } from './entry-block.js';
import { valueTermsOf, WordTerms } from './entry-terms.js';
import { BLOCK_SIZE } from './postings.js';
import { createEntryRows, lastSequence, SqliteEntryRowsWriter } from './sqlite.entry-rows.js';
import { addTail, createTail, TailWriter } from './sqlite.entry-tail.js';
import { createTerms, writeTerms } from './sqlite.entry-terms.js';
import type { Statements } from './sqlite.views-file.js';
import type { EntryDeclaration } from './view-declaration.js';
import type { EntryAddition } from './view-writer.js';

export class SqliteEntryTable {
  private readonly tables: EntryTables;
  private readonly facetNumbers = new Map<string, number>();
  private block = new EntryBlock();
  private readonly wordTerms = new WordTerms();
  private lastSequence: number;

  constructor(
    generation: number,
    private readonly declaration: EntryDeclaration,
    private readonly statements: Statements,
  ) {
    const tables = entryTables(generation);
    this.tables = tables;
    this.lastSequence = lastSequence(tables.rows, statements);
    for (const [number, values] of statements.get(`SELECT number, facet FROM ${tables.facets}`).all() as [
      number,
      string,
    ][]) {
      this.facetNumbers.set(facetKey(JSON.parse(values) as FieldValue[]), number);
    }
    addTail(tables.tail, 0, statements, this.block);
  }

  /** Within the caller's transaction. After a failure this object knows too much: make a new one. */
  write(entries: readonly EntryAddition[]): void {
    const rows = new SqliteEntryRowsWriter(this.tables.rows, this.lastSequence, this.statements);
    let tail = new TailWriter(this.lastSequence + 1);
    for (const { position, json, facets, values, text } of entries) {
      this.lastSequence += 1;
      rows.add(position, json);
      const facet = this.facetNumber(facets);
      const terms = valueTermsOf(values);
      const words = this.wordTerms.of(text);
      this.block.add(facet, terms, words);
      tail.add(facet, terms, words);
      if (!this.block.isFull) continue;
      this.closeBlock();
      tail = new TailWriter(this.lastSequence + 1);
    }
    rows.flush();
    tail.write(this.tables.tail, this.statements);
  }

  private closeBlock(): void {
    const number = this.lastSequence / BLOCK_SIZE - 1;
    const zones = JSON.stringify(this.block.zones(this.declaration.fields.length));
    const { blocks, terms, tail } = this.tables;
    this.statements.get(`INSERT INTO ${blocks} VALUES (?, ?, ?)`).run(number, encodeFacets(this.block.facets), zones);
    writeTerms(terms, number, this.block.postings(), this.statements);
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
    ${createEntryRows(rows)}
    CREATE TABLE ${facets} (number INTEGER PRIMARY KEY, facet TEXT NOT NULL) STRICT;
    CREATE TABLE ${blocks} (block INTEGER PRIMARY KEY, facets BLOB NOT NULL, zones TEXT NOT NULL) STRICT;
    ${createTerms(terms)}
    ${createTail(tail)}`);
}
