// The writing side of the views, held by the projector alone.
import type { GlobalPosition, Projection } from '@app/kernel';
import type { RebuiltView } from './view-store.js';

/** How far one declared view is. */
export interface ViewProgress {
  readonly view: string;
  /** The last event folded into the rows that are being written; undefined: none. */
  readonly position: GlobalPosition | undefined;
  /** Why these rows are made from the first event on; undefined once they answer queries and no report is due. */
  readonly rebuild?: RebuiltView['reason'];
  /** Whether the rows being written also answer queries; false while a previous version answers instead. */
  readonly answering: boolean;
}

/** The place in the log where the views stand, told so exactly that another log is recognised. */
export interface LogMark {
  readonly position: GlobalPosition;
  readonly eventId: string;
  /** The position of some event before it with none between; undefined when it is the first. */
  readonly previous: GlobalPosition | undefined;
}

export interface DocumentChange {
  readonly key: string;
  /** JSON text; undefined removes the row. */
  readonly json: string | undefined;
  /** In the order of the declaration; null for "no value". */
  readonly values: readonly (string | number | null)[];
  /** Of a row that is there: the indexes of the values that differ from what it has. Undefined: there may be none. */
  readonly changed: readonly number[] | undefined;
}

export interface EntryAddition {
  readonly position: GlobalPosition;
  readonly json: string;
  readonly facets: readonly (string | number | null)[];
  readonly values: readonly (string | number | null)[];
  readonly text: string;
}

export interface ViewChanges {
  readonly view: string;
  readonly documents: readonly DocumentChange[];
  readonly entries: readonly EntryAddition[];
  /** From now on the rows being written answer queries, and the previous version goes. */
  readonly answersFromNow: boolean;
}

export abstract class ViewWriter {
  /** Whether this writer alone may write. Once it is false, nothing is written until `claim` and `open` succeeded anew. */
  abstract readonly isClaimed: boolean;
  /**
   * Tries to become the only writer of these views, over all servers; false while another one is. Throws StoreError
   * StoreUnavailable when the views cannot be reached.
   */
  abstract claim(): Promise<boolean>;
  /**
   * Makes room for what is new or declared differently than before, beside what answers queries until then, and drops
   * views that are declared no more.
   */
  abstract open(projections: readonly Projection[]): Promise<readonly ViewProgress[]>;
  /** Where the foremost view stands. */
  abstract mark(): Promise<LogMark | undefined>;
  /** Empties every view: they tell about another log than the one at hand. */
  abstract reset(): Promise<readonly ViewProgress[]>;
  /** JSON texts of the rows being written, by key; keys without a row are absent. */
  abstract read(view: string, keys: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /**
   * Writes all rows and the position of these views, all or nothing; nothing when this writer is not the only one any
   * more. `mark` when they are the foremost.
   */
  abstract commit(
    changes: readonly ViewChanges[],
    position: GlobalPosition | undefined,
    mark: LogMark | undefined,
  ): Promise<void>;
  /** Idempotent; gives up the claim. */
  abstract close(): Promise<void>;
}
