export { InProcessPostgresViews, type InProcessPostgresOptions } from './in-process.postgres.view-store.js';
export { InProcessViews, type InProcessOptions } from './in-process.sqlite.view-store.js';
export { runProjectorThread } from './projector.thread.js';
export type { LogPlace, ProjectorThreadStart } from './view-messages.js';
export { discardPostgresViews, type DiscardedViews } from './postgres.discarded-views.js';
export { PostgresViews, type PostgresViewsOptions } from './postgres.view-store.js';
export { SqliteViews, type SqliteViewsOptions } from './sqlite.view-store.js';
