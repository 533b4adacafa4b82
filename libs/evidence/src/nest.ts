export * from './node.signature.js';
export * from './open-evidence.worker.js';
