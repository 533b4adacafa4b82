export { MemoryEventStore } from './memory.event-store.js';
export type { MemoryEventStoreOptions } from './memory.event-store.js';
export * from './sqlite.database.js';
export { SqliteEventStore } from './sqlite.event-store.js';
export type { SqliteEventStoreOptions } from './sqlite.event-store.js';
export { SqliteLogReader } from './sqlite.log-reader.js';
export type { LogLocation } from './sqlite.log-reader.js';
export { startThread } from './start.thread.js';
