// Every view of this server.
import type { Projection } from '@app/kernel';
import { projection } from '@app/kernel';
import { apiKeyView } from '@app/access';
import { auditEntries } from '@app/audit';
import { executionsView, executionStatisticsView } from '@app/execution';
import { providerConfigurationsView } from '@app/provider';
import { configurationUsersView, workflowsView } from '@app/workflow';

export const projections: readonly Projection[] = [
  projection(workflowsView),
  projection(configurationUsersView),
  projection(providerConfigurationsView),
  projection(executionsView),
  projection(executionStatisticsView),
  projection(apiKeyView),
  projection(auditEntries),
];
