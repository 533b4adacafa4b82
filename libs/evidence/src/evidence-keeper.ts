// The port to whoever makes the evidence: how it stands, and when there is news.
import type { EvidenceStatus } from './evidence-status.js';

export abstract class EvidenceKeeper {
  /** As it was told last; asks nobody. */
  abstract status(): EvidenceStatus;

  /** Whether `isSo` holds, now or within `timeoutMs`; asked again whenever there is news of the evidence. */
  abstract waitUntil(isSo: () => Promise<boolean>, timeoutMs: number): Promise<boolean>;

  /** Somebody found that this leaf does not verify: to be looked at, and to be failed by if it is so. */
  abstract suspect(index: number): void;
}
