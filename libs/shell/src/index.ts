export * from './etag.js';
export * from './json-body.js';
export * from './problem.js';
export * from './refusal-log.js';
export * from './route-table.js';
