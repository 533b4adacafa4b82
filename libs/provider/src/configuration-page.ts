// The list of configurations: which filters and sorts it has.
import type { Refusal } from '@app/kernel';
import type { FieldFilter, PageInput, PageQuery, PageRules } from '@app/read-model';
import { badQuery, mustBeOneOf, pageQueryOf } from '@app/read-model';
import { providerConfigurationsView } from './provider-configurations-view.js';

const statuses = ['active', 'disabled'];

/** The contract has an unknown sortBy sort by creation. */
const rules: PageRules = {
  view: providerConfigurationsView.name,
  sortFields: ['createdAt', 'updatedAt', 'name'],
  unknownSort: 'default',
};

export interface ConfigurationPageInput extends PageInput {
  readonly status?: string;
  readonly providerId?: string;
}

export function configurationPageQuery(input: ConfigurationPageInput): PageQuery | Refusal {
  const { status, providerId } = input;
  if (status !== undefined && !statuses.includes(status)) return badQuery('status', mustBeOneOf(statuses));
  const filters: FieldFilter[] = [];
  if (status !== undefined) filters.push({ field: 'status', equals: status });
  if (providerId !== undefined) filters.push({ field: 'providerId', equals: providerId });
  return pageQueryOf(input, filters, rules);
}
