// What a server has of this library, beyond what an auditor's tool has: the routes of the evidence, and whoever makes it.
import type { DynamicModule } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { EvidenceController } from './evidence.controller.js';
import { EvidenceExport } from './evidence-export.js';
import { EvidenceGuard } from './evidence.guard.js';
import { EvidenceKeeper } from './evidence-keeper.js';
import { EvidenceReader } from './evidence-reader.js';

export { Anchoring } from './anchoring.worker.js';
export { EvidenceLink, EvidenceRefused } from './evidence-link.worker.js';
export type { EvidenceListener } from './evidence-link.worker.js';
export { EvidenceKeeping } from './evidence-keeping.worker.js';
export type { EvidencePlace, EvidenceThreadStart, FollowedLog, SigningKey } from './evidence-messages.js';
export { openEvidence } from './evidence-opening.worker.js';
export type { OpenedEvidence } from './evidence-opening.worker.js';
export { FileAnchor } from './file.anchor.js';
export { FileSignerMemory } from './file.signer-memory.js';
export { HttpAnchor } from './http.anchor.js';
export { LogCheck } from './log-check.js';
export { pause } from './pause.thread.js';
export { PostgresEvidenceStore } from './postgres.evidence-store.js';
export { Scrub } from './scrub.worker.js';
export { Sequencer } from './sequencer.worker.js';
export { SqliteEvidenceStore } from './sqlite.evidence-store.js';

export interface EvidenceParts {
  readonly keeper: EvidenceKeeper;
  readonly reader: EvidenceReader;
  readonly exports: EvidenceExport;
}

@Module({})
export class EvidenceModule {
  /** Everybody may inject what it exports. Its guard stands behind the guards of modules that come before it. */
  static register({ keeper, reader, exports }: EvidenceParts): DynamicModule {
    return {
      module: EvidenceModule,
      global: true,
      controllers: [EvidenceController],
      providers: [
        { provide: EvidenceKeeper, useValue: keeper },
        { provide: EvidenceReader, useValue: reader },
        { provide: EvidenceExport, useValue: exports },
        { provide: APP_GUARD, useFactory: () => new EvidenceGuard(keeper) },
      ],
      exports: [EvidenceKeeper, EvidenceReader, EvidenceExport],
    };
  }
}
