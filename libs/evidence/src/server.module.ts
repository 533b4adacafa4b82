// What a server has of this library, beyond what an auditor's tool has.
export { Anchoring } from './anchoring.worker.js';
export { EvidenceLink, EvidenceRefused } from './evidence-link.worker.js';
export type { EvidenceListener } from './evidence-link.worker.js';
export { EvidenceKeeping } from './evidence-keeping.worker.js';
export type { EvidencePlace, EvidenceThreadStart, FollowedLog, SigningKey } from './evidence-messages.js';
export { FileAnchor } from './file.anchor.js';
export { FileSignerMemory } from './file.signer-memory.js';
export { HttpAnchor } from './http.anchor.js';
export { LogCheck } from './log-check.js';
export { pause } from './pause.thread.js';
export { PostgresEvidenceStore } from './postgres.evidence-store.js';
export { Scrub } from './scrub.worker.js';
export { Sequencer } from './sequencer.worker.js';
export { SqliteEvidenceStore } from './sqlite.evidence-store.js';
