export * from './aggregate-store.js';
export * from './blob-store.js';
export * from './event-batch.js';
export * from './event-store.js';
export * from './recent-map.js';
export * from './reservation.js';
export * from './reservations.js';
export * from './store-error.js';
