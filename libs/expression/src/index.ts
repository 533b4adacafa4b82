export * from './cel.js';
export * from './condition.js';
export * from './mapping.js';
export * from './scope.js';
export * from './template.js';
export * from './transformation.js';
