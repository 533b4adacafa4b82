// Whether an event in the log is what its stored leaf says of it: told from the stored bytes, member by member.
import type { RecordedEvent } from '@app/kernel';
import { base64UrlOf, sameBytes } from './byte-text.js';
import { EvidenceError } from './evidence-error.js';
import type { StoredLeaf } from './evidence-store.js';
import type { LeafEntry } from './leaf.js';
import { contentHashesOf, encodeLeafEntry, leafEntryWith, NO_PREVIOUS_LEAF, parseLeafEntry } from './leaf.js';
import type { TreeHasher } from './tree-hasher.js';

export interface LeafPlacing {
  /** Origin of the log. */
  readonly log: string;
  readonly hasher: TreeHasher;
}

/** @returns why the stored leaf contradicts itself or the leaf before it in its stream; undefined when it does not. */
export function leafDefect(
  leaf: StoredLeaf,
  previous: Uint8Array | undefined,
  { log, hasher }: LeafPlacing,
): string | undefined {
  const entry = entryOf(leaf);
  if (typeof entry === 'string') return entry;
  if (!sameBytes(hasher.leaf(leaf.entry), leaf.hash)) return 'its stored hash is not the hash of its entry';
  if (entry.log !== log) return `its entry is of the log "${entry.log}"`;
  if (entry.idx !== String(leaf.index)) return `its entry says leaf ${entry.idx}`;
  if (entry.id !== leaf.eventId) return 'its entry is about another event than it is kept for';
  if (entry.stream !== leaf.stream || entry.rev !== String(leaf.revision)) {
    return 'its entry stands elsewhere in its stream than it is kept for';
  }
  if ((previous ? base64UrlOf(previous) : NO_PREVIOUS_LEAF) === entry.prev) return undefined;
  return 'its entry does not name the leaf before it in its stream';
}

/** @returns why the event is not what the leaf, which has no defect itself, was made of; undefined when it is. */
export function eventDefect(
  event: RecordedEvent | undefined,
  leaf: StoredLeaf,
  { log, hasher }: LeafPlacing,
): string | undefined {
  if (!event) return 'the event is not in the log any more';
  const stored = entryOf(leaf);
  if (typeof stored === 'string') return stored;
  const now = entryNow(event, stored, leaf, { log, hasher });
  if (now === undefined) return 'the event in the log is not what was recorded: it is not strict JSON';
  if (sameBytes(encodeLeafEntry(now), leaf.entry)) return undefined;
  const changed = (Object.keys(memberNames) as (keyof LeafEntry)[]).filter((name) => now[name] !== stored[name]);
  return `the event in the log is not what was recorded: ${changed.map((name) => memberNames[name]).join(', ')} changed`;
}

/** What the entry of the event would be if it were recorded as it stands now. */
function entryNow(
  event: RecordedEvent,
  stored: LeafEntry,
  { index }: StoredLeaf,
  { log, hasher }: LeafPlacing,
): LeafEntry | undefined {
  try {
    const place = { index, log, previousLeafHash: undefined };
    const hashes = contentHashesOf(event, hasher.textSha256);
    return { ...leafEntryWith(event, hashes, place, hasher.sha256), prev: stored.prev };
  } catch (error) {
    if (error instanceof TypeError || error instanceof EvidenceError) return undefined;
    throw error;
  }
}

function entryOf(leaf: StoredLeaf): LeafEntry | string {
  try {
    return parseLeafEntry(leaf.entry);
  } catch (error) {
    if (error instanceof EvidenceError) return `its entry cannot be read: ${error.message}`;
    throw error;
  }
}

const memberNames: Readonly<Record<keyof LeafEntry, string>> = {
  actor: 'actor',
  cause: 'causationId',
  corr: 'correlationId',
  data: 'data',
  id: 'id',
  idx: 'index',
  log: 'log',
  meta: 'metadata',
  occ: 'occurredAt',
  pos: 'position',
  prev: 'previous leaf',
  rec: 'recordedAt',
  rev: 'revision',
  schema: 'schemaVersion',
  stream: 'stream',
  type: 'type',
  v: 'version',
};
