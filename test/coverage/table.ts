// The coverage table: every route that a server has, with every outcome.
import { absentRoutes, descriptionRoutes } from './edge-routes.js';
import { evidenceRoutes } from './evidence-routes.js';
import { executionRoutes } from './execution-routes.js';
import { providerRoutes } from './provider-routes.js';
import { accessRoutes, auditRoutes, probeRoutes } from './reading-routes.js';
import { webhookRoutes } from './webhook-routes.js';
import { workflowRoutes } from './workflow-routes.js';

export const routeTable = [
  ...probeRoutes,
  ...descriptionRoutes,
  ...workflowRoutes,
  ...providerRoutes,
  ...executionRoutes,
  ...webhookRoutes,
  ...accessRoutes,
  ...auditRoutes,
  ...evidenceRoutes,
];

/** With what no route is there for. */
export const wholeTable = [...routeTable, ...absentRoutes];
