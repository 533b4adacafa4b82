// Evidence as a server has it: made in a thread of its own, served from the server's own connection to the same store.
import { sha256, sha256Base64Url } from '@app/kernel';
import type { EventStore } from '@app/event-store';
import type { PostgresDatabase } from '@app/event-store/nest';
import { EvidenceError } from './evidence-error.js';
import { EvidenceExport } from './evidence-export.js';
import type { EvidenceListener } from './evidence-link.worker.js';
import { EvidenceLink } from './evidence-link.worker.js';
import type { EvidenceThreadStart } from './evidence-messages.js';
import { EvidenceReader } from './evidence-reader.js';
import { verifyEd25519 } from './node.signature.js';
import { parseNote } from './note.js';
import { parseVerifierKey } from './note-key.js';
import type { VerifierKey } from './note-key.js';
import { openNote } from './note-signature.js';
import { PostgresEvidenceStore } from './postgres.evidence-store.js';
import { SqliteEvidenceStore } from './sqlite.evidence-store.js';
import { treeHasher } from './tree-hasher.js';

export interface OpenedEvidence {
  readonly keeper: EvidenceLink;
  readonly reader: EvidenceReader;
  readonly exports: EvidenceExport;
  /** What was recorded until then is signed first. */
  readonly close: () => Promise<void>;
}

/**
 * @param database of the place, where that is PostgreSQL; it stays the caller's to close
 * Throws EvidenceRefused, StoreError.
 */
export async function openEvidence(
  start: EvidenceThreadStart,
  events: EventStore,
  database: PostgresDatabase | undefined,
  listener: EvidenceListener,
): Promise<OpenedEvidence> {
  const keeper = await EvidenceLink.open(start, listener);
  try {
    const store = database
      ? await PostgresEvidenceStore.open(database)
      : SqliteEvidenceStore.openReader(start.place.kind === 'sqlite' ? start.place.directory : '');
    const logKeys = (): VerifierKey[] => keeper.status().keys.map(({ vkey }) => parseVerifierKey(vkey, sha256));
    const witnessKeys = start.witnesses.map(({ vkey }) => parseVerifierKey(vkey, sha256));
    const isSigned = (note: string): Promise<boolean> => isSignedBy(note, logKeys());
    const reader = new EvidenceReader({ store, events, keeper, hasher: treeHasher(sha256, sha256Base64Url), isSigned });
    const exports = new EvidenceExport(reader, { keys: () => [...logKeys(), ...witnessKeys] });
    const close = async (): Promise<void> => {
      await keeper.close();
      await store.close();
    };
    return { keeper, reader, exports, close };
  } catch (error) {
    await keeper.close();
    throw error;
  }
}

async function isSignedBy(note: string, keys: readonly VerifierKey[]): Promise<boolean> {
  try {
    await openNote(parseNote(note), keys, verifyEd25519);
    return true;
  } catch (error) {
    if (error instanceof EvidenceError) return false;
    throw error;
  }
}
