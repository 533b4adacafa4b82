// One page of a list over a document view: strict about what it is asked, with a cursor that carries the sort it was
// made for. Every list of the API is one of these with its own filters.
import type { FieldValue, Json, Refusal } from '@app/kernel';
import { refuse } from '@app/kernel';
import { decodeCursor, encodeCursor } from './cursor.js';
import type { DocumentQuery, FieldFilter, ViewStore } from './view-store.js';

export interface PageRules {
  readonly view: string;
  /** The first one is the default. */
  readonly sortFields: readonly string[];
  /** What becomes of a sortBy that is none of them; default: refuse. */
  readonly unknownSort?: 'refuse' | 'default';
  /** Whether a cursor may not come with sortBy or sortOrder at all; default: it may, if they are its own. */
  readonly cursorStandsAlone?: boolean;
}

/** As it stands in the URL. */
export interface PageInput {
  readonly limit?: string;
  readonly cursor?: string;
  readonly sortBy?: string;
  /** `ASC` or `DESC`, in any case; default DESC. */
  readonly sortOrder?: string;
}

/** Asks for one row more than the page holds. */
export type PageQuery = DocumentQuery & { readonly pageSize: number };

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Empty on the last page. */
  readonly nextCursor: string;
  readonly hasMore: boolean;
}

const LIMIT_DEFAULT = 10;
const LIMIT_MAX = 100;

/** The query, or the refusal (FLK-0304, INVALID_CURSOR) of the first parameter that is wrong. */
export function pageQueryOf(input: PageInput, filters: readonly FieldFilter[], rules: PageRules): PageQuery | Refusal {
  const { sortBy, cursor } = input;
  const pageSize = input.limit === undefined ? LIMIT_DEFAULT : Number(input.limit);
  if (!/^\d{1,6}$/.test(input.limit ?? '1') || pageSize < 1 || pageSize > LIMIT_MAX) {
    return badQuery('limit', `must be an integer from 1 to ${LIMIT_MAX}`);
  }
  const isKnown = sortBy === undefined || rules.sortFields.includes(sortBy);
  if (!isKnown && rules.unknownSort !== 'default') return badQuery('sortBy', mustBeOneOf(rules.sortFields));
  const order = input.sortOrder?.toUpperCase();
  if (order !== undefined && order !== 'ASC' && order !== 'DESC') {
    return badQuery('sortOrder', mustBeOneOf(['ASC', 'DESC']));
  }
  if (cursor && rules.cursorStandsAlone && (sortBy !== undefined || order !== undefined)) {
    return badQuery('cursor', 'goes without sortBy and sortOrder: it knows its order');
  }
  const place = cursor === undefined || cursor === '' ? undefined : placeOf(cursor, rules);
  if (place === null) return badCursor('is not a cursor of this list');
  const asked = isKnown ? sortBy : rules.sortFields[0];
  const field = asked ?? place?.sortBy ?? rules.sortFields[0] ?? '';
  const descending = (order ?? place?.order ?? 'DESC') === 'DESC';
  if (place && (place.sortBy !== field || (place.order === 'DESC') !== descending)) {
    return badCursor('was made for another sort; send the same sortBy and sortOrder with it');
  }
  const after = place ? { after: { value: place.value, key: place.key } } : {};
  return { filters, sort: { field, descending }, ...after, limit: pageSize + 1, pageSize };
}

export async function readPage<Doc>(
  views: ViewStore,
  { pageSize, ...query }: PageQuery,
  view: string,
): Promise<Page<Doc>> {
  const rows = await views.find<Doc>(view, query);
  const shown = rows.slice(0, pageSize);
  const last = shown.at(-1);
  const hasMore = rows.length > pageSize;
  const { field, descending } = query.sort;
  const order = descending ? 'DESC' : 'ASC';
  const nextCursor =
    hasMore && last ? encodeCursor(view, { sortBy: field, order, value: last.place.value, key: last.place.key }) : '';
  return { items: shown.map((row) => row.doc), nextCursor, hasMore };
}

/** `must be one of a, b`: what is wrong with a parameter of an enumeration. */
export function mustBeOneOf(values: readonly string[]): string {
  return `must be one of ${values.join(', ')}`;
}

export function badQuery(field: string, message: string): Refusal {
  return refuse('invalid', 'FLK-0304', `${field} ${message}`, [{ field, message }]);
}

interface Place {
  readonly sortBy: string;
  readonly order: 'ASC' | 'DESC';
  readonly value: FieldValue;
  readonly key: string;
}

/** Null for any text that is no cursor of this list. */
function placeOf(cursor: string, { view, sortFields }: PageRules): Place | null {
  const payload: Json | undefined = decodeCursor(view, cursor);
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return null;
  const { sortBy, order, value, key } = payload;
  if (typeof sortBy !== 'string' || !sortFields.includes(sortBy) || typeof key !== 'string') return null;
  if ((value !== null && typeof value !== 'string') || (order !== 'ASC' && order !== 'DESC')) return null;
  return { sortBy, order, value, key };
}

function badCursor(message: string): Refusal {
  return refuse('invalid', 'INVALID_CURSOR', `cursor ${message}`, [{ field: 'cursor', message }]);
}
