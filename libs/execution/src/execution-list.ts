// The list of runs: which filters and sorts it has.
import type { Refusal } from '@app/kernel';
import { isUuid, refuse } from '@app/kernel';
import type { FieldFilter, Page, PageInput, PageQuery, PageRules, ViewStore } from '@app/read-model';
import { pageQueryOf, readPage } from '@app/read-model';
import type { ExecutionItem } from './execution-wire.js';
import type { ExecutionRow } from './executions-view.js';
import { EXECUTIONS_VIEW } from './executions-view.js';

const rules: PageRules = {
  view: EXECUTIONS_VIEW,
  sortFields: ['startedAt', 'completedAt'],
  cursorStandsAlone: true,
};

export interface ExecutionListInput extends PageInput {
  readonly workflowId?: string;
  readonly status?: string;
}

export function executionQueryOf(input: ExecutionListInput): PageQuery | Refusal {
  const { workflowId, status } = input;
  if (workflowId !== undefined && !isUuid(workflowId)) {
    const fields = [{ field: 'workflowId', message: 'must be a UUID' }];
    return refuse('invalid', 'FLK-0002', 'workflowId must be a UUID', fields);
  }
  const filters: FieldFilter[] = [];
  if (workflowId !== undefined) filters.push({ field: 'workflowId', equals: workflowId.toLowerCase() });
  if (status !== undefined) filters.push({ field: 'status', equals: status });
  return pageQueryOf(input, filters, rules);
}

export async function executionPage(views: ViewStore, query: PageQuery): Promise<Page<ExecutionItem>> {
  const page = await readPage<ExecutionRow>(views, query, EXECUTIONS_VIEW);
  return { ...page, items: page.items.map(({ server: _server, ...item }) => item) };
}
