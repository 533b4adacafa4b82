export * from './cursor.js';
export * from './text-order.js';
export * from './view-store.js';
export * from './words.js';
