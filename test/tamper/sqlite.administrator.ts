// The administrator of log.db and evidence.db.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { SqliteDatabase } from '@app/event-store/nest';
import { openDatabase, prepareRows, SqliteLogReader } from '@app/event-store/nest';
import type { EvidenceStore } from '@app/evidence';
import { openEvidenceIn } from '@app/evidence/nest';
import type { Administrator } from './administrator.js';
import type { CheckpointRow, EventRow, LeafRow, NodeRow, Rows } from './rows.js';

/** Without the triggers, the types and the constraints of the real ones. */
const freeTables = `
  DROP TABLE events;
  DROP TABLE streams;
  CREATE TABLE streams (id INTEGER PRIMARY KEY, name TEXT);
  CREATE TABLE events (position INTEGER PRIMARY KEY, stream INTEGER, revision INTEGER, id TEXT, type TEXT,
    recorded_at INTEGER, data TEXT, metadata TEXT);
`;

export class SqliteAdministrator implements Administrator {
  /**
   * @param directory holds log.db
   * @param evidenceDirectory default: a folder below it, so that no server's own evidence is touched
   */
  constructor(
    private readonly directory: string,
    private readonly evidenceDirectory = join(directory, 'evidence'),
  ) {
    mkdirSync(evidenceDirectory, { recursive: true });
  }

  async read(): Promise<Rows> {
    const events = this.inLog((log) => rowsOf(log, eventsSql).map(eventRow));
    return this.inEvidence((evidence) => ({
      events,
      leaves: rowsOf(evidence, leavesSql).map(leafRow),
      nodes: rowsOf(evidence, 'SELECT level, node_index, hash FROM nodes ORDER BY 1, 2').map(nodeRow),
      checkpoints: rowsOf(evidence, 'SELECT size, note, signed_at FROM checkpoints ORDER BY 1').map(checkpointRow),
      position: rowsOf(evidence, `SELECT text FROM marks WHERE name = 'position'`)[0]?.[0] as string | undefined,
    }));
  }

  async write(rows: Rows): Promise<void> {
    this.inLog((log) => writeLog(log, rows.events));
    this.inEvidence((evidence) => writeEvidence(evidence, rows));
  }

  /** As `write`, but a file of which all rows are to stay is not touched. */
  async change(from: Rows, to: Rows): Promise<void> {
    if (from.events !== to.events) this.inLog((log) => writeLog(log, to.events));
    const { events: _from, ...evidence } = from;
    const { events: _to, ...wanted } = to;
    if (JSON.stringify(evidence) !== JSON.stringify(wanted)) this.inEvidence((file) => writeEvidence(file, to));
  }

  openLog(): Promise<SqliteLogReader> {
    return SqliteLogReader.open({ directory: this.directory });
  }

  async openEvidence(): Promise<EvidenceStore> {
    return openEvidenceIn(this.evidenceDirectory);
  }

  positionText(position: number): string {
    return `sql:${String(position).padStart(20, '0')}`;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private inLog<T>(work: (log: SqliteDatabase) => T): T {
    return inDatabase(join(this.directory, 'log.db'), work);
  }

  private inEvidence<T>(work: (evidence: SqliteDatabase) => T): T {
    return inDatabase(join(this.evidenceDirectory, 'evidence.db'), work);
  }
}

const eventsSql = `SELECT e.position, s.name, e.revision, e.id, e.type, e.recorded_at, e.data, e.metadata
  FROM events e JOIN streams s ON s.id = e.stream ORDER BY e.position`;

const leavesSql = `SELECT l.leaf_index, l.hash, l.entry, l.event_id, s.name, l.revision, l.position
  FROM leaves l JOIN streams s ON s.number = l.stream ORDER BY 1`;

function inDatabase<T>(path: string, work: (database: SqliteDatabase) => T): T {
  const database = openDatabase(path);
  try {
    database.exec('BEGIN IMMEDIATE');
    const result = work(database);
    database.exec('COMMIT');
    return result;
  } finally {
    database.close();
  }
}

type Row = readonly unknown[];

function rowsOf(database: SqliteDatabase, sql: string): readonly Row[] {
  return prepareRows(database, sql).all();
}

function writeLog(log: SqliteDatabase, events: readonly EventRow[]): void {
  log.exec(freeTables);
  const ids = new Map<string, number>();
  const insertStream = log.prepare('INSERT INTO streams VALUES (?, ?)');
  const insert = log.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
  for (const { position, stream, revision, id, type, recordedAtMs, data, metadata } of events) {
    const known = ids.get(stream) ?? ids.size + 1;
    if (!ids.has(stream)) insertStream.run(known, stream);
    ids.set(stream, known);
    insert.run(position, known, revision, id, type, recordedAtMs, data, metadata);
  }
}

function writeEvidence(evidence: SqliteDatabase, { leaves, nodes, checkpoints, position }: Rows): void {
  const tables = ['leaves', 'streams', 'nodes', 'checkpoints', 'marks'];
  evidence.exec(tables.map((table) => `DELETE FROM ${table};`).join(' '));
  const numbers = new Map<string, number>();
  const insertStream = evidence.prepare('INSERT INTO streams VALUES (?, ?)');
  const insertLeaf =
    evidence.prepare(`INSERT INTO leaves (leaf_index, hash, entry, event_id, stream, revision, position)
    VALUES (?, ?, ?, ?, ?, ?, ?)`);
  for (const { index, hash, entry, eventId, stream, revision, position: at } of leaves) {
    const number = numbers.get(stream) ?? numbers.size + 1;
    if (!numbers.has(stream)) insertStream.run(number, stream);
    numbers.set(stream, number);
    insertLeaf.run(index, hash, entry, storedId(eventId), number, revision, at);
  }
  const insertNode = evidence.prepare('INSERT INTO nodes VALUES (?, ?, ?)');
  for (const { level, index, hash } of nodes) insertNode.run(level, index, hash);
  const insertCheckpoint = evidence.prepare('INSERT INTO checkpoints VALUES (?, ?, ?)');
  for (const { size, note, signedAtMs } of checkpoints) insertCheckpoint.run(size, note, signedAtMs);
  if (position !== undefined) evidence.prepare(`INSERT INTO marks VALUES ('position', ?)`).run(position);
}

function eventRow(row: Row): EventRow {
  const [position, stream, revision, id, type, recordedAtMs, data, metadata] = row as [
    number,
    string,
    number,
    string,
    string,
    number,
    string | null,
    string | null,
  ];
  return { position, stream, revision, id, type, recordedAtMs, data, metadata };
}

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A UUID is stored as its bytes. */
function storedId(eventId: string): string | Uint8Array {
  return uuid.test(eventId) ? Buffer.from(eventId.replaceAll('-', ''), 'hex') : eventId;
}

function idStored(id: string | Uint8Array): string {
  if (typeof id === 'string') return id;
  return Buffer.from(id)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function leafRow(row: Row): LeafRow {
  const [index, hash, entry, id, stream, revision, position] = row as [
    number,
    Uint8Array,
    Uint8Array,
    string | Uint8Array,
    string,
    number,
    string,
  ];
  const eventId = idStored(id);
  return { index, hash: new Uint8Array(hash), entry: new Uint8Array(entry), eventId, stream, revision, position };
}

function nodeRow(row: Row): NodeRow {
  const [level, index, hash] = row as [number, number, Uint8Array];
  return { level, index, hash: new Uint8Array(hash) };
}

function checkpointRow(row: Row): CheckpointRow {
  const [size, note, signedAtMs] = row as [number, string, number];
  return { size, note, signedAtMs };
}
