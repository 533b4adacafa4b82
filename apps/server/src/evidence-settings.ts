// What the environment says of the evidence.
import type { Setting } from './setting.js';
import { setting } from './setting.js';
import { hexId, integer, origin, signerKey, text, witnesses } from './setting-kinds.js';
import type { Witness } from './setting-kinds.js';

export interface EvidenceSettings {
  readonly evidenceOrigin?: string;
  readonly evidenceKey?: string;
  readonly evidenceKeyFile?: string;
  readonly evidenceReplacesKey?: string;
  readonly evidenceAnchorFile?: string;
  readonly evidenceWitnesses: readonly Witness[];
  readonly evidenceScrubRate: number;
}

export const evidenceSchema = {
  evidenceOrigin: setting(
    'EVIDENCE_ORIGIN',
    'name without blanks, as in `runledger.example/log`',
    '`runledger.local/` and a random id',
    'The name of the log in all of its evidence; settled at the first start and never changed.',
    origin,
  ),
  evidenceKey: setting(
    'EVIDENCE_KEY',
    'signing key, secret',
    'the file EVIDENCE_KEY_FILE',
    'The key that signs checkpoints, as `runledger keys generate` makes it.',
    signerKey,
  ),
  evidenceKeyFile: setting(
    'EVIDENCE_KEY_FILE',
    'path',
    'the file `evidence.key` in DATA_DIR',
    'The file of that key, made at the first start; what was signed last is kept beside it.',
    text,
  ),
  evidenceReplacesKey: setting(
    'EVIDENCE_REPLACES_KEY',
    'eight hexadecimal digits',
    'none',
    'The id of the signing key that the one at hand may take the place of.',
    hexId,
  ),
  evidenceAnchorFile: setting(
    'EVIDENCE_ANCHOR_FILE',
    'path',
    'none',
    'A file on another volume to which checkpoints are appended.',
    text,
  ),
  evidenceWitnesses: setting(
    'EVIDENCE_WITNESSES',
    'list of address, blank, verifier key',
    'empty',
    'Witnesses that cosign checkpoints (C2SP tlog-witness).',
    witnesses,
  ),
  evidenceScrubRate: setting(
    'EVIDENCE_SCRUB_RATE',
    'events a second',
    '2000',
    'How fast everything that was recorded is held against the evidence again, over and over.',
    integer(1, 1_000_000),
  ),
} satisfies Record<keyof EvidenceSettings, Setting<unknown>>;
