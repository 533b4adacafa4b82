// One batch of events through one projection: what becomes of its rows.
import type { DocumentProjection, EntryProjection, FieldValue, RecordedEvent } from '@app/kernel';
import { valueOf } from './text-order.js';
import type { DocumentChange, EntryAddition } from './view-writer.js';

export interface FoldedView {
  readonly documents: readonly DocumentChange[];
  readonly entries: readonly EntryAddition[];
  /** Rows of a document view after the batch, by key; undefined: removed. */
  readonly rows: ReadonlyMap<string, object | undefined>;
}

/** The row that each event belongs to; undefined: it does not concern the view. */
export function keysOf(
  projection: DocumentProjection<object>,
  events: Iterable<RecordedEvent>,
): readonly (string | undefined)[] {
  const keys: (string | undefined)[] = [];
  for (const event of events) keys.push(projection.key(event));
  return keys;
}

/**
 * @param keys of the same events, in the same order
 * @param before the rows of all these keys as they stand; undefined: there is none
 */
export function foldRows(
  projection: DocumentProjection<object>,
  events: Iterable<RecordedEvent>,
  keys: readonly (string | undefined)[],
  before: ReadonlyMap<string, object | undefined>,
): FoldedView {
  const rows = new Map<string, object | undefined>();
  let index = -1;
  for (const event of events) {
    index += 1;
    const key = keys[index];
    if (key === undefined) continue;
    const touched = rows.has(key);
    const row = touched ? rows.get(key) : before.get(key);
    const after = projection.fold(row, event);
    // Most events of a run leave its row as it was.
    if (touched || after !== row) rows.set(key, after);
  }
  const documents = [...rows].map(([key, row]) => changeOf(projection, key, row, before.get(key)));
  return { documents, entries: [], rows };
}

export function foldEntries(projection: EntryProjection, events: Iterable<RecordedEvent>): FoldedView {
  const facets = Object.values(projection.facets);
  const fields = Object.values(projection.fields);
  const entries: EntryAddition[] = [];
  for (const event of events) {
    const entry = projection.entry(event);
    if (entry === undefined) continue;
    const valueIn = ({ of }: { of: (doc: unknown) => FieldValue | undefined }): FieldValue => valueOf(of(entry));
    entries.push({
      position: event.position,
      json: JSON.stringify(projection.stored ? projection.stored(entry) : entry),
      facets: facets.map(valueIn),
      values: fields.map(valueIn),
      text: projection.text(entry),
    });
  }
  return { documents: [], entries, rows: new Map() };
}

/** @param original the document of the row as it stands, if there is one */
function changeOf(
  projection: DocumentProjection<object>,
  key: string,
  document: object | undefined,
  original: object | undefined,
): DocumentChange {
  if (document === undefined) return { key, json: undefined, values: [], changed: undefined };
  const fields = Object.values(projection.fields);
  const values = fields.map(({ of }) => valueOf(of(document)));
  const changed = original && fields.flatMap(({ of }, at) => (valueOf(of(original)) === values[at] ? [] : [at]));
  return { key, json: JSON.stringify(document), values, changed };
}
