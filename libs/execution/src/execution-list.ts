// One page of the list of runs.
import type { FieldValue, Refusal } from '@app/kernel';
import { isUuid, refuse } from '@app/kernel';
import type { DocumentQuery, FieldFilter, ViewStore } from '@app/read-model';
import { decodeCursor, encodeCursor } from '@app/read-model';
import type { ExecutionItem } from './execution-wire.js';
import { isObject } from './execution-state.js';
import { EXECUTIONS_VIEW } from './executions-view.js';

const LIMIT_DEFAULT = 10;

export interface ExecutionListInput {
  readonly limit?: string;
  readonly cursor?: string;
  readonly workflowId?: string;
  readonly status?: string;
  readonly sortBy?: 'startedAt' | 'completedAt';
  readonly sortOrder?: string;
}

export interface ExecutionPage {
  readonly items: readonly ExecutionItem[];
  readonly nextCursor: string;
  readonly hasMore: boolean;
}

type Sort = DocumentQuery['sort'];

export function executionQueryOf(input: ExecutionListInput): DocumentQuery | Refusal {
  const { cursor, workflowId, status } = input;
  if (workflowId !== undefined && !isUuid(workflowId)) {
    return refuse('invalid', 'FLK-0002', 'workflowId must be a UUID', [
      { field: 'workflowId', message: 'must be a UUID' },
    ]);
  }
  const filters: FieldFilter[] = [];
  if (workflowId !== undefined) filters.push({ field: 'workflowId', equals: workflowId.toLowerCase() });
  if (status !== undefined) filters.push({ field: 'status', equals: status });
  const limit = input.limit === undefined ? LIMIT_DEFAULT : Number(input.limit);
  if (cursor === undefined || cursor === '') return { filters, sort: sortOf(input), limit };
  if (input.sortBy !== undefined || input.sortOrder !== undefined) {
    return refuse('invalid', 'FLK-0304', 'cursor goes without sortBy and sortOrder: it knows its order', [
      { field: 'cursor', message: 'goes without sortBy and sortOrder' },
    ]);
  }
  const place = placeOf(cursor);
  if (!place) {
    return refuse('invalid', 'INVALID_CURSOR', 'cursor must be the nextCursor of a page of this list', [
      { field: 'cursor', message: 'must be the nextCursor of a page of this list' },
    ]);
  }
  return { filters, ...place, limit };
}

export async function executionPage(views: ViewStore, query: DocumentQuery): Promise<ExecutionPage> {
  const rows = await views.find<ExecutionItem>(EXECUTIONS_VIEW, { ...query, limit: query.limit + 1 });
  const shown = rows.slice(0, query.limit);
  const last = shown.at(-1);
  const hasMore = rows.length > query.limit;
  const { field, descending } = query.sort;
  return {
    items: shown.map((row) => row.doc),
    nextCursor: hasMore && last ? encodeCursor(EXECUTIONS_VIEW, { field, descending, ...last.place }) : '',
    hasMore,
  };
}

function sortOf({ sortBy, sortOrder }: ExecutionListInput): Sort {
  return { field: sortBy ?? 'startedAt', descending: sortOrder?.toUpperCase() !== 'ASC' };
}

function placeOf(cursor: string): { sort: Sort; after: { value: FieldValue; key: string } } | undefined {
  const payload = decodeCursor(EXECUTIONS_VIEW, cursor);
  if (!isObject(payload)) return undefined;
  const { field, descending, value, key } = payload;
  if (typeof field !== 'string' || typeof descending !== 'boolean' || typeof key !== 'string') return undefined;
  if (value !== null && typeof value !== 'string') return undefined;
  return { sort: { field, descending }, after: { value, key } };
}
