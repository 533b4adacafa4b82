// The one writer of the log: many appends, one transaction, one fsync; each append is judged on its own.
import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { WireAppend } from './append-wire.js';
import type { AppendOutcome } from './log-messages.js';
import { firstRevisionOf, verdictOn } from './expected-revision.js';
import { RecentMap } from './recent-map.js';
import { pragma, prepareRows } from './sqlite.database.js';
import type { SqliteDatabase, SqliteStatement } from './sqlite.database.js';
import { logError, openLogForWriting } from './sqlite.log-file.js';
import { StoreError } from './store-error.js';

interface StreamEnd {
  readonly id: number;
  readonly revision: number;
}

const STREAM_ENDS_KEPT = 50_000;
/** With less room than one large append takes, a disk that was full still is. */
const PROBE_BYTES = 1024 * 1024;

export class SqliteLogWriter {
  private readonly database: SqliteDatabase;
  private readonly insertEvent: SqliteStatement;
  private readonly insertStream: SqliteStatement;
  private readonly selectEnd: SqliteStatement;
  private readonly selectIds: SqliteStatement;
  private readonly selectHead: SqliteStatement;
  private readonly selectChange: SqliteStatement;
  private ends = new RecentMap<string, StreamEnd>(STREAM_ENDS_KEPT);
  private headNumber = 0;
  private lastRecordedAtMs = 0;
  private change: unknown;

  /** Throws StoreError: Corrupt, AccessDenied, StoreUnavailable. */
  constructor(private readonly path: string) {
    this.database = openLogForWriting(path);
    const rows = (sql: string): SqliteStatement => prepareRows(this.database, sql);
    this.insertEvent = rows('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
    this.insertStream = rows('INSERT INTO streams (name) VALUES (?)');
    this.selectEnd = rows(
      `SELECT s.id, coalesce((SELECT max(revision) FROM events WHERE stream = s.id), -1) FROM streams s WHERE s.name = ?`,
    );
    this.selectIds = rows(
      'SELECT id, position FROM events WHERE stream = ? AND revision >= ? ORDER BY revision LIMIT ?',
    );
    this.selectHead = rows('SELECT position, recorded_at FROM events ORDER BY position DESC LIMIT 1');
    this.selectChange = rows('PRAGMA data_version');
    this.lookAnew();
    this.change = this.changeNumber();
  }

  /** Number of the last event on disk, 0 in an empty log. */
  get head(): number {
    return this.headNumber;
  }

  /**
   * One transaction for all. When it fails nothing is written, and the error is thrown: StoreUnavailable (no room, a
   * failing disk), AppendOutcomeUnknown (the disk did not confirm), Corrupt.
   */
  append(appends: readonly WireAppend[], nowMs: number): AppendOutcome[] {
    let committing = false;
    try {
      this.database.exec('BEGIN IMMEDIATE');
      const change = this.changeNumber();
      if (change !== this.change) {
        this.change = change;
        this.lookAnew();
      }
      this.lastRecordedAtMs = Math.max(this.lastRecordedAtMs, nowMs);
      const outcomes = appends.map((append) => this.judge(append));
      committing = true;
      this.database.exec('COMMIT');
      return outcomes;
    } catch (error) {
      this.rollBack();
      throw logError(error, this.path, committing);
    }
  }

  /** Undefined when there is room and a transaction can be committed; changes nothing in the log. */
  probe(): StoreError | undefined {
    const { bavail, bsize } = statfsSync(dirname(this.path));
    if (bavail * bsize < PROBE_BYTES)
      return new StoreError('StoreUnavailable', `no room left for the log ${this.path}`);
    try {
      this.database.exec(
        `BEGIN IMMEDIATE; INSERT INTO streams (name) VALUES (hex(zeroblob(${PROBE_BYTES / 2}))); ROLLBACK`,
      );
      this.database.exec(`PRAGMA user_version = ${String(pragma(this.database, 'user_version'))}`);
      return undefined;
    } catch (error) {
      this.rollBack();
      return logError(error, this.path);
    }
  }

  /** Lets the file grow to so many pages of 4 KiB at most. */
  limitPages(pages: number): void {
    this.database.exec(`PRAGMA max_page_count = ${pages}`);
  }

  /** Moves everything into the one file. Idempotent. */
  close(): void {
    if (!this.database.isOpen) return;
    try {
      this.database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } finally {
      this.database.close();
    }
  }

  private judge({ stream, expected, events }: WireAppend): AppendOutcome {
    const end = this.endOf(stream);
    const ids = events.map((event) => event.id);
    let recorded: readonly (readonly [string, number])[] = [];
    const verdict = verdictOn(expected, end?.revision ?? -1, ids, (first, count) => {
      recorded = end ? this.selectIds.all(end.id, first, count) : [];
      return recorded.map(([id]) => id);
    });
    if (verdict === 'refused') return { kind: 'refused', actual: end?.revision ?? -1 };
    if (verdict === 'repeated') {
      const lastRevision = firstRevisionOf(expected) + ids.length - 1;
      return { kind: 'repeated', lastRevision, position: recorded.at(-1)?.[1] ?? 0 };
    }
    return this.write(stream, end, events);
  }

  private write(stream: string, end: StreamEnd | undefined, events: WireAppend['events']): AppendOutcome {
    const id = end?.id ?? Number(this.insertStream.run(stream).lastInsertRowid);
    let revision = end?.revision ?? -1;
    for (const event of events) {
      revision += 1;
      this.headNumber += 1;
      this.insertEvent.run(
        this.headNumber,
        id,
        revision,
        event.id,
        event.type,
        this.lastRecordedAtMs,
        event.data,
        event.metadata,
      );
    }
    this.ends.set(stream, { id, revision });
    return { kind: 'written', lastRevision: revision, position: this.headNumber };
  }

  private endOf(stream: string): StreamEnd | undefined {
    const known = this.ends.get(stream);
    if (known) return known;
    const row = this.selectEnd.get(stream) as unknown as readonly [number, number] | undefined;
    if (!row) return undefined;
    const end = { id: row[0], revision: row[1] };
    this.ends.set(stream, end);
    return end;
  }

  private rollBack(): void {
    try {
      if (this.database.isTransaction) this.database.exec('ROLLBACK');
      this.lookAnew();
    } catch {
      // The next transaction meets the same fault and reports it; what is remembered must not outlive it.
      this.change = undefined;
    }
  }

  /** Forgets what it believes and reads the end of the log again. */
  private lookAnew(): void {
    this.ends = new RecentMap(STREAM_ENDS_KEPT);
    const row = this.selectHead.get() as unknown as readonly [number, number] | undefined;
    this.headNumber = row?.[0] ?? 0;
    this.lastRecordedAtMs = row?.[1] ?? 0;
  }

  /** Changes whenever another connection has committed: the log has one writer, but a mistake must not corrupt it. */
  private changeNumber(): unknown {
    return (this.selectChange.get() as readonly unknown[] | undefined)?.[0];
  }
}
