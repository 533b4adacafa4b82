export * from './node.signature.js';
export { PostgresEvidenceStore } from './postgres.evidence-store.js';
export { SqliteEvidenceStore } from './sqlite.evidence-store.js';
