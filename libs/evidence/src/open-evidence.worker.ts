// Opens evidence where it is kept. The stores are loaded only when they are asked for: a verifier comes through the same door
// and needs no driver.
import type { PostgresDatabase } from '@app/event-store/nest';
import type { EvidenceStore } from './evidence-store.js';

/** The file in a data directory, which must exist. Throws StoreError: Corrupt, AccessDenied, StoreUnavailable. */
export async function openEvidenceIn(directory: string): Promise<EvidenceStore> {
  const { SqliteEvidenceStore } = await import('./sqlite.evidence-store.js');
  return SqliteEvidenceStore.open(directory);
}

/** The tables of a database, which stays the caller's to close. Throws StoreError. */
export async function openSharedEvidence(database: PostgresDatabase): Promise<EvidenceStore> {
  const { PostgresEvidenceStore } = await import('./postgres.evidence-store.js');
  return PostgresEvidenceStore.open(database);
}
