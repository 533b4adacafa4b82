// The port to whoever makes the evidence: how it stands, and when an event is covered by a signature.
import type { EvidenceStatus } from './evidence-status.js';

export abstract class EvidenceKeeper {
  /** As it was told last; asks nobody. */
  abstract status(): EvidenceStatus;

  /** Whether more than `index` leaves are signed, now or within `timeoutMs`. */
  abstract waitForSigned(index: number, timeoutMs: number): Promise<boolean>;

  /** Somebody found that this leaf does not verify: to be looked at, and to be failed by if it is so. */
  abstract suspect(index: number): void;
}
