// The tail of an entry view: what finds the entries that do not fill a block yet, one row a commit.
import type { Statements } from './sqlite.views-file.js';

/** Lists of words, most of them of many entries; and each entry's facet number, the number of its list, and its other terms. */
interface Chunk {
  readonly words: readonly (readonly string[])[];
  readonly entries: readonly (readonly [number, number, ...string[]])[];
}

/** Where entries are found: a block, or blocks of which the last grows. */
interface Finder {
  add(facet: number, terms: readonly string[], words: readonly string[]): void;
}

export class TailWriter {
  private readonly words = new Map<readonly string[], number>();
  private readonly entries: [number, number, ...string[]][] = [];

  /** @param first sequence of the first entry */
  constructor(private readonly first: number) {}

  add(facet: number, terms: readonly string[], words: readonly string[]): void {
    let number = this.words.get(words);
    if (number === undefined) {
      number = this.words.size;
      this.words.set(words, number);
    }
    this.entries.push([facet, number, ...terms]);
  }

  write(table: string, statements: Statements): void {
    if (this.entries.length === 0) return;
    const chunk: Chunk = { words: [...this.words.keys()], entries: this.entries };
    statements.get(`INSERT INTO ${table} VALUES (?, ?)`).run(this.first, JSON.stringify(chunk));
  }
}

/** Adds what stands in the tail behind a sequence. */
export function addTail(table: string, after: number, statements: Statements, finder: Finder): void {
  const chunks = statements.get(`SELECT chunk FROM ${table} WHERE first > ? ORDER BY first`).all(after);
  for (const [text] of chunks as [string][]) {
    const { words, entries } = JSON.parse(text) as Chunk;
    for (const [facet, number, ...terms] of entries) finder.add(facet, terms, words[number] ?? []);
  }
}

export function createTail(table: string): string {
  return `CREATE TABLE ${table} (first INTEGER PRIMARY KEY, chunk TEXT NOT NULL) STRICT;`;
}
