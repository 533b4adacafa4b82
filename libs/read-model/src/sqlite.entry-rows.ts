// The entries of an entry view, several of one commit in a row: a row for each would cost more than what is in it. Positions
// and documents are JSON or plain texts and have no line breaks, so that a row is its entries' lines.
import type { GlobalPosition } from '@app/kernel';
import type { Statements } from './sqlite.views-file.js';

/** A row ends with the entry that fills it up to this: whoever reads one entry reads its row. */
const ROW_CHARACTERS = 3_000;

/** Collects entries in their order; `flush` writes what is left. */
export class SqliteEntryRowsWriter {
  private lines = '';

  /** @param last sequence of the last entry so far */
  constructor(
    private readonly table: string,
    private last: number,
    private readonly statements: Statements,
  ) {}

  add(position: GlobalPosition, json: string): void {
    this.lines += this.lines === '' ? `${position}\n${json}` : `\n${position}\n${json}`;
    this.last += 1;
    if (this.lines.length >= ROW_CHARACTERS) this.flush();
  }

  flush(): void {
    if (this.lines === '') return;
    this.statements.get(`INSERT INTO ${this.table} VALUES (?, ?)`).run(this.last, this.lines);
    this.lines = '';
  }
}

export class SqliteEntryRows {
  /** The row that was read last, as neighbours are mostly asked for together. Rows never change. */
  private first = 1;
  private last = 0;
  private lines: readonly string[] = [];

  constructor(
    private readonly table: string,
    private readonly statements: Statements,
  ) {}

  positionOf(sequence: number): GlobalPosition {
    return this.line(sequence, 0);
  }

  jsonOf(sequence: number): string {
    return this.line(sequence, 1);
  }

  private line(sequence: number, which: 0 | 1): string {
    if (sequence < this.first || sequence > this.last) this.read(sequence);
    const line = this.lines[2 * (sequence - this.first) + which];
    if (line === undefined) throw new Error(`the view ${this.table} has no entry ${sequence}`);
    return line;
  }

  private read(sequence: number): void {
    const sql = `SELECT last, entries FROM ${this.table} WHERE last >= ? ORDER BY last LIMIT 1`;
    const [last, entries] = (this.statements.get(sql).get(sequence) ?? [0, '']) as [number, string];
    this.lines = entries.split('\n');
    this.last = last;
    this.first = last - this.lines.length / 2 + 1;
  }
}

export function lastSequence(table: string, statements: Statements): number {
  return (statements.get(`SELECT coalesce(max(last), 0) FROM ${table}`).get() as [number])[0];
}

export function createEntryRows(table: string): string {
  return `CREATE TABLE ${table} (last INTEGER PRIMARY KEY, entries TEXT NOT NULL) STRICT;`;
}
