export * from './cursor.js';
export * from './document-page.js';
export * from './text-order.js';
export * from './view-store.js';
export * from './words.js';
