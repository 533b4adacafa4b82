// What the probes say: pure, from what is known about the parts.
import type { StoreHealth } from '@app/event-store';
import type { ViewStatus } from '@app/read-model';
import type { WorkerStatus } from '@app/shell';
import type { EvidenceState, EvidenceStatus } from '@app/evidence';

export type CheckStatus = 'up' | 'down' | 'degraded';

export interface Check {
  readonly status: CheckStatus;
  readonly latency_ms?: number;
  /** For operators; never a secret, never the text of an unexpected error. */
  readonly reason?: string;
}

export interface Condition {
  readonly phase: 'starting' | 'serving' | 'draining';
  readonly store: StoreHealth;
  readonly views: Pick<ViewStatus, 'rebuilding' | 'failed' | 'passing'> & {
    /** Whether everything that was acknowledged when the question came is shown, or was soon after. */
    readonly caughtUp: boolean;
  };
  readonly evidence: Pick<EvidenceStatus, 'state' | 'reason'>;
  readonly workers: readonly WorkerStatus[];
}

export interface Readiness {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, Check>>;
}

/** Ready: the log can be written, the views can answer, the evidence verifies, every worker works, and the server means to go on. */
export function readinessOf(condition: Condition): Readiness {
  const checks: Record<string, Check> = {
    server: serverCheck(condition.phase),
    event_store: storeCheck(condition.store),
    views: viewsCheck(condition.views),
    evidence: evidenceCheck(condition.evidence),
    workers: workersCheck(condition.workers),
  };
  return { ready: Object.values(checks).every(({ status }) => status === 'up'), checks };
}

function serverCheck(phase: Condition['phase']): Check {
  if (phase === 'serving') return { status: 'up' };
  return { status: 'down', reason: phase === 'draining' ? 'it drains and is about to stop' : 'it is starting' };
}

function storeCheck({ status, latencyMs, reason }: Condition['store']): Check {
  const latency_ms = Math.round(latencyMs);
  return status === 'up' ? { status, latency_ms } : { status, latency_ms, reason: reason ?? 'it does not answer' };
}

function viewsCheck({ caughtUp, rebuilding, failed, passing }: Condition['views']): Check {
  if (failed !== undefined) {
    return { status: 'down', reason: passing ? failed : 'a view cannot be folded on; see the log' };
  }
  if (rebuilding.length > 0) return { status: 'degraded', reason: `being made anew: ${rebuilding.join(', ')}` };
  return caughtUp ? { status: 'up' } : { status: 'degraded', reason: 'the views are behind the log' };
}

const evidenceStates: Readonly<Record<EvidenceState, CheckStatus>> = {
  working: 'up',
  waiting: 'degraded',
  failed: 'down',
  stopped: 'down',
};

function evidenceCheck({ state, reason }: Condition['evidence']): Check {
  const status = evidenceStates[state];
  return reason === undefined || status === 'up' ? { status } : { status, reason };
}

function workersCheck(workers: readonly WorkerStatus[]): Check {
  const named = (condition: WorkerStatus['condition']): string =>
    workers
      .filter((worker) => worker.condition === condition)
      .map(({ name }) => name)
      .join(', ');
  const [failed, retrying] = [named('failed'), named('retrying')];
  if (failed !== '') return { status: 'down', reason: `stopped by a bug: ${failed}; see the log` };
  if (retrying !== '') return { status: 'degraded', reason: `waiting for the store: ${retrying}` };
  return { status: 'up' };
}

/** `1h2m3.4s`, as the contract writes durations. */
export function durationText(ms: number): string {
  const seconds = ms / 1000;
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  const rest = `${Math.floor((seconds % 60) * 10) / 10}s`;
  return `${hours > 0 ? `${hours}h` : ''}${hours > 0 || minutes > 0 ? `${minutes}m` : ''}${rest}`;
}
