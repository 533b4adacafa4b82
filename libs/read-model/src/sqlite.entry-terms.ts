// The terms of closed blocks, each with its postings. A row for each: a query may look one up in every block, and the
// database finds it without a step of ours.
import type { TermRange } from './entry-terms.js';
import { addPostings, type Bitmap } from './postings.js';
import type { Statements } from './sqlite.views-file.js';

/** Rows a statement: the price of a statement is shared. */
const ROWS_AT_ONCE = 32;
const WIDTH = 3;
/** As bytes a bitmap fits into a page of the tree, as digits it would not. */
const ROW = '(?, ?, unhex(?))';

/** @param postings in the order of their terms */
export function writeTerms(
  table: string,
  block: number,
  postings: readonly (readonly [string, string])[],
  statements: Statements,
): void {
  const many = statements.get(`INSERT INTO ${table} VALUES ${Array(ROWS_AT_ONCE).fill(ROW).join(', ')}`);
  const one = statements.get(`INSERT INTO ${table} VALUES ${ROW}`);
  let values: (string | number)[] = [];
  for (const [term, digits] of postings) {
    values.push(block, term, digits);
    if (values.length < WIDTH * ROWS_AT_ONCE) continue;
    many.run(...values);
    values = [];
  }
  for (let at = 0; at < values.length; at += WIDTH) one.run(...values.slice(at, at + WIDTH));
}

/** Adds the entries of the block that have a term in the range. */
export function lookUp(
  table: string,
  block: number,
  { from, to, exact }: TermRange,
  statements: Statements,
  set: Bitmap,
): void {
  const row = (
    exact
      ? statements.get(`SELECT hex(postings) FROM ${table} WHERE block = ? AND term = ?`).get(block, from)
      : statements
          .get(`SELECT group_concat(hex(postings)) FROM ${table} WHERE block = ? AND term >= ? AND term < ?`)
          .get(block, from, to)
  ) as [string | null] | undefined;
  if (row?.[0]) addPostings(set, row[0]);
}

export function createTerms(table: string): string {
  return `CREATE TABLE ${table} (
    block INTEGER NOT NULL, term TEXT NOT NULL, postings BLOB NOT NULL, PRIMARY KEY (block, term)
  ) STRICT, WITHOUT ROWID;`;
}
