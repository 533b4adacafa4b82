// Events in the order of the log become leaves: numbered without gaps, each naming the one before it in its stream.
import type { RecordedEvent } from '@app/kernel';
import { canonicalJson } from '@app/kernel';
import { RecentMap } from '@app/event-store';
import { Utf8Shelf } from './byte-text.js';
import { EvidenceFailure } from './evidence-failure.js';
import { CompactRange } from './compact-range.js';
import type { LeafBatch, StoredLeaf, StoredNode } from './evidence-store.js';
import type { ContentHashes } from './leaf.js';
import { encodeLeafEntry, isLeafStream, leafEntryWith } from './leaf.js';
import type { LeafPlacing } from './leaf-match.js';
import { TILE_HEIGHT } from './tile.js';

/** The last leaf of a stream. */
interface StreamEnd {
  readonly revision: number;
  readonly hash: Uint8Array;
}

export interface PreparedBatch {
  readonly batch: LeafBatch;
  /** To be called once the batch is stored: from then on it is part of the sequence. */
  readonly commit: () => void;
}

const ENDS_KEPT = 50_000;

export class LeafSequence {
  private lastMetadata: { readonly of: unknown; readonly hash: string } = { of: undefined, hash: '' };
  private readonly shelf = new Utf8Shelf();
  private readonly utf8 = (text: string): Uint8Array => this.shelf.utf8Of(text);
  private readonly ends = new RecentMap<string, StreamEnd>(ENDS_KEPT);

  /** @param range of all leaves that are stored */
  constructor(
    private readonly placing: LeafPlacing,
    private range: CompactRange,
  ) {}

  static empty(placing: LeafPlacing): LeafSequence {
    return new LeafSequence(placing, new CompactRange(placing.hasher));
  }

  get size(): number {
    return this.range.end;
  }

  root(): Uint8Array {
    return this.range.root();
  }

  /** Streams that these events continue, and of which the last leaf must be told (`learn`) before they are taken. */
  unknownStreams(events: readonly RecordedEvent[]): string[] {
    const unknown = new Set<string>();
    const met = new Set<string>();
    for (const { stream, revision } of events) {
      if (met.has(stream) || !isLeafStream(stream)) continue;
      met.add(stream);
      if (revision > 0 && !this.ends.get(stream)) unknown.add(stream);
    }
    return [...unknown];
  }

  learn(leaves: readonly StoredLeaf[]): void {
    for (const { stream, revision, hash } of leaves) this.ends.set(stream, { revision, hash });
  }

  /**
   * @param events at least one, in the order of the log, right behind those that were taken before.
   * Throws EvidenceFailure when an event does not follow the one before it in its stream.
   */
  prepare(events: readonly RecordedEvent[]): PreparedBatch {
    const from = this.size;
    const range = CompactRange.restore(this.placing.hasher, { begin: 0, end: from, hashes: this.range.hashes() });
    const ends = new Map<string, StreamEnd>();
    const [leaves, nodes]: [StoredLeaf[], StoredNode[]] = [[], []];
    for (const event of events) {
      if (!isLeafStream(event.stream)) continue;
      const leaf = this.leafOf(event, from + leaves.length, ends.get(event.stream) ?? this.ends.get(event.stream));
      leaves.push(leaf);
      ends.set(event.stream, leaf);
      range.append(leaf.hash, (level, index, hash) => {
        if (level > 0 && level % TILE_HEIGHT === 0) nodes.push({ level, index, hash });
      });
    }
    const { position } = events.at(-1) as RecordedEvent;
    const commit = (): void => {
      this.range = range;
      for (const [stream, { revision, hash }] of ends) this.ends.set(stream, { revision, hash });
    };
    return { batch: { from, leaves, nodes, position }, commit };
  }

  private leafOf(event: RecordedEvent, index: number, end: StreamEnd | undefined): StoredLeaf {
    const { id: eventId, stream, revision, position } = event;
    const expected = end ? end.revision + 1 : 0;
    if (revision !== expected) {
      const told = `event ${revision} of ${stream} came where event ${expected} belongs`;
      throw new EvidenceFailure(`${told}: events are missing from the log, or were put into it`);
    }
    const { log, hasher } = this.placing;
    const place = { index, log, previousLeafHash: end?.hash };
    const entry = encodeLeafEntry(leafEntryWith(event, this.hashesOf(event), place, hasher.sha256), this.utf8);
    return { index, hash: hasher.leaf(entry), entry, eventId, stream, revision, position };
  }

  private hashesOf({ data, metadata, revision, stream }: RecordedEvent): ContentHashes {
    const { textSha256 } = this.placing.hasher;
    try {
      // Events of one append have their metadata in common.
      if (metadata !== this.lastMetadata.of) {
        this.lastMetadata = { of: metadata, hash: textSha256(canonicalJson(metadata)) };
      }
      return { data: textSha256(canonicalJson(data)), metadata: this.lastMetadata.hash };
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      throw new EvidenceFailure(`event ${revision} of ${stream} is not strict JSON`);
    }
  }
}
