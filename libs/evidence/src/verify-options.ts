// What a caller tells the verifier: whom he trusts, what he holds, and what time it is.
import type { VerifierKey } from './note-key.js';
import type { VerifySignature } from './note-signature.js';
import type { StreamRule } from './stream-rule.js';
import type { Sha256 } from './tree-hasher.js';
import type { Level } from './verify-report.js';
import type { KnownCheckpoint } from './verify-signatures.js';

export interface VerifyOptions {
  readonly sha256: Sha256;
  readonly verify: VerifySignature;
  /** The log's key, from somewhere else than the bundle. Without it nothing above L0 can be shown. */
  readonly key?: VerifierKey;
  /** Checkpoints that the caller kept; `openKnown` reads them. */
  readonly known?: readonly KnownCheckpoint[];
  /** Keys of witnesses that the caller trusts. */
  readonly witnesses?: readonly VerifierKey[];
  /** What must hold between the events of one stream. */
  readonly rules?: readonly StreamRule[];
  /** The verifier's own time, in milliseconds since 1970. */
  readonly nowMs: number;
  /** A cosignature is fresh for so long. Default one day. */
  readonly freshMs?: number;
  /** Less than this is incomplete. */
  readonly levelMin?: Level;
  readonly onProgress?: (bytes: number, leaves: number) => void;
}

export const FRESH_MS_DEFAULT = 24 * 3_600_000;
