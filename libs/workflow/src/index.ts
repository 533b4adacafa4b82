export * from './definition.js';
export * from './workflow-events.js';
