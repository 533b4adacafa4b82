export * from './execution-events.js';
