// The synchronous reads behind every walk of the log. A page takes several statements; events never change, so that what is
// appended between two of them is only seen or not yet seen.
import type { RecordedEvent } from '@app/kernel';
import { timestamp } from '@app/kernel';
import { asFirstRecorded } from './carried-event.js';
import { turn } from './event-loop.thread.js';
import type { EventFilter } from './event-store.js';
import type { LogPage, LogPages, StreamPage } from './log-pages.js';
import { numberedPosition, positionNumber } from './position.js';
import { prepareRows } from './sqlite.database.js';
import type { SqliteDatabase, SqliteStatement } from './sqlite.database.js';
import { LOG_TAG, logError } from './sqlite.log-file.js';
import { isStoreError, StoreError } from './store-error.js';
import { WakeUp } from './wake-up.js';

const PAGE_EVENTS = 1_000;
/** A page ends early when its text grows past this, so that large events cannot fill the memory. */
const PAGE_CHARACTERS = 4_000_000;
/** Rows fetched by one call: one call a row would cost a fifth more, and more rows of large events too much memory. */
const ROWS_AT_ONCE = 64;
/** So many events a filter looks at before it says how far it came. */
const SCAN_EVENTS = 10_000;

type Row = readonly [number, string, number, string, string, number, string, string];

const columns = 'e.position, s.name, e.revision, e.id, e.type, e.recorded_at, e.data, e.metadata';
const select = `SELECT ${columns} FROM events e CROSS JOIN streams s ON s.id = e.stream WHERE`;

interface Found {
  readonly events: readonly RecordedEvent[];
  /** Whether these are all, not only as many as fit a page. */
  readonly all: boolean;
}

export class SqliteLogPages implements LogPages {
  readonly tag = LOG_TAG;
  readonly news = new WakeUp();
  private readonly statements = new Map<string, SqliteStatement>();
  private metadataText = '';
  private metadata: RecordedEvent['metadata'] | undefined;

  constructor(
    private readonly database: SqliteDatabase,
    private readonly path: string,
  ) {}

  headNumber(): number {
    return this.reading(() => {
      const row = this.statement('SELECT max(position) FROM events').get() as unknown as readonly [number | null];
      return row[0] ?? 0;
    });
  }

  forward(after: number, filter: EventFilter | undefined): LogPage {
    const end = filter ? Math.max(after, Math.min(after + SCAN_EVENTS, this.headNumber())) : Number.MAX_SAFE_INTEGER;
    const sql = `${select} e.position > ? AND e.position <= ? ${conditions(filter)} ORDER BY e.position LIMIT ?`;
    const wanted = values(filter);
    const { events, all } = this.find(sql, (last) => [last?.[0] ?? after, end, ...wanted], PAGE_EVENTS);
    return { events, scannedTo: all && filter ? end : this.lastNumber(events, after) };
  }

  backward(before: number, filter: EventFilter | undefined): LogPage {
    const end = Math.max(1, Math.min(before, this.headNumber() + 1) - SCAN_EVENTS);
    const sql = `${select} e.position < ? AND e.position >= ? ${conditions(filter)} ORDER BY e.position DESC LIMIT ?`;
    const wanted = values(filter);
    const { events, all } = this.find(sql, (last) => [last?.[0] ?? before, end, ...wanted], PAGE_EVENTS);
    return { events, scannedTo: all ? end : this.lastNumber(events, before) };
  }

  streamPage(stream: string, from: number, backward: boolean, count: number): StreamPage | undefined {
    return this.reading(() => {
      const row = this.statement('SELECT id FROM streams WHERE name = ?').get(stream) as readonly unknown[] | undefined;
      if (!row) return undefined;
      const range = backward ? 'e.revision <= ? ORDER BY e.revision DESC' : 'e.revision >= ? ORDER BY e.revision';
      const step = backward ? -1 : 1;
      const next = (last?: Row): readonly unknown[] => [row[0], last ? last[2] + step : from];
      const { events, all } = this.find(`${select} e.stream = ? AND ${range} LIMIT ?`, next, count);
      return { events, ended: all };
    });
  }

  async turn(): Promise<void> {
    await turn();
  }

  /** Idempotent. */
  close(): void {
    if (!this.database.isOpen) return;
    this.statements.clear();
    this.database.close();
    this.news.ring();
  }

  /** @param parametersAfter what the statement is asked with: at first, and after the last row that it gave */
  private find(sql: string, parametersAfter: (last?: Row) => readonly unknown[], count: number): Found {
    return this.reading(() => {
      const statement = this.statement(sql);
      const events: RecordedEvent[] = [];
      let characters = 0;
      let last: Row | undefined;
      while (events.length < count && characters <= PAGE_CHARACTERS) {
        const limit = Math.min(ROWS_AT_ONCE, count - events.length);
        const rows = statement.all(...parametersAfter(last), limit) as unknown as readonly Row[];
        for (const row of rows) {
          events.push(this.readable(row));
          characters += row[6].length + row[7].length;
        }
        if (rows.length < limit) return { events, all: true };
        last = rows.at(-1);
      }
      return { events, all: false };
    });
  }

  /** Rows that the store did not write may hold anything, NULL too: damage, and not a fault that passes. */
  private readable(row: Row): RecordedEvent {
    try {
      const event = this.recorded(row);
      if (isObject(event.data) && isObject(event.metadata)) return event;
    } catch (error) {
      if (isStoreError(error)) throw error;
      throw new StoreError('Corrupt', `the log ${this.path} holds an event that is no JSON`, { cause: error });
    }
    throw new StoreError('Corrupt', `the log ${this.path} holds an event that is no JSON object`);
  }

  private recorded(row: Row): RecordedEvent {
    if (row[7] !== this.metadataText || !this.metadata) {
      this.metadata = JSON.parse(row[7]) as RecordedEvent['metadata'];
      this.metadataText = row[7];
    }
    return asFirstRecorded({
      id: row[3],
      type: row[4],
      stream: row[1],
      revision: row[2],
      position: numberedPosition(LOG_TAG, row[0]),
      recordedAt: timestamp(row[5]),
      data: JSON.parse(row[6]) as unknown,
      metadata: this.metadata,
    });
  }

  private lastNumber(events: readonly RecordedEvent[], otherwise: number): number {
    const last = events.at(-1);
    return last ? positionNumber(LOG_TAG, last.position) : otherwise;
  }

  private statement(sql: string): SqliteStatement {
    const known = this.statements.get(sql) ?? prepareRows(this.database, sql);
    this.statements.set(sql, known);
    return known;
  }

  private reading<T>(work: () => T): T {
    if (!this.database.isOpen) throw new StoreError('Closed', 'the event store is closed');
    try {
      return work();
    } catch (error) {
      throw logError(error, this.path);
    }
  }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Compares prefixes as text: in LIKE and GLOB some characters of a name would be wildcards. */
function conditions(filter: EventFilter | undefined): string {
  const any = (column: string, prefixes: readonly string[] | undefined): string =>
    prefixes ? `AND (FALSE${` OR substr(${column}, 1, ?) = ?`.repeat(prefixes.length)})` : '';
  return `${any('s.name', filter?.streamPrefixes)} ${any('e.type', filter?.typePrefixes)}`;
}

function values(filter: EventFilter | undefined): (string | number)[] {
  const prefixes = [...(filter?.streamPrefixes ?? []), ...(filter?.typePrefixes ?? [])];
  return prefixes.flatMap((prefix) => [prefix.length, prefix]);
}
