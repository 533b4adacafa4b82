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
  /** The row is there and has these values already: no index needs to be touched. */
  readonly sameValues: boolean;
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
  /**
   * Makes room for what is new or declared differently than before, beside what answers queries until then, and drops
   * views that are declared no more.
   */
  abstract open(projections: readonly Projection[]): readonly ViewProgress[];
  /** Where the foremost view stands. */
  abstract mark(): LogMark | undefined;
  /** Empties every view: they tell about another log than the one at hand. */
  abstract reset(): readonly ViewProgress[];
  /** JSON text of the rows being written. */
  abstract read(view: string, key: string): string | undefined;
  /** Writes all rows and the position of these views, all or nothing. `mark` when they are the foremost. */
  abstract commit(
    changes: readonly ViewChanges[],
    position: GlobalPosition | undefined,
    mark: LogMark | undefined,
  ): void;
  abstract close(): void;
}
