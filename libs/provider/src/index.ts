export * from './provider-caller.js';
export * from './provider-events.js';
