export * from './aggregate.handler.js';
export * from './caller.decorator.js';
export * from './problem.filter.js';
export * from './route.decorator.js';
export * from './uuid.pipe.js';
export * from './validation.pipe.js';
export * from './wire-code.decorator.js';
