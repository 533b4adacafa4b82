export * from './definition.js';
export * from './definition-check.js';
export * from './definition-diff.js';
export * from './finding.js';
export * from './secret-reference.js';
export * from './webhook-route.js';
export * from './workflow.js';
export * from './workflow-events.js';
