export * from './access-events.js';
export * from './access-policy.js';
