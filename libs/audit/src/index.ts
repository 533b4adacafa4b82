export * from './audit-entries.js';
export * from './audit-entry.js';
export * from './audit-table.js';
export * from './event-vocabulary.js';
export * from './summary.js';
