// A query as a message, and the rows that come back: what travels between threads.
import type { FieldValue, GlobalPosition } from '@app/kernel';
import type { DocumentQuery, EntryQuery, EntrySelection, FieldFilter } from './view-store.js';

export type ReadRequest =
  | { readonly method: 'get'; readonly view: string; readonly key: string }
  | { readonly method: 'find'; readonly view: string; readonly query: DocumentQuery }
  | { readonly method: 'count'; readonly view: string; readonly filters: readonly FieldFilter[] }
  | { readonly method: 'sum'; readonly view: string; readonly field: string; readonly filters: readonly FieldFilter[] }
  | { readonly method: 'entries'; readonly view: string; readonly query: EntryQuery }
  | { readonly method: 'entryBy'; readonly view: string; readonly field: string; readonly value: string }
  | {
      readonly method: 'facetCounts';
      readonly view: string;
      readonly facets: readonly string[];
      readonly selection: EntrySelection;
    };

export interface StoredDocument {
  readonly key: string;
  readonly value: FieldValue;
  readonly json: string;
}

export interface StoredEntry {
  readonly sequence: number;
  readonly position: GlobalPosition;
  readonly json: string;
}
