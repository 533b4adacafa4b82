export * from './aggregate.handler.js';
export * from './caller.decorator.js';
