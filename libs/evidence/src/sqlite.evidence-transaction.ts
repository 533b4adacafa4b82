// Transactions on `evidence.db`: what can be derived again may be lost with the machine's power, what must stay is written through.
import type { SqliteDatabase } from '@app/event-store/nest';

/** Runs the work in one transaction that is on disk when this returns. */
export function durably(database: SqliteDatabase, work: () => void): void {
  database.exec('PRAGMA synchronous = FULL');
  try {
    inTransaction(database, work);
  } finally {
    database.exec('PRAGMA synchronous = NORMAL');
  }
}

export function inTransaction(database: SqliteDatabase, work: () => void): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    work();
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
