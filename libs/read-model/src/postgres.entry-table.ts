// An entry view as it is written to PostgreSQL, laid out as in SQLite: rows hold the entries; what finds them is kept in
// blocks of 4096 entries, a column of facet numbers and for each term the set of entries that have it. A block is written
// once, when it is full; until then its terms lie in the tail. PostgreSQL's text search knows which blocks hold a word. An
// index entry for each field and word of each entry would cost several times as much, and a search over entries could not
// keep pages in the order of the log.
import type { FieldValue } from '@app/kernel';
import type { PostgresSession } from '@app/event-store/nest';
import { EntryBlock, encodeFacets } from './entry-block.js';
import { indexedTerm, valueTermsOf, wordOf, WordTerms } from './entry-terms.js';
import { packed, SEPARATOR_SQL } from './packed-texts.js';
import { BLOCK_SIZE } from './postings.js';
import type { EntryDeclaration } from './view-declaration.js';
import type { EntryAddition } from './view-writer.js';

/** Facet number and terms of entries of the tail, in their order. */
export type TailChunk = readonly (readonly [number, readonly string[]])[];

/** Of at most 64 characters, four bytes each. */
const VECTOR_WORDS_MAX = 3_500;

/** A packed parameter as a list of texts. */
const list = (parameter: number): string => `string_to_array($${parameter}, ${SEPARATOR_SQL})`;

export class PostgresEntryTable {
  private readonly facetNumbers = new Map<string, number>();
  private newFacets: string[] = [];
  private block = new EntryBlock();
  private readonly wordTerms = new WordTerms();
  private lastSequence = 0;

  private constructor(
    private readonly tables: EntryTables,
    private readonly declaration: EntryDeclaration,
  ) {}

  /** Reads where the table stands. */
  static async load(
    session: PostgresSession,
    generation: number,
    declaration: EntryDeclaration,
  ): Promise<PostgresEntryTable> {
    const table = new PostgresEntryTable(entryTables(generation), declaration);
    const { rows, facets, tail } = table.tables;
    const [last] = await session.rows<[number]>(`SELECT coalesce(max(sequence), 0) FROM ${rows}`);
    table.lastSequence = last?.[0] ?? 0;
    for (const [number, values] of await session.rows<[number, string]>(`SELECT number, facet FROM ${facets}`)) {
      table.facetNumbers.set(facetKey(JSON.parse(values) as FieldValue[]), number);
    }
    for (const [chunk] of await session.rows<[string]>(`SELECT chunk FROM ${tail} ORDER BY first`)) {
      for (const [facet, terms] of JSON.parse(chunk) as TailChunk) table.block.add(facet, terms);
    }
    return table;
  }

  /** Within a transaction. When that fails, this object knows too much: load a new one. */
  async write(session: PostgresSession, entries: readonly EntryAddition[]): Promise<void> {
    if (entries.length === 0) return;
    const firstOfAll = this.lastSequence + 1;
    let chunk: [number, string[]][] = [];
    let closed = 0;
    for (const { facets, values, text } of entries) {
      this.lastSequence += 1;
      const facet = this.facetNumber(facets);
      const terms = valueTermsOf(values).map(indexedTerm);
      const words = this.wordTerms.of(text);
      this.block.add(facet, terms, words);
      chunk.push([facet, [...words, ...terms]]);
      if (!this.block.isFull) continue;
      await this.closeBlock(session);
      closed += 1;
      chunk = [];
    }
    await this.insertRows(session, firstOfAll, entries);
    await this.insertFacets(session);
    const { tail } = this.tables;
    if (closed > 0) await session.execute(`DELETE FROM ${tail}`);
    if (chunk.length === 0) return;
    const place = [this.lastSequence - chunk.length + 1, this.lastSequence];
    await session.execute({ name: `${tail}_insert`, text: `INSERT INTO ${tail} VALUES ($1, $2, $3)` }, [
      ...place,
      JSON.stringify(chunk),
    ]);
  }

  private async insertRows(session: PostgresSession, first: number, entries: readonly EntryAddition[]): Promise<void> {
    const { rows } = this.tables;
    const text = `INSERT INTO ${rows} SELECT $1::bigint + n - 1, position, doc
      FROM unnest(${list(2)}, ${list(3)}) WITH ORDINALITY AS added (position, doc, n)`;
    await session.execute({ name: `${rows}_insert`, text }, [
      first,
      packed(entries.map(({ position }) => position)),
      packed(entries.map(({ json }) => json)),
    ]);
  }

  private async closeBlock(session: PostgresSession): Promise<void> {
    const { blocks, terms } = this.tables;
    const number = this.lastSequence / BLOCK_SIZE - 1;
    const zones = JSON.stringify(this.block.zones(this.declaration.fields.length));
    await session.execute(`INSERT INTO ${blocks} VALUES ($1, $2, $3)`, [
      number,
      Buffer.from(encodeFacets(this.block.facets)),
      zones,
    ]);
    const postings = this.block.postings();
    await session.execute(
      `INSERT INTO ${terms} SELECT $1, term, decode(postings, 'hex')
        FROM unnest(${list(2)}, ${list(3)}) AS added (term, postings)`,
      [number, packed(postings.map(([term]) => term)), packed(postings.map(([, digits]) => digits))],
    );
    await this.insertWords(
      session,
      number,
      postings.map(([term]) => wordOf(term)).filter((word) => word !== undefined),
    );
    this.block = new EntryBlock();
  }

  /** A vector of words has at most a megabyte, so that a block may need several. */
  private async insertWords(session: PostgresSession, number: number, words: readonly string[]): Promise<void> {
    for (let from = 0; from < words.length; from += VECTOR_WORDS_MAX) {
      const some = words.slice(from, from + VECTOR_WORDS_MAX);
      const text = `INSERT INTO ${this.tables.words} VALUES ($1, array_to_tsvector(${list(2)}))`;
      await session.execute(text, [number, packed(some)]);
    }
  }

  private async insertFacets(session: PostgresSession): Promise<void> {
    if (this.newFacets.length === 0) return;
    const first = this.facetNumbers.size - this.newFacets.length;
    await session.execute(
      `INSERT INTO ${this.tables.facets} SELECT $1::integer + n - 1, facet
        FROM unnest($2::text[]) WITH ORDINALITY AS added (facet, n)`,
      [first, this.newFacets],
    );
    this.newFacets = [];
  }

  private facetNumber(values: EntryAddition['facets']): number {
    const key = facetKey(values);
    const known = this.facetNumbers.get(key);
    if (known !== undefined) return known;
    const number = this.facetNumbers.size;
    this.facetNumbers.set(key, number);
    this.newFacets.push(JSON.stringify(values));
    return number;
  }
}

export interface EntryTables {
  readonly rows: string;
  readonly facets: string;
  readonly blocks: string;
  readonly terms: string;
  readonly words: string;
  readonly tail: string;
}

export function entryTables(generation: number): EntryTables {
  const rows = `e${generation}`;
  return {
    rows,
    facets: `${rows}_facets`,
    blocks: `${rows}_blocks`,
    terms: `${rows}_terms`,
    words: `${rows}_words`,
    tail: `${rows}_tail`,
  };
}

/** The function that names the blocks with a word, and stands for no table. */
export function blocksWith(generation: number): string {
  return `e${generation}_blocks_with`;
}

export async function dropEntryTables(session: PostgresSession, generation: number): Promise<void> {
  await session.execute(`DROP FUNCTION IF EXISTS ${blocksWith(generation)}`);
  await session.execute(`DROP TABLE IF EXISTS ${Object.values(entryTables(generation)).join(', ')}`);
}

export async function createEntryTables(session: PostgresSession, generation: number): Promise<void> {
  const { rows, facets, blocks, terms, words, tail } = entryTables(generation);
  // The planner does not know what reading a long vector costs, and would rather read them all.
  await session.execute(`
    CREATE TABLE ${rows} (sequence bigint PRIMARY KEY, position text COLLATE "C" NOT NULL, doc text NOT NULL);
    CREATE INDEX ${rows}_position ON ${rows} (position);
    CREATE TABLE ${facets} (number integer PRIMARY KEY, facet text NOT NULL);
    CREATE TABLE ${blocks} (block integer PRIMARY KEY, facets bytea NOT NULL, zones text NOT NULL);
    CREATE TABLE ${terms} (
      block integer, term text COLLATE "C", postings bytea NOT NULL, PRIMARY KEY (block, term)
    );
    CREATE TABLE ${words} (block integer NOT NULL, words tsvector NOT NULL);
    CREATE INDEX ${words}_search ON ${words} USING gin (words) WITH (fastupdate = off);
    CREATE FUNCTION ${blocksWith(generation)} (tsquery) RETURNS SETOF integer
      LANGUAGE sql STABLE SET enable_seqscan = off
      AS 'SELECT block FROM ${words} WHERE words @@ $1';
    CREATE TABLE ${tail} (first bigint PRIMARY KEY, last bigint NOT NULL, chunk text NOT NULL);`);
}

/** Tells any two combinations of values apart, at less cost than JSON. */
function facetKey(values: readonly FieldValue[]): string {
  let key = '';
  for (const value of values) key += typeof value === 'string' ? `${value.length}:${value}` : `${value};`;
  return key;
}
