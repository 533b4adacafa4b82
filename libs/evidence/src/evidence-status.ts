// What is known of the evidence, for probes, metrics and the API.
import type { LogKey } from './evidence-identity.js';

/**
 * `failed`: something does not verify, and nothing new is signed. `stopped`: the sequencer met a bug. `waiting`: a store cannot
 * be reached, or has no room; it goes on by itself.
 */
export type EvidenceState = 'working' | 'waiting' | 'failed' | 'stopped';

export interface AnchorStatus {
  readonly name: string;
  /** Of the last checkpoint that it took. */
  readonly size?: number;
  readonly atMs?: number;
  /** Why it did not take the last one. */
  readonly problem?: string;
}

export interface ScrubStatus {
  /** Leaves of the pass under way that were found to be what the log says. */
  readonly checkedTo: number;
  /** The last pass over everything that had been signed when it began. */
  readonly lastPass?: { readonly size: number; readonly endedAtMs: number };
}

export interface EvidenceStatus {
  readonly state: EvidenceState;
  /** Why it is not working. */
  readonly reason?: string;
  readonly origin: string;
  readonly keys: readonly LogKey[];
  /** Whether this server sequences; another one does where several share a log. */
  readonly sequences: boolean;
  /** Leaves. */
  readonly size: number;
  /** The last checkpoint. */
  readonly signed?: { readonly size: number; readonly atMs: number };
  /** How long the oldest event of the last batch had waited, in milliseconds. */
  readonly lagMs?: number;
  readonly scrub: ScrubStatus;
  readonly anchors: readonly AnchorStatus[];
}
