// The list of workflows: which filters and sorts it has.
import type { Refusal } from '@app/kernel';
import type { PageInput, PageQuery, PageRules } from '@app/read-model';
import { badQuery, mustBeOneOf, pageQueryOf } from '@app/read-model';
import { workflowsView } from './workflows-view.js';

const statuses = ['draft', 'active', 'inactive'];

const rules: PageRules = {
  view: workflowsView.name,
  sortFields: ['createdAt', 'updatedAt', 'name'],
};

export interface WorkflowPageInput extends PageInput {
  readonly status?: string;
}

export function workflowPageQuery(input: WorkflowPageInput): PageQuery | Refusal {
  const { status } = input;
  if (status !== undefined && !statuses.includes(status)) return badQuery('status', mustBeOneOf(statuses));
  return pageQueryOf(input, status === undefined ? [] : [{ field: 'status', equals: status }], rules);
}
