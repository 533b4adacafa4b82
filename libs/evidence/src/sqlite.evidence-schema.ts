// The tables of `evidence.db`, and how those of an earlier release become these.
import type { SqliteDatabase } from '@app/event-store/nest';
import { pragma } from '@app/event-store/nest';
import { durably } from './sqlite.evidence-transaction.js';

/** "REvi" in ASCII: tells our file from any other SQLite file. */
export const APPLICATION_ID = 0x5245_7669;
export const SCHEMA_VERSION = 2;
const FIRST_VERSION = 1;

/** What every leaf is looked up by is kept short: a number for its stream, bytes for its event's id (`event-key.ts`). */
const leaves = `
  CREATE TABLE streams (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
  ) STRICT;
  CREATE TABLE leaves (
    leaf_index INTEGER PRIMARY KEY,
    stream INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    event_id ANY NOT NULL UNIQUE,
    position TEXT NOT NULL,
    hash BLOB NOT NULL,
    entry BLOB NOT NULL,
    UNIQUE (stream, revision)
  ) STRICT;
`;

const schema = `
  ${leaves}
  CREATE TABLE nodes (
    level INTEGER NOT NULL,
    node_index INTEGER NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (level, node_index)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE checkpoints (
    size INTEGER PRIMARY KEY,
    note TEXT NOT NULL,
    signed_at INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE cosignatures (
    size INTEGER NOT NULL,
    key TEXT NOT NULL,
    line TEXT NOT NULL,
    signed_at INTEGER NOT NULL,
    PRIMARY KEY (size, key)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE marks (
    name TEXT PRIMARY KEY NOT NULL,
    text TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

const digits = (count: number): string => '[0-9a-f]'.repeat(count);
const uuid = [8, 4, 4, 4, 12].map(digits).join('-');

/** Leaves had the names of their streams and the texts of their ids. */
const fromFirst = `
  ALTER TABLE leaves RENAME TO leaves_before;
  ${leaves}
  INSERT INTO streams (name) SELECT stream FROM leaves_before GROUP BY stream ORDER BY min(leaf_index);
  INSERT INTO leaves SELECT leaf_index, number, revision,
      CASE WHEN event_id GLOB '${uuid}' THEN unhex(replace(event_id, '-', '')) ELSE event_id END, position, hash, entry
    FROM leaves_before JOIN streams ON name = stream ORDER BY leaf_index;
  DROP TABLE leaves_before;
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

export function createTables(database: SqliteDatabase): void {
  database.exec(`BEGIN IMMEDIATE; ${schema} COMMIT`);
}

export function isKnownVersion(version: number): boolean {
  return version === SCHEMA_VERSION || version === FIRST_VERSION;
}

/** All of it or nothing. It takes about as long as copying the file, and as much room besides until it is done. */
export function migrateTables(database: SqliteDatabase): void {
  if (pragma(database, 'user_version') !== FIRST_VERSION) return;
  durably(database, () => {
    // Somebody else may have been faster.
    if (pragma(database, 'user_version') === FIRST_VERSION) database.exec(fromFirst);
  });
}
