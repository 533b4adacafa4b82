// The figures of a running server, from what its parts say of themselves.
import type { EvidenceStatus } from '@app/evidence';
import type { Vitals } from './server-condition.js';

export interface VitalParts {
  /** Undefined before the server begins to drive runs. */
  readonly runner:
    | {
        readonly liveRuns: number;
        readonly stepsUnderWay: number;
        readonly tally: { readonly runs: Vitals['runsEnded']; readonly calls: Vitals['callsMade'] };
      }
    | undefined;
  readonly requestsUnderWay: number;
  /** Positions. */
  readonly logHead: string | undefined;
  readonly viewHead: string | undefined;
  readonly evidence: EvidenceStatus;
  readonly nowMs: number;
}

export function vitalsOf({ runner, requestsUnderWay, evidence, nowMs, ...heads }: VitalParts): Vitals {
  const [logHead, viewHead] = [numberIn(heads.logHead), numberIn(heads.viewHead)];
  return {
    liveRuns: runner?.liveRuns ?? 0,
    stepsUnderWay: runner?.stepsUnderWay ?? 0,
    requestsUnderWay,
    runsEnded: runner?.tally.runs ?? {},
    callsMade: runner?.tally.calls ?? {},
    ...evidenceVitals(evidence, nowMs),
    ...(logHead === undefined ? {} : { logHead }),
    ...(viewHead === undefined ? {} : { viewHead }),
  };
}

type EvidenceVitals = Pick<Vitals, Extract<keyof Vitals, `evidence${string}`> | 'anchorAges'>;

function evidenceVitals({ size, state, signed, lagMs, scrub, anchors }: EvidenceStatus, nowMs: number): EvidenceVitals {
  const age = (atMs: number): number => Math.max(0, nowMs - atMs) / 1_000;
  return {
    evidenceSize: size,
    evidenceSigned: signed?.size ?? 0,
    evidenceFailed: state === 'failed' ? 1 : 0,
    ...(lagMs === undefined ? {} : { evidenceLag: lagMs / 1_000 }),
    ...(signed ? { evidenceSignedAge: age(signed.atMs) } : {}),
    ...(scrub.lastPass ? { evidenceScrubAge: age(scrub.lastPass.endedAtMs) } : {}),
    anchorAges: Object.fromEntries(
      anchors.flatMap(({ name, atMs }) => (atMs === undefined ? [] : [[name, age(atMs)]])),
    ),
  };
}

/** `sql:00000000000000000042` is event 42; positions of other stores are no numbers. */
function numberIn(position: string | undefined): number | undefined {
  const digits = /^sql:(\d+)$/.exec(position ?? '')?.[1];
  return digits === undefined ? undefined : Number(digits);
}
