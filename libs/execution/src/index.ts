export * from './compiled-definition.js';
export * from './execution.js';
export * from './execution-events.js';
export * from './execution-state.js';
export * from './planner.js';
export * from './retry-policy.js';
export * from './run-command.js';
export { contextOf } from './run-draft.js';
export * from './run-graph.js';
