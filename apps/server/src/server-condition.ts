// What the probes and the metrics ask of the running server.
import type { Condition } from './readiness.js';

export interface Vitals {
  readonly liveRuns: number;
  readonly stepsUnderWay: number;
  readonly requestsUnderWay: number;
  /** Events appended to the log, of which the views have seen so many; undefined where positions are no numbers. */
  readonly logHead?: number;
  readonly viewHead?: number;
  /** Leaves of the evidence, how many of them are signed, and whether it has failed to verify (1). */
  readonly evidenceSize: number;
  readonly evidenceSigned: number;
  readonly evidenceFailed: number;
  /** Seconds that the oldest event of the last batch had waited for its leaf, and since the last checkpoint. */
  readonly evidenceLag?: number;
  readonly evidenceSignedAge?: number;
  /** Seconds since the last pass over everything that was signed. */
  readonly evidenceScrubAge?: number;
  /** Seconds since each anchor took a checkpoint, by name. */
  readonly anchorAges: Readonly<Record<string, number>>;
  /** Runs that ended here since the start, by outcome. */
  readonly runsEnded: Readonly<Record<string, number>>;
  /** Provider calls since the start, by result. */
  readonly callsMade: Readonly<Record<string, number>>;
}

export abstract class ServerCondition {
  abstract readonly version: string;
  abstract readonly startedAtMs: number;
  /** Answers within about two seconds, whatever the parts do. */
  abstract now(): Promise<Condition>;
  abstract vitals(): Promise<Vitals>;
}
