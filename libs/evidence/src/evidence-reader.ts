// What is served of the evidence: checkpoints, tiles, entries and proofs of what was signed, and what is said of one event.
import type { GlobalPosition, RecordedEvent, Refusal } from '@app/kernel';
import { isRefusal, refuse } from '@app/kernel';
import type { EventStore } from '@app/event-store';
import { isStoreError } from '@app/event-store';
import { base64Of, bytesOfBase64Url, textOfUtf8 } from './byte-text.js';
import { parseCheckpoint } from './checkpoint.js';
import { packEntries } from './entry-bundle.js';
import { EvidenceError } from './evidence-error.js';
import type { EvidenceKeeper } from './evidence-keeper.js';
import type { EventPlace, EvidenceStore, StoredCheckpoint, StoredLeaf } from './evidence-store.js';
import { NO_PREVIOUS_LEAF, parseLeafEntry } from './leaf.js';
import type { LeafPlacing } from './leaf-match.js';
import { eventDefect, leafDefect } from './leaf-match.js';
import { parseNote } from './note.js';
import { isIncluded } from './proof-check.js';
import { formatConsistency } from './proof-text.js';
import { StoredTree } from './stored-tree.js';
import type { TilePlace } from './tile.js';
import { TILE_WIDTH, tileHashCount } from './tile.js';
import type { EntriesPlace } from './tile-path.js';
import type { TreeHasher } from './tree-hasher.js';

/** What the evidence says of one event. */
export interface LeafFacts {
  readonly leafIndex: number;
  readonly hash: Uint8Array;
  /** Of the event before it in its stream. */
  readonly previousHash?: Uint8Array;
}

export interface EventProof {
  readonly eventId: string;
  readonly leafIndex: number;
  /** Base64, as all hashes here. */
  readonly leafHash: string;
  /** The leaf entry, which is canonical JSON. */
  readonly entry: string;
  readonly treeSize: number;
  readonly rootHash: string;
  readonly proof: readonly string[];
  /** Signed note. */
  readonly checkpoint: string;
}

export interface EventVerification {
  readonly isValid: boolean;
  /** The event, when it is not what was recorded. */
  readonly firstInvalidId?: string;
  readonly totalChecked: number;
  readonly message: string;
  readonly leafIndex: number;
  readonly treeSize: number;
  readonly proof: readonly string[];
  readonly checkpoint: string;
}

export interface ReaderParts {
  readonly store: EvidenceStore;
  readonly events: EventStore;
  readonly keeper: EvidenceKeeper;
  readonly hasher: TreeHasher;
  /** Whether one of the log's keys signed the note. */
  readonly isSigned: (note: string) => Promise<boolean>;
}

/** A signature comes a second after the event at the latest. */
const WAIT_MS = 3_000;
const PLACES_MAX = 1_000;

export const evidencePending = refuse(
  'unavailable',
  'EVIDENCE_PENDING',
  'no checkpoint that was signed yet covers this; ask again in a second',
);

export const evidenceFailed = refuse(
  'unavailable',
  'EVIDENCE_FAILED',
  'the evidence for the log does not verify; /readyz and /v1/evidence/status say why',
);

export function noEvidence(message: string): Refusal {
  return refuse('not_found', 'EVIDENCE_NOT_FOUND', message);
}

export class EvidenceReader {
  readonly tree: StoredTree;

  constructor(readonly parts: ReaderParts) {
    this.tree = new StoredTree(parts.store, parts.hasher);
  }

  /** The last checkpoint whose leaves are all there; undefined while nothing was signed, or leaves are derived again. */
  async latest(): Promise<StoredCheckpoint | undefined> {
    const checkpoint = await this.parts.store.checkpoint();
    if (!checkpoint) return undefined;
    const { size } = await this.parts.store.sequencedTo();
    return checkpoint.size <= size ? checkpoint : undefined;
  }

  /** As `latest`, waiting a moment for the first one. */
  async checkpoint(): Promise<StoredCheckpoint | Refusal> {
    let found: StoredCheckpoint | undefined;
    await this.parts.keeper.waitUntil(
      async () => (found = await this.latest()) !== undefined || this.hasFailed,
      WAIT_MS,
    );
    return found ?? this.pending();
  }

  /** With every cosignature that it has. */
  async noteOf({ size, note }: StoredCheckpoint): Promise<string> {
    const cosignatures = await this.parts.store.cosignatures(size);
    return note + cosignatures.map(({ line }) => line).join('');
  }

  /** C2SP tlog-witness, body of add-checkpoint: that the tree signed last, or at size `to`, continues the one of `from`. */
  async consistency(from: number, to: number | undefined): Promise<string | Refusal> {
    const latest = await this.checkpoint();
    if (isRefusal(latest)) return latest;
    const checkpoint = to === undefined ? latest : await this.parts.store.checkpoint(to);
    if (!checkpoint || checkpoint.size > latest.size) {
      return noEvidence(`no checkpoint of size ${to} was signed; the last one has size ${latest.size}`);
    }
    if (from > checkpoint.size) return fromBehind(from, checkpoint.size);
    const proof = await this.tree.consistency(from, checkpoint.size);
    return formatConsistency({ size1: from, proof, checkpoint: await this.noteOf(checkpoint) });
  }

  /** Hashes one after the other; undefined when the signed tree has no such tile, or not as wide. */
  async tile(place: TilePlace): Promise<Uint8Array | undefined> {
    const size = (await this.latest())?.size ?? 0;
    if (place.index * TILE_WIDTH + place.width > tileHashCount(size, place.level)) return undefined;
    return this.tree.tile(place);
  }

  /** An entry bundle; undefined when so many leaves were not signed. */
  async entries({ index, width }: EntriesPlace): Promise<Uint8Array | undefined> {
    const size = (await this.latest())?.size ?? 0;
    const from = index * TILE_WIDTH;
    if (from + width > size) return undefined;
    const leaves = await this.parts.store.leaves(from, from + width);
    return leaves.length === width ? packEntries(leaves.map(({ entry }) => entry)) : undefined;
  }

  /** Waits a moment for events that were recorded just now. */
  async eventProof(eventId: string): Promise<EventProof | Refusal> {
    const found = await this.signed(() => this.parts.store.leafOfEvent(eventId));
    if (!found) {
      const isUpToDate = await this.isUpToDate();
      const isKnown = (await this.parts.store.leafOfEvent(eventId)) !== undefined;
      return isKnown || !isUpToDate ? this.pending() : noEvidence('no event has this id');
    }
    const { leaf, checkpoint } = found;
    const { size, root } = parseCheckpoint(parseNote(checkpoint.note).text);
    return {
      eventId: leaf.eventId,
      leafIndex: leaf.index,
      leafHash: base64Of(leaf.hash),
      entry: textOfUtf8(leaf.entry) ?? '',
      treeSize: size,
      rootHash: base64Of(root),
      proof: (await this.tree.inclusion(leaf.index, size)).map(base64Of),
      checkpoint: await this.noteOf(checkpoint),
    };
  }

  /** Of those that have a leaf; by `placeKey`. */
  async factsOf(places: readonly EventPlace[]): Promise<ReadonlyMap<string, LeafFacts>> {
    const facts = new Map<string, LeafFacts>();
    for (let from = 0; from < places.length; from += PLACES_MAX) {
      const leaves = await this.parts.store.leavesAt(places.slice(from, from + PLACES_MAX));
      for (const leaf of leaves) facts.set(placeKey(leaf), factsOf(leaf));
    }
    return facts;
  }

  /**
   * Recomputes the leaf of the event from the bytes that the log holds now where it was recorded, and proves it against the last
   * checkpoint. Waits a moment for events that were recorded just now.
   */
  async verify(eventId: string): Promise<EventVerification | Refusal> {
    const found = await this.signed(() => this.parts.store.leafOfEvent(eventId));
    if (!found) return this.pending();
    const { leaf, checkpoint } = found;
    const [proof, defect] = await this.proven(leaf, checkpoint);
    if (defect !== undefined) this.parts.keeper.suspect(leaf.index);
    return {
      isValid: defect === undefined,
      ...(defect === undefined ? {} : { firstInvalidId: eventId }),
      totalChecked: 1,
      message: defect ?? `the event is what was recorded: leaf ${leaf.index} of the signed tree of ${checkpoint.size}`,
      leafIndex: leaf.index,
      treeSize: checkpoint.size,
      proof: proof.map(base64Of),
      checkpoint: await this.noteOf(checkpoint),
    };
  }

  /** The leaf and the last checkpoint once that covers it; undefined when it does not within a moment. */
  async signed(
    find: () => Promise<StoredLeaf | undefined>,
  ): Promise<{ readonly leaf: StoredLeaf; readonly checkpoint: StoredCheckpoint } | undefined> {
    let found: { readonly leaf: StoredLeaf; readonly checkpoint: StoredCheckpoint } | undefined;
    const look = async (): Promise<boolean> => {
      // Asked first: a leaf that comes between the questions is not taken for one that never will.
      const isUpToDate = await this.isUpToDate();
      const [leaf, checkpoint] = [await find(), await this.latest()];
      if (leaf && checkpoint && leaf.index < checkpoint.size) found = { leaf, checkpoint };
      return found !== undefined || this.hasFailed || (!leaf && isUpToDate);
    };
    await this.parts.keeper.waitUntil(look, WAIT_MS);
    return found;
  }

  private get hasFailed(): boolean {
    return this.parts.keeper.status().state === 'failed';
  }

  /** What is not there: yet, or for good, for once it has failed nothing more is made of the log. */
  pending(): Refusal {
    return this.hasFailed ? evidenceFailed : evidencePending;
  }

  /** Whether everything that this server has recorded has its leaf. */
  private async isUpToDate(): Promise<boolean> {
    const last: GlobalPosition | undefined = this.parts.events.lastAppended;
    if (last === undefined) return true;
    return ((await this.parts.store.sequencedTo()).position ?? '') >= last;
  }

  /** What stands in the log where the event of the leaf was recorded. */
  private async recorded({ stream, revision }: StoredLeaf): Promise<RecordedEvent | undefined> {
    try {
      for await (const event of this.parts.events.readStream(stream, { from: revision, limit: 1 })) {
        return event.revision === revision ? event : undefined;
      }
    } catch (error) {
      if (!isStoreError(error, 'StreamNotFound')) throw error;
    }
    return undefined;
  }

  private async recordedDefect(leaf: StoredLeaf, placing: LeafPlacing): Promise<string | undefined> {
    try {
      return eventDefect(await this.recorded(leaf), leaf, placing);
    } catch (error) {
      if (isStoreError(error, 'Corrupt')) return 'the event in the log is not what was recorded: it cannot be read';
      throw error;
    }
  }

  private async proven(
    leaf: StoredLeaf,
    { note }: StoredCheckpoint,
  ): Promise<readonly [proof: readonly Uint8Array[], defect: string | undefined]> {
    const { hasher, keeper, isSigned, store } = this.parts;
    const placing = { log: keeper.status().origin, hasher };
    const { size, root } = parseCheckpoint(parseNote(note).text);
    const before = { stream: leaf.stream, revision: leaf.revision - 1 };
    const previous = leaf.revision > 0 ? (await store.leavesAt([before]))[0]?.hash : undefined;
    try {
      const proof = await this.tree.inclusion(leaf.index, size);
      const isProven = isIncluded(hasher, { index: leaf.index, size, leafHash: hasher.leaf(leaf.entry), root, proof });
      const defect =
        (await this.recordedDefect(leaf, placing)) ??
        leafDefect(leaf, previous, placing) ??
        (isProven ? undefined : `leaf ${leaf.index} is not part of the tree that was signed`) ??
        ((await isSigned(note)) ? undefined : 'the checkpoint was not signed by this log');
      return [proof, defect];
    } catch (error) {
      if (error instanceof EvidenceError) return [[], `the stored tree is not whole: ${error.message}`];
      throw error;
    }
  }
}

export function placeKey({ stream, revision }: EventPlace): string {
  return `${revision} ${stream}`;
}

function factsOf({ index: leafIndex, hash, entry }: StoredLeaf): LeafFacts {
  const previousHash = previousIn(entry);
  return { leafIndex, hash, ...(previousHash ? { previousHash } : {}) };
}

function previousIn(entry: Uint8Array): Uint8Array | undefined {
  try {
    const { prev } = parseLeafEntry(entry);
    return prev === NO_PREVIOUS_LEAF ? undefined : bytesOfBase64Url(prev);
  } catch (error) {
    if (error instanceof EvidenceError) return undefined;
    throw error;
  }
}

function fromBehind(from: number, size: number): Refusal {
  const message = `from must be at most ${size}, the size of the tree that is compared`;
  return refuse('invalid', 'FLK-0304', `from is ${from}: ${message}`, [{ field: 'from', message }]);
}
