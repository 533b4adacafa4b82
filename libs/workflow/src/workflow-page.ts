// The query of the list: strict, and with a cursor that carries the sort it was made for.
import type { Json, JsonObject, Refusal } from '@app/kernel';
import { refuse } from '@app/kernel';
import type { DocumentQuery, DocumentRow } from '@app/read-model';
import { decodeCursor, encodeCursor } from '@app/read-model';
import { workflowsView } from './workflows-view.js';

const LIMIT_DEFAULT = 10;
const LIMIT_MAX = 100;
const statuses = ['draft', 'active', 'inactive'];
const sortFields = ['createdAt', 'updatedAt', 'name'];

/** As it stands in the URL. */
export interface WorkflowPageInput {
  readonly limit?: string;
  readonly cursor?: string;
  readonly status?: string;
  readonly sortBy?: string;
  readonly sortOrder?: string;
}

export interface WorkflowPage<Item> {
  readonly items: readonly Item[];
  /** Empty on the last page. */
  readonly nextCursor: string;
  readonly hasMore: boolean;
}

/** The query for one row more than the page holds, or the refusal of the first parameter that is wrong. */
export function workflowPageQuery(input: WorkflowPageInput): (DocumentQuery & { readonly pageSize: number }) | Refusal {
  const { status, sortBy, cursor } = input;
  const pageSize = input.limit === undefined ? LIMIT_DEFAULT : Number(input.limit);
  if (!/^\d{1,6}$/.test(input.limit ?? '1') || pageSize < 1 || pageSize > LIMIT_MAX) {
    return badQuery('limit', `must be an integer from 1 to ${LIMIT_MAX}`);
  }
  if (status !== undefined && !statuses.includes(status)) return badQuery('status', oneOf(statuses));
  if (sortBy !== undefined && !sortFields.includes(sortBy)) return badQuery('sortBy', oneOf(sortFields));
  const order = input.sortOrder?.toUpperCase();
  if (order !== undefined && order !== 'ASC' && order !== 'DESC') return badQuery('sortOrder', oneOf(['ASC', 'DESC']));
  const place = cursor === undefined || cursor === '' ? undefined : placeOf(cursor);
  if (place === null) return badCursor('is not a cursor of this list');
  const field = sortBy ?? place?.sortBy ?? 'createdAt';
  const descending = (order ?? place?.order ?? 'DESC') === 'DESC';
  if (place && (place.sortBy !== field || (place.order === 'DESC') !== descending)) {
    return badCursor('was made for another sort; send the same sortBy and sortOrder with it');
  }
  return {
    ...(status === undefined ? {} : { filters: [{ field: 'status', equals: status }] }),
    sort: { field, descending },
    ...(place ? { after: { value: place.value, key: place.key } } : {}),
    limit: pageSize + 1,
    pageSize,
  };
}

/** The page of at most `pageSize` rows, from the one row more that was asked for. */
export function workflowPage<Doc>(
  rows: readonly DocumentRow<Doc>[],
  query: { readonly sort: DocumentQuery['sort']; readonly pageSize: number },
): WorkflowPage<Doc> {
  const shown = rows.slice(0, query.pageSize);
  const last = shown.at(-1);
  const hasMore = rows.length > query.pageSize;
  const nextCursor = hasMore && last ? cursorOf(last.place, query.sort) : '';
  return { items: shown.map((row) => row.doc), nextCursor, hasMore };
}

interface Place {
  readonly sortBy: string;
  readonly order: 'ASC' | 'DESC';
  readonly value: string;
  readonly key: string;
}

function cursorOf(place: DocumentRow<unknown>['place'], sort: DocumentQuery['sort']): string {
  const order = sort.descending ? 'DESC' : 'ASC';
  return encodeCursor(workflowsView.name, { sortBy: sort.field, order, value: place.value, key: place.key });
}

/** Null for any text that is no cursor of this list. */
function placeOf(cursor: string): Place | null {
  const payload: Json | undefined = decodeCursor(workflowsView.name, cursor);
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return null;
  const { sortBy, order, value, key }: JsonObject = payload;
  const isPlace = typeof sortBy === 'string' && sortFields.includes(sortBy) && typeof key === 'string';
  if (!isPlace || typeof value !== 'string' || (order !== 'ASC' && order !== 'DESC')) return null;
  return { sortBy, order, value, key };
}

function oneOf(values: readonly string[]): string {
  return `must be one of ${values.join(', ')}`;
}

function badQuery(field: string, message: string): Refusal {
  return refuse('invalid', 'FLK-0304', `${field} ${message}`, [{ field, message }]);
}

function badCursor(message: string): Refusal {
  return refuse('invalid', 'INVALID_CURSOR', `cursor ${message}`, [{ field: 'cursor', message }]);
}
