// The file `evidence.db`: how it is opened and examined, and what its faults mean.
import { join } from 'node:path';
import { isStoreError, StoreError } from '@app/event-store';
import type { SqliteDatabase } from '@app/event-store/nest';
import {
  openDatabase,
  pragma,
  SQLITE_CANTOPEN,
  SQLITE_CORRUPT,
  SQLITE_FULL,
  SQLITE_NOTADB,
  SQLITE_READONLY,
  sqliteCode,
} from '@app/event-store/nest';
import {
  APPLICATION_ID,
  createTables,
  isKnownVersion,
  migrateTables,
  SCHEMA_VERSION,
} from './sqlite.evidence-schema.js';

export const EVIDENCE_FILE = 'evidence.db';
/** Up to this size what is looked up by an index is checked at the start (about 0.2 s); the scrub looks at the rest at any size. */
const FULL_CHECK_BYTES_MAX = 64 * 1024 * 1024;
/** Rows come a thousand at a time: larger pages are fewer to write. */
const PAGE_BYTES = 16 * 1024;
const CHECKPOINT_BYTES = 16 * 1024 * 1024;

export function evidencePath(directory: string): string {
  return join(directory, EVIDENCE_FILE);
}

/** Makes the file when it is missing, and its tables anew when they are of an earlier release. Throws StoreError: Corrupt (nothing was changed), AccessDenied, StoreUnavailable. */
export function openEvidenceFile(path: string, readOnly: boolean): SqliteDatabase {
  return naming(path, () => {
    const database = openDatabase(path, { readOnly, pageBytes: PAGE_BYTES, checkpointBytes: CHECKPOINT_BYTES });
    try {
      if (!readOnly) prepare(database);
      checkMarks(database, path, readOnly);
      if (!readOnly) checkContent(database, path);
      if (!readOnly) migrateTables(database);
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

function prepare(database: SqliteDatabase): void {
  // What a power failure takes can be derived from the log again; what must stay is written with `durably`.
  database.exec('PRAGMA synchronous = NORMAL; PRAGMA cache_size = -8000');
  const isFresh = pragma(database, 'user_version') === 0 && pragma(database, 'application_id') === 0;
  if (isFresh && pragma(database, 'schema_version') === 0) createTables(database);
}

function checkMarks(database: SqliteDatabase, path: string, readOnly: boolean): void {
  if (pragma(database, 'application_id') !== APPLICATION_ID) {
    throw new StoreError('Corrupt', `${path} is a database, but not the evidence of this server; nothing was changed`);
  }
  const version = Number(pragma(database, 'user_version'));
  if (version === SCHEMA_VERSION || (!readOnly && isKnownVersion(version))) return;
  throw new StoreError(
    'Corrupt',
    `${path} has format ${version}, this release knows ${SCHEMA_VERSION}; nothing was changed`,
  );
}

function checkContent(database: SqliteDatabase, path: string): void {
  const bytes = Number(pragma(database, 'page_count')) * Number(pragma(database, 'page_size'));
  const finding = bytes <= FULL_CHECK_BYTES_MAX ? String(pragma(database, 'integrity_check(1)')) : 'ok';
  if (finding === 'ok') return;
  throw new StoreError('Corrupt', `the evidence ${path} is damaged (${finding.split('\n')[0]}); ${advice}`);
}

export function naming<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw evidenceFileError(error, path);
  }
}

const advice = 'it can be moved away: all but the signatures is derived from the log again';

function evidenceFileError(error: unknown, path: string): unknown {
  const code = sqliteCode(error);
  if (code === undefined || isStoreError(error)) return error;
  const text = (error as Error).message;
  switch (code) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return new StoreError('Corrupt', `the evidence ${path} is damaged (${text}); ${advice}`, { cause: error });
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
      return new StoreError('AccessDenied', `the evidence ${path} cannot be opened: ${text}`, { cause: error });
    case SQLITE_FULL:
      return new StoreError('StoreUnavailable', `no room left on the disk for the evidence ${path}`, { cause: error });
    default:
      return new StoreError('StoreUnavailable', `the evidence ${path}: ${text}`, { cause: error });
  }
}
