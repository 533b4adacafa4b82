// The port to the views. Adapters: SQLite (one file); each passes `view-store.contract.ts`.
import type { FieldValue, GlobalPosition, Projection } from '@app/kernel';

export type FieldFilter =
  | { readonly field: string; readonly equals: FieldValue }
  | { readonly field: string; readonly in: readonly (string | number)[] }
  /** Inclusive bounds, either may be absent. */
  | { readonly field: string; readonly from?: string | number; readonly to?: string | number };

export interface DocumentQuery {
  readonly filters?: readonly FieldFilter[];
  /** A declared field; rows without a value sort last in both directions. Ties go by key, in the same direction. */
  readonly sort: { readonly field: string; readonly descending: boolean };
  /** Rows behind this one, as a previous page gave it. */
  readonly after?: { readonly value: FieldValue; readonly key: string };
  /** >= 1 */
  readonly limit: number;
}

export interface DocumentRow<Doc> {
  readonly key: string;
  readonly doc: Doc;
  /** Pass it as `after` for the next page. */
  readonly place: { readonly value: FieldValue; readonly key: string };
}

export interface EntryQuery {
  readonly filters?: readonly FieldFilter[];
  /** All words must occur; each matches as a prefix. */
  readonly words?: readonly string[];
  readonly descending: boolean;
  /** Exclusive bound in page direction: entries before (descending) or behind (ascending) this sequence number. */
  readonly after?: number;
  /** Only entries of events up to this position of the log. */
  readonly asOf?: GlobalPosition;
  readonly limit: number;
}

export interface EntryRow<Doc> {
  /** Dense number of the entry in its view, from 1, in log order. */
  readonly sequence: number;
  readonly position: GlobalPosition;
  readonly doc: Doc;
}

export abstract class ViewStore {
  abstract get<Doc>(view: string, key: string): Promise<Doc | undefined>;
  abstract find<Doc>(view: string, query: DocumentQuery): Promise<readonly DocumentRow<Doc>[]>;
  /** How many rows match: only for filters that an index bounds; never on the path of a page. */
  abstract count(view: string, filters: readonly FieldFilter[]): Promise<number>;
  /** Sum of a number field over the matching rows. */
  abstract sum(view: string, field: string, filters: readonly FieldFilter[]): Promise<number>;
  /** Pages over an entry view by keyset on its sequence. Throws InvalidPosition (StoreError) for a bad `asOf`. */
  abstract entries<Doc>(view: string, query: EntryQuery): Promise<readonly EntryRow<Doc>[]>;
  /** The one entry whose unique field has this value (for the audit trail: `eventId`). */
  abstract entryBy<Doc>(view: string, field: string, value: string): Promise<EntryRow<Doc> | undefined>;
  /** Up to where the views have been folded. */
  abstract position(): GlobalPosition | undefined;
  /**
   * Read-your-writes: resolves true once the views have passed `position`, false when `timeoutMs` (default 2000) went by
   * first. Never throws for slowness.
   */
  abstract waitFor(position: GlobalPosition | undefined, timeoutMs?: number): Promise<boolean>;
  abstract close(): Promise<void>;
}

/** The writing side, held by the projector alone. */
export abstract class ViewWriter {
  /** Creates or rebuilds what changed of the declared projections; returns where each must be folded on from. */
  abstract open(projections: readonly Projection[]): GlobalPosition | undefined;
}
