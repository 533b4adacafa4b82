// How a view is declared: a pure fold and the fields that may be filtered and sorted. No SQL.
import type { RecordedEvent } from './event.js';

export type FieldValue = string | number | null;

export interface ViewField<Doc> {
  readonly type: 'text' | 'number';
  readonly of: (doc: Doc) => FieldValue | undefined;
}

/**
 * One row per key: `fold` turns the row so far and the event into the row from now on; undefined removes it.
 * Raise `version` and the view is rebuilt from the log.
 */
export interface DocumentProjection<Doc = unknown> {
  readonly kind: 'document';
  readonly name: string;
  readonly version: number;
  /** Stream categories it listens to. */
  readonly categories: readonly string[];
  /** The row that the event belongs to, or undefined when it does not concern this view. */
  readonly key: (event: RecordedEvent) => string | undefined;
  readonly fold: (doc: Doc | undefined, event: RecordedEvent) => Doc | undefined;
  readonly fields: Readonly<Record<string, ViewField<Doc>>>;
  /** Field combinations that are queried: equality fields first, the sort field last. The key is always the tie-break. */
  readonly indexes: readonly (readonly string[])[];
}

/**
 * One row per event, never changed, in the order of the log: the audit trail. Rows are numbered by the store in that
 * order (`sequence`), and pages follow that number.
 */
export interface EntryProjection<Doc = unknown> {
  readonly kind: 'entry';
  readonly name: string;
  readonly version: number;
  readonly categories: readonly string[] | 'all';
  readonly entry: (event: RecordedEvent) => Doc | undefined;
  /**
   * Fields of few distinct values. The store numbers each distinct combination of them and keeps one index over that
   * number, so that any mix of filters over them is answered exactly and at the price of one index.
   */
  readonly facets: Readonly<Record<string, ViewField<Doc>>>;
  /** Fields of many distinct values, each with an index of its own (rows without a value are not in it). */
  readonly fields: Readonly<Record<string, ViewField<Doc>>>;
  /** Words for the text search. */
  readonly text: (doc: Doc) => string;
  /** What is kept of the entry, as JSON, and what a query answers with; when absent, the entry itself. */
  readonly stored?: (doc: Doc) => unknown;
}

export type Projection = DocumentProjection<never> | EntryProjection<never>;

/** Erases the document type, so that projections of different documents stand in one list. */
export function projection<Doc>(p: DocumentProjection<Doc> | EntryProjection<Doc>): Projection {
  return p as unknown as Projection;
}
