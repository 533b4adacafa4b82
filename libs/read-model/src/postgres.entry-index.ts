// Finding entries of one entry view in PostgreSQL. Facet numbers and the tail are held in memory; the terms of closed blocks
// are looked up, for many blocks in one statement. A page costs at most one look-up for each block and term, whatever the
// filter and however deep the page, and few round trips.
import type { FieldValue } from '@app/kernel';
import type { PostgresSession, PostgresValue } from '@app/event-store/nest';
import type { Zone } from './entry-block.js';
import { type Accepted, type BlockPart, EntryBlocks } from './entry-blocks.js';
import type { Conditions, TermCondition } from './entry-conditions.js';
import { indexedRange, type TermRange, wordOf } from './entry-terms.js';
import { addPostings, type Bitmap, BLOCK_SIZE, emptyBitmap, intersect } from './postings.js';
import { blocksWith, type EntryTables, entryTables, type TailChunk } from './postgres.entry-table.js';

/** Blocks that are looked at in one go: few at first, for a page that is full soon. */
const WINDOW_FIRST = 2;
const WINDOW_GROWTH = 8;
const WINDOW_MAX = 512;
/** When the page was not full before this window, it pays to ask which blocks hold the words at all. */
const WINDOW_SPARSE = WINDOW_FIRST * WINDOW_GROWTH;

/** A block under examination: what of it is still possible, and what has not been looked up yet. */
interface Candidate extends BlockPart {
  readonly open: readonly (readonly TermRange[])[];
}

/** What was written since: kind 0 a facet, 1 a closed block, 2 a chunk of the tail, 3 how many entries there are. */
type NewRow = [kind: number, at: number, text: string, bytes: Uint8Array | null];

export class PostgresEntryIndex {
  readonly tables: EntryTables;
  private blocks = new EntryBlocks();
  private refreshing: Promise<void> | undefined;

  constructor(
    private readonly generation: number,
    private readonly session: PostgresSession,
  ) {
    this.tables = entryTables(generation);
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

  /** Takes in what was written before the call. */
  async refresh(): Promise<void> {
    // One that is under way may have begun too early.
    await this.refreshing?.catch(() => undefined);
    this.refreshing ??= this.takeNew().finally(() => (this.refreshing = undefined));
    return this.refreshing;
  }

  /**
   * The matching entries among sequences from..to (inclusive, within 1..lastSequence), block by block in page direction:
   * the sequence of a block's first entry and the set of matching offsets.
   */
  async *matches(
    { facet, terms }: Conditions,
    from: number,
    to: number,
    descending: boolean,
  ): AsyncGenerator<[number, Bitmap]> {
    // A later refresh may begin anew; what was closed or added before stays as it is.
    const blocks = this.blocks;
    const accepted = blocks.accepted(facet);
    if (accepted === null) return;
    const conditions = terms.map(({ field, ranges }) => ({ field, ranges: ranges.map(indexedRange) }));
    let holds: (block: number) => boolean = () => true;
    const candidates = candidatesOf(blocks, conditions, accepted, blocks.parts(from, to, descending), (block) =>
      holds(block),
    );
    for (let size = WINDOW_FIRST; ; size = Math.min(size * WINDOW_GROWTH, WINDOW_MAX)) {
      if (size === WINDOW_SPARSE) holds = await this.holdersOfWords(blocks, conditions);
      const window = [...take(candidates, size)];
      if (window.length === 0) return;
      for (const { block, first, set } of await this.narrowed(blocks, window)) {
        if (blocks.keepAccepted(block, set, accepted)) yield [first, set];
      }
    }
  }

  /** Whether a block holds all words that are asked for, each perhaps in another entry. */
  private async holdersOfWords(
    blocks: EntryBlocks,
    conditions: readonly TermCondition[],
  ): Promise<(block: number) => boolean> {
    const words = conditions.flatMap(({ ranges }) => ranges.map(({ from }) => wordOf(from))).filter(isGiven);
    if (words.length === 0) return () => true;
    const known = blocks.closedCount;
    const name = blocksWith(this.generation);
    const each = words.map((_, index) => `SELECT ${name}($${index + 1}::tsquery)`);
    // Quoted, a word is no syntax: it has letters, digits and dashes only.
    const found = await this.session.rows<[number]>(
      each.join(' INTERSECT '),
      words.map((word) => `'${word}':*`),
    );
    const holders = new Set(found.map(([block]) => block));
    return (block) => block >= known || holders.has(block);
  }

  /** Condition by condition, the most promising first: what it leaves of the blocks is all that the next one looks at. */
  private async narrowed(blocks: EntryBlocks, window: readonly Candidate[]): Promise<readonly Candidate[]> {
    let left = window;
    const most = Math.max(...window.map(({ open }) => open.length));
    for (let at = 0; at < most && left.length > 0; at += 1) {
      const holders = await this.holders(blocks, left, at);
      left = left.filter(
        ({ open, set }, index) => open.length <= at || intersect(set, holders[index] ?? emptyBitmap()),
      );
    }
    return left;
  }

  /** Which entries have a term in one of the ranges of the open condition number `at`, for each candidate. */
  private async holders(blocks: EntryBlocks, candidates: readonly Candidate[], at: number): Promise<readonly Bitmap[]> {
    const lookUp = new LookUp();
    const sets = candidates.map(({ block, open }, index) => {
      const ranges = open[at] ?? [];
      if (block >= blocks.closedCount) return blocks.tailHolders(ranges);
      for (const range of ranges) lookUp.add(index, block, range);
      return emptyBitmap();
    });
    for (const [index, digits] of await this.look(lookUp)) {
      const set = sets[index];
      if (set) addPostings(set, digits);
    }
    return sets;
  }

  private async look(lookUp: LookUp): Promise<readonly [number, string][]> {
    if (lookUp.isEmpty) return [];
    const { terms } = this.tables;
    // OFFSET 0: each range is looked up by itself, whatever the planner thinks of their number.
    const text = `SELECT asked.n, found.digits
      FROM unnest($1::integer[], $2::integer[], $3::integer[]) AS asked (n, block, r),
        LATERAL (SELECT string_agg(encode(t.postings, 'hex'), ',') AS digits FROM (
          SELECT t.postings FROM ${terms} AS t WHERE t.block = asked.block
            AND t.term >= ($4::text[])[asked.r] AND t.term < ($5::text[])[asked.r] OFFSET 0
        ) AS t) AS found
      WHERE found.digits IS NOT NULL`;
    return this.session.rows<[number, string]>({ name: `${terms}_look`, text }, lookUp.parameters);
  }

  private async takeNew(): Promise<void> {
    const known = this.blocks;
    const rows = await this.newRows(known);
    const count = rows.at(-1)?.[1] ?? 0;
    if (count >= known.lastSequence) {
      takeRows(known, rows);
      return;
    }
    // The database has lost its last commits, as it may when it crashes: what it holds now is the truth.
    const fresh = new EntryBlocks();
    takeRows(fresh, await this.newRows(fresh));
    this.blocks = fresh;
  }

  /** In one statement, so that a block that is being closed is seen in one place. */
  private newRows(blocks: EntryBlocks): Promise<NewRow[]> {
    const { facets, blocks: closed, tail } = this.tables;
    const text = `
      SELECT 0 AS kind, number::bigint AS at, facet AS text, NULL::bytea AS bytes FROM ${facets} WHERE number >= $1
      UNION ALL SELECT 1, block, zones, facets FROM ${closed} WHERE block >= $2
      UNION ALL SELECT 2, first, chunk, NULL FROM ${tail} WHERE last > $3
      UNION ALL SELECT 3, greatest((SELECT (max(block) + 1) * ${BLOCK_SIZE} FROM ${closed}),
        (SELECT max(last) FROM ${tail}), 0), '', NULL
      ORDER BY kind, at`;
    return this.session.rows<NewRow>({ name: `${facets}_new`, text }, [
      blocks.facetValues.length,
      blocks.closedCount,
      blocks.lastSequence,
    ]);
  }
}

/** Ranges of terms, each in one block and for one candidate. Most look for the same few ranges in every block. */
class LookUp {
  private readonly ranges = new Map<string, number>();
  private readonly low: string[] = [];
  private readonly high: string[] = [];
  private readonly candidates: number[] = [];
  private readonly blocks: number[] = [];
  private readonly numbers: number[] = [];

  add(candidate: number, block: number, range: TermRange): void {
    this.candidates.push(candidate);
    this.blocks.push(block);
    this.numbers.push(this.numberOf(range));
  }

  get isEmpty(): boolean {
    return this.blocks.length === 0;
  }

  get parameters(): readonly PostgresValue[] {
    const lists = [this.candidates, this.blocks, this.numbers].map((numbers) => `{${numbers.join(',')}}`);
    return [...lists, this.low, this.high];
  }

  /** From 1, as PostgreSQL counts. */
  private numberOf({ from, to }: TermRange): number {
    // No term holds this character before anything else than 2 or 3.
    const key = `${from}\u0001${to}`;
    const known = this.ranges.get(key);
    if (known !== undefined) return known;
    this.low.push(from);
    this.high.push(to);
    this.ranges.set(key, this.low.length);
    return this.low.length;
  }
}

function* candidatesOf(
  blocks: EntryBlocks,
  conditions: readonly TermCondition[],
  accepted: Accepted,
  parts: Iterable<BlockPart>,
  holds: (block: number) => boolean,
): Generator<Candidate> {
  for (const part of parts) {
    if (!holds(part.block)) continue;
    const open = blocks.openIn(part.block, conditions, accepted);
    if (open) yield { ...part, open };
  }
}

/** The next `count` items, and the iterator stays where it is. */
function* take<T>(items: Generator<T>, count: number): Generator<T> {
  for (let taken = 0; taken < count; taken += 1) {
    const next = items.next();
    if (next.done) return;
    yield next.value;
  }
}

function takeRows(blocks: EntryBlocks, rows: readonly NewRow[]): void {
  for (const [kind, at, text, bytes] of rows) {
    if (kind === 0) blocks.facetValues.push(JSON.parse(text) as FieldValue[]);
    else if (kind === 1 && bytes) blocks.close(bytes, JSON.parse(text) as Zone[]);
    else if (kind === 2) {
      // The beginning of a chunk may be known: its writer's last commits were lost once, and made again otherwise.
      const known = Math.max(0, blocks.lastSequence + 1 - at);
      for (const [facet, terms] of (JSON.parse(text) as TailChunk).slice(known)) blocks.add(facet, terms);
    }
  }
}

function isGiven<T>(value: T | undefined): value is T {
  return value !== undefined;
}
