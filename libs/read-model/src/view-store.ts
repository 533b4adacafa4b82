// The port to the views. Adapters: SQLite (one file); each passes `view-store.contract.ts`.
import type { FieldValue, GlobalPosition } from '@app/kernel';

/** A value of another type than the field's matches nothing. Texts compare by code point, letters by case. */
export type FieldFilter =
  | { readonly field: string; readonly equals: FieldValue }
  | { readonly field: string; readonly in: readonly (string | number)[] }
  /** Inclusive bounds, either may be absent; a row without a value is in no range. */
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

/** Which entries: all conditions must hold. */
export interface EntrySelection {
  /** Over facets and fields alike. */
  readonly filters?: readonly FieldFilter[];
  /** All words must occur; each matches as a prefix (`searchedWordsOf` says what a word is). Nothing is syntax. */
  readonly words?: readonly string[];
  /** Only entries of events up to this position of the log. */
  readonly asOf?: GlobalPosition;
}

export interface EntryQuery extends EntrySelection {
  readonly descending: boolean;
  /** Exclusive bound in page direction: entries before (descending) or behind (ascending) this sequence number. */
  readonly after?: number;
  /** >= 1 */
  readonly limit: number;
}

export interface EntryRow<Doc> {
  /** Dense number of the entry in its view, from 1, in log order. */
  readonly sequence: number;
  readonly position: GlobalPosition;
  readonly doc: Doc;
}

/** How many of the selected entries have this combination of values of the asked facets. */
export interface FacetCount {
  readonly values: Readonly<Record<string, FieldValue>>;
  readonly count: number;
}

export abstract class ViewStore {
  abstract get<Doc>(view: string, key: string): Promise<Doc | undefined>;
  abstract find<Doc>(view: string, query: DocumentQuery): Promise<readonly DocumentRow<Doc>[]>;
  /** How many rows match: only for filters that an index bounds; never on the path of a page. */
  abstract count(view: string, filters: readonly FieldFilter[]): Promise<number>;
  /** Sum of a number field over the matching rows of a document view. */
  abstract sum(view: string, field: string, filters: readonly FieldFilter[]): Promise<number>;
  /** Pages over an entry view by keyset on its sequence. Throws InvalidPosition (StoreError) for a bad `asOf`. */
  abstract entries<Doc>(view: string, query: EntryQuery): Promise<readonly EntryRow<Doc>[]>;
  /** The one entry whose unique field has this value (for the audit trail: `eventId`). */
  abstract entryBy<Doc>(view: string, field: string, value: string): Promise<EntryRow<Doc> | undefined>;
  /**
   * Counts the selected entries of an entry view per distinct combination of the named facets (at least one), most
   * first. It reads every selected entry's facets: some milliseconds per million, so not on the path of a page.
   */
  abstract facetCounts(
    view: string,
    facets: readonly string[],
    selection: EntrySelection,
  ): Promise<readonly FacetCount[]>;
  /** Which views are being made anew: until then their previous version answers, as it stood when it was replaced. */
  abstract status(): ViewStatus;
  /** Up to where the views have been folded. */
  abstract position(): GlobalPosition | undefined;
  /**
   * Read-your-writes: resolves true once the views have passed `position`, false when `timeoutMs` (default 2000) went by
   * first. Never throws for slowness.
   */
  abstract waitFor(position: GlobalPosition | undefined, timeoutMs?: number): Promise<boolean>;
  abstract close(): Promise<void>;
}

export interface ViewStatus {
  /** Up to where the views have been folded; undefined before the first event. */
  readonly position: GlobalPosition | undefined;
  /** Views that are being made anew, while their previous version (if any) answers. */
  readonly rebuilding: readonly string[];
  /** Why folding stopped, for the operator: names the view and the event; undefined while all is well. */
  readonly failed?: string;
  /** What failed is a store that cannot be had now: folding goes on by itself once it can. */
  readonly passing?: true;
}

/** A view that was folded again from the first event. */
export interface RebuiltView {
  readonly view: string;
  readonly version: number;
  readonly reason: 'new' | 'changed' | 'log_restored' | 'damaged';
}
