// What watches over the evidence, part by part: for whoever puts the parts together without a thread, as tests do.
export { CheckpointSigner } from './checkpoint-signer.js';
export { EvidenceFailure } from './evidence-failure.js';
export { EvidenceKeeping } from './evidence-keeping.worker.js';
export { settleIdentity } from './evidence-parts.thread.js';
export { FileSignerMemory } from './file.signer-memory.js';
export { Scrub } from './scrub.worker.js';
export { Sequencer } from './sequencer.worker.js';
export type { HeldHead } from './sequencer.worker.js';
