export * from './node.signature.js';
