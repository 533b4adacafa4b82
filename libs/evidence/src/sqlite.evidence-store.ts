// Evidence in one SQLite file. Calls are short and synchronous underneath: the sequencer's thread writes, the server's reads.
import { StoreError } from '@app/event-store';
import type { SqliteDatabase, SqliteStatement } from '@app/event-store/nest';
import { prepareRows, sqliteExtendedCode } from '@app/event-store/nest';
import { joinedBytes } from './byte-text.js';
import type {
  EventPlace,
  EvidenceClaim,
  LeafBatch,
  SequencedTo,
  StoredCheckpoint,
  StoredCosignature,
  StoredLeaf,
  StoreMark,
} from './evidence-store.js';
import { EvidenceStore } from './evidence-store.js';
import { durably, evidencePath, inTransaction, naming, openEvidenceFile } from './sqlite.evidence-file.js';

const SQLITE_CONSTRAINT_PRIMARYKEY = 1555;
const SQLITE_CONSTRAINT_UNIQUE = 2067;

type Row = readonly unknown[];
const columns = 'leaf_index, hash, entry, event_id, stream, revision, position';
/** Beside the marks of the port: how far the log was looked at. */
const POSITION = 'position';

export class SqliteEvidenceStore extends EvidenceStore {
  private readonly statements = new Map<string, SqliteStatement>();

  private constructor(
    private readonly database: SqliteDatabase,
    private readonly path: string,
    private readonly isReader: boolean,
  ) {
    super();
  }

  /** The directory must exist. Throws StoreError: Corrupt, AccessDenied, StoreUnavailable. */
  static open(directory: string): SqliteEvidenceStore {
    const path = evidencePath(directory);
    return new SqliteEvidenceStore(openEvidenceFile(path, false), path, false);
  }

  /** The same file beside its writer; it must be there. */
  static openReader(directory: string): SqliteEvidenceStore {
    const path = evidencePath(directory);
    return new SqliteEvidenceStore(openEvidenceFile(path, true), path, true);
  }

  /** Whoever holds the data directory holds its evidence too. */
  async claim(): Promise<EvidenceClaim> {
    return { lost: undefined, release: () => Promise.resolve() };
  }

  async sequencedTo(): Promise<SequencedTo> {
    return this.reading(() => ({ size: this.size(), position: this.markText(POSITION) }));
  }

  async append({ from, leaves, nodes, position }: LeafBatch): Promise<void> {
    this.reading(() =>
      inTransaction(this.database, () => {
        const size = this.size();
        if (size !== from) throw conflict(`there are ${size} leaves, not ${from}`);
        this.insert(leaves);
        const insertNode = this.statement('INSERT INTO nodes VALUES (?, ?, ?)');
        for (const { level, index, hash } of nodes) insertNode.run(level, index, hash);
        this.writeMark(POSITION, position);
      }),
    );
  }

  async leaves(from: number, to: number): Promise<StoredLeaf[]> {
    const sql = `SELECT ${columns} FROM leaves WHERE leaf_index >= ? AND leaf_index < ? ORDER BY leaf_index`;
    return this.found(sql, from, to);
  }

  async hashes(level: number, from: number, to: number): Promise<Uint8Array> {
    const sql =
      level === 0
        ? 'SELECT hash FROM leaves WHERE 0 = ? AND leaf_index >= ? AND leaf_index < ? ORDER BY leaf_index'
        : 'SELECT hash FROM nodes WHERE level = ? AND node_index >= ? AND node_index < ? ORDER BY node_index';
    const rows = this.rows(sql, level, from, to);
    return joinedBytes(rows.map(([hash]) => (hash instanceof Uint8Array ? hash : new Uint8Array(0))));
  }

  async leafOfEvent(eventId: string): Promise<StoredLeaf | undefined> {
    return this.found(`SELECT ${columns} FROM leaves WHERE event_id = ?`, eventId)[0];
  }

  async leavesAt(places: readonly EventPlace[]): Promise<StoredLeaf[]> {
    const sql = `SELECT ${columns} FROM leaves WHERE stream = ? AND revision = ?`;
    return places.flatMap(({ stream, revision }) => this.found(sql, stream, revision));
  }

  async leavesOfStream(stream: string, from: number, limit: number): Promise<StoredLeaf[]> {
    const sql = `SELECT ${columns} FROM leaves WHERE stream = ? AND revision >= ? ORDER BY revision LIMIT ?`;
    return this.found(sql, stream, from, limit);
  }

  async ends(streams: readonly string[]): Promise<StoredLeaf[]> {
    const sql = `SELECT ${columns} FROM leaves WHERE stream = ? ORDER BY revision DESC LIMIT 1`;
    return streams.flatMap((stream) => this.found(sql, stream));
  }

  async checkpoint(size?: number): Promise<StoredCheckpoint | undefined> {
    const select = 'SELECT size, note, signed_at FROM checkpoints';
    if (size !== undefined) return this.checkpointBy(`${select} WHERE size = ?`, size);
    return this.checkpointBy(`${select} ORDER BY size DESC LIMIT 1`);
  }

  async checkpointsAfter(size: number, limit: number): Promise<StoredCheckpoint[]> {
    const sql = 'SELECT size, note, signed_at FROM checkpoints WHERE size > ? ORDER BY size LIMIT ?';
    return this.reading(() => (this.statement(sql).all(size, limit) as unknown as readonly Row[]).map(checkpointOf));
  }

  async cosignedCheckpoint(): Promise<StoredCheckpoint | undefined> {
    return this.checkpointBy(
      'SELECT size, note, signed_at FROM checkpoints WHERE size = (SELECT max(size) FROM cosignatures)',
    );
  }

  async saveCheckpoint(checkpoint: StoredCheckpoint): Promise<void> {
    await this.saveCheckpoints([checkpoint]);
  }

  async saveCheckpoints(checkpoints: readonly StoredCheckpoint[]): Promise<void> {
    this.reading(() =>
      durably(this.database, () => {
        const insert = this.statement('INSERT INTO checkpoints VALUES (?, ?, ?) ON CONFLICT DO NOTHING');
        for (const { size, note, signedAtMs } of checkpoints) insert.run(size, note, signedAtMs);
      }),
    );
  }

  async cosignatures(size: number): Promise<StoredCosignature[]> {
    const sql = 'SELECT key, line, signed_at FROM cosignatures WHERE size = ? ORDER BY key';
    const rows = this.rows(sql, size) as readonly (readonly [string, string, number])[];
    return rows.map(([key, line, atMs]) => ({ key, line, atMs }));
  }

  async saveCosignatures(size: number, cosignatures: readonly StoredCosignature[]): Promise<void> {
    this.reading(() =>
      durably(this.database, () => {
        const insert = this.statement('INSERT OR REPLACE INTO cosignatures VALUES (?, ?, ?, ?)');
        for (const { key, line, atMs } of cosignatures) insert.run(size, key, line, atMs);
      }),
    );
  }

  async forgetLeaves(): Promise<void> {
    this.reading(() =>
      durably(this.database, () => {
        for (const table of ['leaves', 'nodes']) this.statement(`DELETE FROM ${table}`).run();
        this.writeMark(POSITION, undefined);
      }),
    );
  }

  async mark(name: StoreMark): Promise<string | undefined> {
    return this.reading(() => this.markText(name));
  }

  async keepMark(name: StoreMark, text: string): Promise<string> {
    this.reading(() =>
      durably(this.database, () => {
        this.statement('INSERT OR IGNORE INTO marks VALUES (?, ?)').run(name, text);
      }),
    );
    return this.reading(() => this.markText(name) ?? text);
  }

  async setMark(name: StoreMark, text: string | undefined): Promise<void> {
    this.reading(() => durably(this.database, () => this.writeMark(name, text)));
  }

  async close(): Promise<void> {
    if (!this.database.isOpen) return;
    this.statements.clear();
    try {
      if (!this.isReader) this.database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } finally {
      this.database.close();
    }
  }

  private insert(leaves: readonly StoredLeaf[]): void {
    const insert = this.statement(`INSERT INTO leaves (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?)`);
    for (const { index, hash, entry, eventId, stream, revision, position } of leaves) {
      try {
        insert.run(index, hash, entry, eventId, stream, revision, position);
      } catch (error) {
        const code = sqliteExtendedCode(error);
        if (code !== SQLITE_CONSTRAINT_PRIMARYKEY && code !== SQLITE_CONSTRAINT_UNIQUE) throw error;
        throw conflict(`event ${revision} of ${stream} (${eventId}) is in the evidence already`);
      }
    }
  }

  private size(): number {
    const row = this.statement('SELECT max(leaf_index) FROM leaves').get() as unknown as readonly [number | null];
    return row[0] === null ? 0 : row[0] + 1;
  }

  private markText(name: string): string | undefined {
    const row = this.statement('SELECT text FROM marks WHERE name = ?').get(name) as Row | undefined;
    const text = row?.[0];
    if (text === undefined || typeof text === 'string') return text;
    throw damaged('a mark');
  }

  private writeMark(name: string, text: string | undefined): void {
    if (text === undefined) this.statement('DELETE FROM marks WHERE name = ?').run(name);
    else this.statement('INSERT OR REPLACE INTO marks VALUES (?, ?)').run(name, text);
  }

  private checkpointBy(sql: string, ...values: number[]): StoredCheckpoint | undefined {
    const [row] = this.rows(sql, ...values);
    return row && checkpointOf(row);
  }

  private found(sql: string, ...values: (string | number)[]): StoredLeaf[] {
    return this.rows(sql, ...values).map(leafOf);
  }

  private rows(sql: string, ...values: (string | number)[]): readonly Row[] {
    return this.reading(() => this.statement(sql).all(...values) as unknown as readonly Row[]);
  }

  private statement(sql: string): SqliteStatement {
    const known = this.statements.get(sql) ?? prepareRows(this.database, sql);
    this.statements.set(sql, known);
    return known;
  }

  private reading<T>(work: () => T): T {
    if (!this.database.isOpen) throw new StoreError('Closed', 'the evidence is closed');
    return naming(this.path, work);
  }
}

function checkpointOf([size, note, signedAtMs]: Row): StoredCheckpoint {
  if (typeof size === 'number' && typeof note === 'string' && typeof signedAtMs === 'number') {
    return { size, note, signedAtMs };
  }
  throw damaged('a checkpoint');
}

/** In a damaged file the types of the schema do not hold. Throws StoreError: Corrupt. */
function leafOf(row: Row): StoredLeaf {
  const [index, hash, entry, eventId, stream, revision, position] = row;
  const isBytes = hash instanceof Uint8Array && entry instanceof Uint8Array;
  const isText = typeof eventId === 'string' && typeof stream === 'string' && typeof position === 'string';
  if (!isBytes || !isText || typeof index !== 'number' || typeof revision !== 'number') throw damaged('a leaf');
  return { index, hash, entry, eventId, stream, revision, position };
}

function damaged(what: string): StoreError {
  return new StoreError('Corrupt', `the evidence is damaged: it holds ${what} that cannot be one`);
}

function conflict(message: string): StoreError {
  return new StoreError('WrongExpectedRevision', `the evidence was not written: ${message}`);
}
