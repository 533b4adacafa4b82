// The leaves in `evidence.db`: many rows a statement, the names of streams kept once.
import { RecentMap, StoreError } from '@app/event-store';
import type { SqliteDatabase, SqliteStatement } from '@app/event-store/nest';
import { prepareRows, sqliteExtendedCode } from '@app/event-store/nest';
import { eventIdOf, eventKeyOf } from './event-key.js';
import type { StoredLeaf } from './evidence-store.js';

const SQLITE_CONSTRAINT_PRIMARYKEY = 1555;
const SQLITE_CONSTRAINT_UNIQUE = 2067;

/** Rows of one statement: calling it costs as much as several of them. */
const ROWS = 16;
const NUMBERS_KEPT = 50_000;

const columns = 'leaf_index, hash, entry, event_id, name, revision, position';
const ofAny = `SELECT ${columns} FROM leaves LEFT JOIN streams ON number = stream`;
const ofStream = `SELECT ${columns} FROM streams CROSS JOIN leaves ON stream = number WHERE name = ?`;
/** OR FAIL: the transaction is given up as a whole, and nothing need be kept to undo one statement alone. */
const insertion = (rows: number): string =>
  `INSERT OR FAIL INTO leaves (leaf_index, stream, revision, event_id, position, hash, entry)
    VALUES ${Array<string>(rows).fill('(?, ?, ?, ?, ?, ?, ?)').join(', ')}`;
const insertMany = insertion(ROWS);
const insertOne = insertion(1);

type Row = readonly unknown[];
type Value = string | number | Uint8Array;

/** Statements with rows as arrays; those that were prepared are kept. */
export class EvidenceStatements {
  private readonly prepared = new Map<string, SqliteStatement>();

  constructor(private readonly database: SqliteDatabase) {}

  of(sql: string): SqliteStatement {
    const known = this.prepared.get(sql) ?? prepareRows(this.database, sql);
    this.prepared.set(sql, known);
    return known;
  }

  rows(sql: string, ...values: readonly Value[]): readonly Row[] {
    const rows: unknown[] = this.of(sql).all(...values);
    return rows as readonly Row[];
  }

  clear(): void {
    this.prepared.clear();
  }
}

export class EvidenceLeaves {
  private numbers = new RecentMap<string, number>(NUMBERS_KEPT);
  /** How many leaves there were when this last wrote some: the numbers of streams were true then. */
  private end = 0;

  constructor(private readonly statements: EvidenceStatements) {}

  size(): number {
    const [last] = this.statements.rows('SELECT max(leaf_index) FROM leaves')[0] as readonly [number | null];
    return last === null ? 0 : last + 1;
  }

  /**
   * In a transaction; when that fails, `distrust` is to be called.
   * @param from how many leaves there are. Throws WrongExpectedRevision for an event that is there already.
   */
  insert(from: number, leaves: readonly StoredLeaf[]): void {
    // Somebody else wrote meanwhile, and may have begun anew.
    if (from !== this.end) this.distrust();
    for (let at = 0; at < leaves.length;) {
      const rows = leaves.length - at < ROWS ? 1 : ROWS;
      this.insertRows(leaves.slice(at, at + rows));
      at += rows;
    }
    this.end = from + leaves.length;
  }

  distrust(): void {
    this.numbers = new RecentMap<string, number>(NUMBERS_KEPT);
  }

  forget(): void {
    for (const table of ['leaves', 'streams']) this.statements.of(`DELETE FROM ${table}`).run();
    this.distrust();
  }

  between(from: number, to: number): StoredLeaf[] {
    return this.found(`${ofAny} WHERE leaf_index >= ? AND leaf_index < ? ORDER BY leaf_index`, from, to);
  }

  ofEvent(eventId: string): StoredLeaf | undefined {
    return this.found(`${ofAny} WHERE event_id = ?`, eventKeyOf(eventId))[0];
  }

  at(stream: string, revision: number): StoredLeaf[] {
    return this.found(`${ofStream} AND revision = ?`, stream, revision);
  }

  ofStream(stream: string, from: number, limit: number): StoredLeaf[] {
    return this.found(`${ofStream} AND revision >= ? ORDER BY revision LIMIT ?`, stream, from, limit);
  }

  lastOf(stream: string): StoredLeaf[] {
    return this.found(`${ofStream} ORDER BY revision DESC LIMIT 1`, stream);
  }

  private found(sql: string, ...values: readonly Value[]): StoredLeaf[] {
    return this.statements.rows(sql, ...values).map(leafOf);
  }

  private insertRows(leaves: readonly StoredLeaf[]): void {
    const values: Value[] = [];
    for (const { index, hash, entry, eventId, stream, revision, position } of leaves) {
      values.push(index, this.numberOf(stream, revision), revision, eventKeyOf(eventId), position, hash, entry);
    }
    try {
      this.statements.of(leaves.length === 1 ? insertOne : insertMany).run(...values);
    } catch (error) {
      const code = sqliteExtendedCode(error);
      if (code !== SQLITE_CONSTRAINT_PRIMARYKEY && code !== SQLITE_CONSTRAINT_UNIQUE) throw error;
      // The rows before it are there.
      const size = this.size();
      const refused = leaves.find(({ index }) => index === size) ?? leaves[0];
      if (!refused) throw error;
      const { revision, stream, eventId } = refused;
      throw conflict(`event ${revision} of ${stream} (${eventId}) is in the evidence already`);
    }
  }

  private numberOf(stream: string, revision: number): number {
    const known = this.numbers.get(stream);
    if (known !== undefined) return known;
    const number = (revision === 0 ? undefined : this.storedNumber(stream)) ?? this.newNumber(stream);
    this.numbers.set(stream, number);
    return number;
  }

  private storedNumber(stream: string): number | undefined {
    return this.statements.rows('SELECT number FROM streams WHERE name = ?', stream)[0]?.[0] as number | undefined;
  }

  private newNumber(stream: string): number {
    const { changes, lastInsertRowid } = this.statements
      .of('INSERT OR IGNORE INTO streams (name) VALUES (?)')
      .run(stream);
    return changes === 0 ? (this.storedNumber(stream) as number) : Number(lastInsertRowid);
  }
}

/** In a damaged file the types of the schema do not hold. Throws StoreError: Corrupt. */
function leafOf(row: Row): StoredLeaf {
  const [index, hash, entry, key, name, revision, position] = row;
  const eventId = eventIdOf(key);
  // A stream without a name: its leaves are of none that their entries could name.
  const stream = name ?? '';
  const isBytes = hash instanceof Uint8Array && entry instanceof Uint8Array;
  const isText = typeof stream === 'string' && typeof position === 'string';
  const isWhole = isBytes && isText && eventId !== undefined;
  if (!isWhole || typeof index !== 'number' || typeof revision !== 'number') throw damaged('a leaf');
  return { index, hash, entry, eventId, stream, revision, position };
}

export function damaged(what: string): StoreError {
  return new StoreError('Corrupt', `the evidence is damaged: it holds ${what} that cannot be one`);
}

export function conflict(message: string): StoreError {
  return new StoreError('WrongExpectedRevision', `the evidence was not written: ${message}`);
}
