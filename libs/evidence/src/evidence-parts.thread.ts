// Opens what the evidence's thread works with, as its start says: the log, the store, the key, the anchors.
import { randomUUID } from 'node:crypto';
import { sha256 } from '@app/kernel';
import type { EventStore } from '@app/event-store';
import { EsdbEventStore, PostgresDatabase, SqliteEventStore } from '@app/event-store/nest';
import type { Anchor } from './anchor.js';
import { AnchorError } from './anchor.js';
import { EvidenceFailure } from './evidence-failure.js';
import type { Identity, LogKey } from './evidence-identity.js';
import { keysWith, mayCreateKey, originOf } from './evidence-identity.js';
import { EvidenceError } from './evidence-error.js';
import type { EvidencePlace, EvidenceThreadStart, FollowedLog, SigningKey } from './evidence-messages.js';
import type { EvidenceStore } from './evidence-store.js';
import { FileAnchor } from './file.anchor.js';
import { createKeyFile, keyInFile, keyInText } from './file.evidence-key.js';
import { HttpAnchor } from './http.anchor.js';
import { keptJson } from './kept-json.js';
import { verifyEd25519 } from './node.signature.js';
import { parseNote } from './note.js';
import { parseVerifierKey } from './note-key.js';
import type { NoteSigner } from './note-signature.js';
import { openNote } from './note-signature.js';
import { PostgresEvidenceStore } from './postgres.evidence-store.js';
import type { HeldHead } from './sequencer.worker.js';
import { SqliteEvidenceStore } from './sqlite.evidence-store.js';

/** The sequencer, the scrub and whoever waits for a lock have one each. */
const POOL_MAX = 3;

/** What goes wrong with the connections is told by the status. */
const silent = { error: () => undefined };

export async function openFollowedLog(log: FollowedLog): Promise<EventStore> {
  switch (log.kind) {
    case 'sqlite':
      return SqliteEventStore.openReader({ directory: log.directory });
    case 'esdb':
      return EsdbEventStore.open({ connectionString: log.connectionString });
  }
}

export async function openEvidencePlace(place: EvidencePlace): Promise<EvidenceStore> {
  if (place.kind === 'sqlite') return SqliteEvidenceStore.open(place.directory);
  const { url, schema } = place;
  const options = { url, applicationName: 'runledger evidence', poolMax: POOL_MAX, log: silent };
  const database = await PostgresDatabase.open(schema === undefined ? options : { ...options, schema });
  try {
    return await PostgresEvidenceStore.open(database, { owned: true });
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** Throws IdentityError, EvidenceError when the server must not go on with this key or name. */
export async function settleIdentity(store: EvidenceStore, start: EvidenceThreadStart): Promise<Identity> {
  const { key, origin: configuredOrigin } = start;
  const present = key.text === undefined ? keyInFile(key.file) : keyInText(key.text, 'EVIDENCE_KEY');
  const kept = await store.mark('origin');
  const facts = { configuredOrigin, keyName: present?.key.name, newId: randomUUID() };
  const wanted = originOf({ ...facts, keptOrigin: kept });
  // Of servers that begin together one names the log.
  const origin = originOf({ ...facts, keptOrigin: await store.keepMark('origin', wanted) });
  const known = keysOf(await store.mark('keys'));
  const signer = present ?? createdKey(key, known, origin);
  const { size } = await store.sequencedTo();
  const wantedKeys = keysWith(known, signer, size, key.replaces);
  if (wantedKeys === known) return { origin, keys: known, signer };
  if (known.length > 0) await store.setMark('keys', JSON.stringify(wantedKeys));
  const keys = keysOf(await store.keepMark('keys', JSON.stringify(wantedKeys)));
  return { origin, keys: keysWith(keys, signer, size, undefined), signer };
}

function createdKey({ file }: SigningKey, known: readonly LogKey[], origin: string): NoteSigner {
  mayCreateKey(known, file);
  return createKeyFile(file, origin);
}

function keysOf(text: string | undefined): readonly LogKey[] {
  return text === undefined ? [] : keptJson<readonly LogKey[]>('keys', text);
}

export function anchorsOf({ anchorFile, witnesses }: EvidenceThreadStart): Anchor[] {
  const files = anchorFile === undefined ? [] : [new FileAnchor(anchorFile)];
  return [...files, ...witnesses.map((witness) => new HttpAnchor(witness))];
}

/** What anchors can tell without being given anything; one that cannot be asked holds nothing up. */
export async function headsHeldBy(
  anchors: readonly Anchor[],
  origin: string,
  tell: (line: string) => void,
): Promise<HeldHead[]> {
  const held: HeldHead[] = [];
  for (const anchor of anchors) {
    try {
      const head = await anchor.last(origin);
      if (head) held.push({ holder: `the anchor "${anchor.name}"`, head });
    } catch (error) {
      if (!(error instanceof AnchorError)) throw error;
      tell(`an anchor cannot tell what it holds: ${error.message}`);
    }
  }
  return held;
}

/** Throws EvidenceFailure for a note that none of the log's keys has signed. */
export function signatureCheck(keys: readonly LogKey[]): (note: string) => Promise<void> {
  const parsed = keys.map(({ vkey }) => parseVerifierKey(vkey, sha256));
  return async (note) => {
    try {
      await openNote(parseNote(note), parsed, verifyEd25519);
    } catch (error) {
      if (!(error instanceof EvidenceError)) throw error;
      throw new EvidenceFailure(`a checkpoint that is kept was not signed by this log: ${error.message}`);
    }
  };
}
