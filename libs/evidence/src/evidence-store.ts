// The port to what the sequencer keeps: leaves, subtrees, checkpoints, and what must outlive a restart. Adapters: SQLite (a file
// of its own), PostgreSQL. All of it but the signatures can be derived from the log again.
import type { GlobalPosition } from '@app/kernel';
import type { NodePlace } from './compact-range.js';

/** Where an event stands in the log, whatever its id. */
export interface EventPlace {
  readonly stream: string;
  readonly revision: number;
}

export interface StoredLeaf extends EventPlace {
  /** >= 0, without gaps. */
  readonly index: number;
  /** Leaf hash. */
  readonly hash: Uint8Array;
  /** Bytes of the leaf entry, as they were hashed. */
  readonly entry: Uint8Array;
  readonly eventId: string;
  /** Of the event in the log that is followed now. */
  readonly position: GlobalPosition;
}

/** Root of a perfect subtree whose level is a multiple of 8 and at least 8: what tiles above the lowest are made of. */
export interface StoredNode extends NodePlace {
  readonly hash: Uint8Array;
}

export interface LeafBatch {
  /** How many leaves there must be already: another number, and nothing is written. */
  readonly from: number;
  readonly leaves: readonly StoredLeaf[];
  readonly nodes: readonly StoredNode[];
  /** Of the last event that was looked at, be it a leaf or not. */
  readonly position: GlobalPosition;
}

export interface SequencedTo {
  /** Leaves. */
  readonly size: number;
  /** Undefined before the first event. */
  readonly position: GlobalPosition | undefined;
}

export interface StoredCheckpoint {
  readonly size: number;
  /** Signed note, with the log's signature alone. */
  readonly note: string;
  readonly signedAtMs: number;
}

export interface StoredCosignature {
  /** Whole line of a note. */
  readonly line: string;
  /** What tells whose it is: one of the same name takes its place. */
  readonly key: string;
  readonly atMs: number;
}

/** The right to write: one server at a time has it. */
export interface EvidenceClaim {
  /** Aborted when the right was lost; undefined where it cannot be. */
  readonly lost: AbortSignal | undefined;
  release(): Promise<void>;
}

/** Names of the small texts that are kept beside the leaves. */
export const storeMarks = ['origin', 'keys', 'failure', 'scrub', 'anchors'] as const;
export type StoreMark = (typeof storeMarks)[number];

/** Every method throws StoreError: StoreUnavailable (try again), Corrupt, Closed. */
export abstract class EvidenceStore {
  /** Undefined while another server has it. */
  abstract claim(): Promise<EvidenceClaim | undefined>;

  abstract sequencedTo(): Promise<SequencedTo>;

  /**
   * All of it or nothing. Throws WrongExpectedRevision when there are not `batch.from` leaves, and when one of the leaves is
   * there already: an event by its id or its place. What was appended last may be lost with the machine's power; the log has it.
   */
  abstract append(batch: LeafBatch): Promise<void>;

  /** Leaves `[from, to)` in order, fewer when there are no more. */
  abstract leaves(from: number, to: number): Promise<StoredLeaf[]>;

  /** Hashes of the nodes `[from, to)` of `level` (0, 8, 16 ...) one after the other; at level 0 of the leaves. */
  abstract hashes(level: number, from: number, to: number): Promise<Uint8Array>;

  abstract leafOfEvent(eventId: string): Promise<StoredLeaf | undefined>;

  /** In any order; those that have none yet are missing. At most 1,000 places. */
  abstract leavesAt(places: readonly EventPlace[]): Promise<StoredLeaf[]>;

  /** By revision, from `from` on, at most `limit`. */
  abstract leavesOfStream(stream: string, from: number, limit: number): Promise<StoredLeaf[]>;

  /** The last leaf of each stream that has any. At most 1,000 streams. */
  abstract ends(streams: readonly string[]): Promise<StoredLeaf[]>;

  /** Of exactly that size, or the largest. */
  abstract checkpoint(size?: number): Promise<StoredCheckpoint | undefined>;

  /** Those of more than `size` leaves, smallest first, at most `limit`. */
  abstract checkpointsAfter(size: number, limit: number): Promise<StoredCheckpoint[]>;

  /** The largest checkpoint that has a cosignature. */
  abstract cosignedCheckpoint(): Promise<StoredCheckpoint | undefined>;

  /** Durable when it resolves. A checkpoint of that size that is there already stays. */
  abstract saveCheckpoint(checkpoint: StoredCheckpoint): Promise<void>;

  /** All of them or none; at most 1,000. */
  abstract saveCheckpoints(checkpoints: readonly StoredCheckpoint[]): Promise<void>;

  /** By key. */
  abstract cosignatures(size: number): Promise<StoredCosignature[]>;

  abstract saveCosignatures(size: number, cosignatures: readonly StoredCosignature[]): Promise<void>;

  /**
   * The leaves will be derived from the log again, from its first event on, as of a log that stands elsewhere now. What was signed
   * stays, and so do the marks.
   */
  abstract forgetLeaves(): Promise<void>;

  abstract mark(name: StoreMark): Promise<string | undefined>;

  /** The text kept under the name: `text` when there was none. Durable when it resolves. */
  abstract keepMark(name: StoreMark, text: string): Promise<string>;

  /** Durable when it resolves. */
  abstract setMark(name: StoreMark, text: string | undefined): Promise<void>;

  /** Idempotent. */
  abstract close(): Promise<void>;
}
