// Evidence in one SQLite file. Calls are short and synchronous underneath: the sequencer's thread writes, the server's reads.
import { StoreError } from '@app/event-store';
import type { SqliteDatabase } from '@app/event-store/nest';
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
import { evidencePath, naming, openEvidenceFile } from './sqlite.evidence-file.js';
import { conflict, damaged, EvidenceLeaves, EvidenceStatements } from './sqlite.evidence-leaves.js';
import { durably, inTransaction } from './sqlite.evidence-transaction.js';

type Row = readonly unknown[];
/** Beside the marks of the port: how far the log was looked at. */
const POSITION = 'position';

export class SqliteEvidenceStore extends EvidenceStore {
  private readonly statements: EvidenceStatements;
  private readonly leafRows: EvidenceLeaves;

  private constructor(
    private readonly database: SqliteDatabase,
    private readonly path: string,
    private readonly isReader: boolean,
  ) {
    super();
    this.statements = new EvidenceStatements(database);
    this.leafRows = new EvidenceLeaves(this.statements);
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
    return this.reading(() => ({ size: this.leafRows.size(), position: this.markText(POSITION) }));
  }

  async append(batch: LeafBatch): Promise<void> {
    this.reading(() => {
      try {
        inTransaction(this.database, () => this.write(batch));
      } catch (error) {
        this.leafRows.distrust();
        throw error;
      }
    });
  }

  async leaves(from: number, to: number): Promise<StoredLeaf[]> {
    return this.reading(() => this.leafRows.between(from, to));
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
    return this.reading(() => this.leafRows.ofEvent(eventId));
  }

  async leavesAt(places: readonly EventPlace[]): Promise<StoredLeaf[]> {
    return this.reading(() => places.flatMap(({ stream, revision }) => this.leafRows.at(stream, revision)));
  }

  async leavesOfStream(stream: string, from: number, limit: number): Promise<StoredLeaf[]> {
    return this.reading(() => this.leafRows.ofStream(stream, from, limit));
  }

  async ends(streams: readonly string[]): Promise<StoredLeaf[]> {
    return this.reading(() => streams.flatMap((stream) => this.leafRows.lastOf(stream)));
  }

  async checkpoint(size?: number): Promise<StoredCheckpoint | undefined> {
    const select = 'SELECT size, note, signed_at FROM checkpoints';
    if (size !== undefined) return this.checkpointBy(`${select} WHERE size = ?`, size);
    return this.checkpointBy(`${select} ORDER BY size DESC LIMIT 1`);
  }

  async checkpointsAfter(size: number, limit: number): Promise<StoredCheckpoint[]> {
    const sql = 'SELECT size, note, signed_at FROM checkpoints WHERE size > ? ORDER BY size LIMIT ?';
    return this.rows(sql, size, limit).map(checkpointOf);
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
        const insert = this.statements.of('INSERT INTO checkpoints VALUES (?, ?, ?) ON CONFLICT DO NOTHING');
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
        const insert = this.statements.of('INSERT OR REPLACE INTO cosignatures VALUES (?, ?, ?, ?)');
        for (const { key, line, atMs } of cosignatures) insert.run(size, key, line, atMs);
      }),
    );
  }

  async forgetLeaves(): Promise<void> {
    this.reading(() =>
      durably(this.database, () => {
        this.leafRows.forget();
        this.statements.of('DELETE FROM nodes').run();
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
        this.statements.of('INSERT OR IGNORE INTO marks VALUES (?, ?)').run(name, text);
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

  private write({ from, leaves, nodes, position }: LeafBatch): void {
    const size = this.leafRows.size();
    if (size !== from) throw conflict(`there are ${size} leaves, not ${from}`);
    this.leafRows.insert(from, leaves);
    const insertNode = this.statements.of('INSERT INTO nodes VALUES (?, ?, ?)');
    for (const { level, index, hash } of nodes) insertNode.run(level, index, hash);
    this.writeMark(POSITION, position);
  }

  private markText(name: string): string | undefined {
    const row = this.statements.of('SELECT text FROM marks WHERE name = ?').get(name) as Row | undefined;
    const text = row?.[0];
    if (text === undefined || typeof text === 'string') return text;
    throw damaged('a mark');
  }

  private writeMark(name: string, text: string | undefined): void {
    if (text === undefined) this.statements.of('DELETE FROM marks WHERE name = ?').run(name);
    else this.statements.of('INSERT OR REPLACE INTO marks VALUES (?, ?)').run(name, text);
  }

  private checkpointBy(sql: string, ...values: number[]): StoredCheckpoint | undefined {
    const [row] = this.rows(sql, ...values);
    return row && checkpointOf(row);
  }

  private rows(sql: string, ...values: (string | number)[]): readonly Row[] {
    return this.reading(() => this.statements.rows(sql, ...values));
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
