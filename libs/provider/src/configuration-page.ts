// The query of the list: strict, and with a cursor that carries the sort it was made for.
import type { JsonObject, Refusal } from '@app/kernel';
import { refuse } from '@app/kernel';
import type { DocumentQuery, DocumentRow, FieldFilter } from '@app/read-model';
import { decodeCursor, encodeCursor } from '@app/read-model';
import { providerConfigurationsView } from './provider-configurations-view.js';

const LIMIT_DEFAULT = 10;
const LIMIT_MAX = 100;
const statuses = ['active', 'disabled'];
const sortFields = ['createdAt', 'updatedAt', 'name'];

/** As it stands in the URL. */
export interface ConfigurationPageInput {
  readonly limit?: string;
  readonly cursor?: string;
  readonly status?: string;
  readonly providerId?: string;
  readonly sortBy?: string;
  readonly sortOrder?: string;
}

export interface ConfigurationPage<Item> {
  readonly items: readonly Item[];
  /** Empty on the last page. */
  readonly nextCursor: string;
  readonly hasMore: boolean;
}

export type ConfigurationPageQuery = DocumentQuery & { readonly pageSize: number };

/** The query for one row more than the page holds, or the refusal of the first parameter that is wrong. */
export function configurationPageQuery(input: ConfigurationPageInput): ConfigurationPageQuery | Refusal {
  const { status, providerId, sortBy, cursor } = input;
  const pageSize = input.limit === undefined ? LIMIT_DEFAULT : Number(input.limit);
  if (!/^\d{1,6}$/.test(input.limit ?? '1') || pageSize < 1 || pageSize > LIMIT_MAX) {
    return badQuery('limit', `must be an integer from 1 to ${LIMIT_MAX}`);
  }
  if (status !== undefined && !statuses.includes(status)) return badQuery('status', oneOf(statuses));
  const order = input.sortOrder?.toUpperCase();
  if (order !== undefined && order !== 'ASC' && order !== 'DESC') return badQuery('sortOrder', oneOf(['ASC', 'DESC']));
  const place = cursor === undefined || cursor === '' ? undefined : placeOf(cursor);
  if (place === null) return badCursor('is not a cursor of this list');
  // The contract has an unknown sortBy sort by creation.
  const asked = sortBy !== undefined && !sortFields.includes(sortBy) ? 'createdAt' : sortBy;
  const field = asked ?? place?.sortBy ?? 'createdAt';
  const descending = (order ?? place?.order ?? 'DESC') === 'DESC';
  if (place && (place.sortBy !== field || (place.order === 'DESC') !== descending)) {
    return badCursor('was made for another sort; send the same sortBy and sortOrder with it');
  }
  const filters: FieldFilter[] = [];
  if (status !== undefined) filters.push({ field: 'status', equals: status });
  if (providerId !== undefined) filters.push({ field: 'providerId', equals: providerId });
  return {
    filters,
    sort: { field, descending },
    ...(place ? { after: { value: place.value, key: place.key } } : {}),
    limit: pageSize + 1,
    pageSize,
  };
}

/** The page of at most `pageSize` rows, from the one row more that was asked for. */
export function configurationPage<Doc>(
  rows: readonly DocumentRow<Doc>[],
  query: ConfigurationPageQuery,
): ConfigurationPage<Doc> {
  const shown = rows.slice(0, query.pageSize);
  const last = shown.at(-1);
  const hasMore = rows.length > query.pageSize;
  const { field, descending } = query.sort;
  const payload = last && {
    sortBy: field,
    order: descending ? 'DESC' : 'ASC',
    value: last.place.value,
    key: last.place.key,
  };
  const nextCursor = hasMore && payload ? encodeCursor(providerConfigurationsView.name, payload) : '';
  return { items: shown.map((row) => row.doc), nextCursor, hasMore };
}

interface Place {
  readonly sortBy: string;
  readonly order: 'ASC' | 'DESC';
  readonly value: string;
  readonly key: string;
}

/** Null for any text that is no cursor of this list. */
function placeOf(cursor: string): Place | null {
  const payload = decodeCursor(providerConfigurationsView.name, cursor);
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
