// How many runs started in a span of time, by outcome: whole minutes from the statistics, the two ends by index.
import type { FieldFilter, ViewStore } from '@app/read-model';
import { EXECUTION_STATISTICS_VIEW, EXECUTIONS_VIEW, minuteOf } from './executions-view.js';

export interface RunCounts {
  readonly total: number;
  readonly completed: number;
  readonly failed: number;
  /** Always 0: a run is running from its first event on. */
  readonly pending: number;
  readonly running: number;
  readonly cancelled: number;
}

/** Both bounds inclusive, milliseconds; absent: open. */
export interface Span {
  readonly fromMs?: number;
  readonly toMs?: number;
}

const MINUTE_MS = 60_000;
const outcomes = ['completed', 'failed', 'cancelled', 'running'] as const;
type Outcome = (typeof outcomes)[number];

export async function runCounts(views: ViewStore, span: Span, status?: string): Promise<RunCounts> {
  const { minutes, edges } = divided(span);
  const counts: Record<Outcome, number> = { completed: 0, failed: 0, cancelled: 0, running: 0 };
  if (minutes) {
    const sum = (field: string): Promise<number> => views.sum(EXECUTION_STATISTICS_VIEW, field, minutes);
    const [started, completed, failed, cancelled] = await Promise.all([
      sum('started'),
      sum('completed'),
      sum('failed'),
      sum('cancelled'),
    ]);
    counts.completed += completed;
    counts.failed += failed;
    counts.cancelled += cancelled;
    counts.running += started - completed - failed - cancelled;
  }
  for (const edge of edges) {
    for (const outcome of outcomes) {
      counts[outcome] += await views.count(EXECUTIONS_VIEW, [{ field: 'status', equals: outcome }, edge]);
    }
  }
  for (const outcome of outcomes) if (status !== undefined && status !== outcome) counts[outcome] = 0;
  return { total: outcomes.reduce((sum, outcome) => sum + counts[outcome], 0), pending: 0, ...counts };
}

/** The whole minutes of a span, and what is left of it before and behind them. */
function divided({ fromMs, toMs }: Span): { minutes?: readonly FieldFilter[]; edges: readonly FieldFilter[] } {
  const first = fromMs === undefined ? undefined : Math.ceil(fromMs / MINUTE_MS) * MINUTE_MS;
  const end = toMs === undefined ? undefined : Math.floor((toMs + 1) / MINUTE_MS) * MINUTE_MS;
  if (first !== undefined && end !== undefined && end <= first) return { edges: [startedBetween(fromMs, toMs)] };
  const edges: FieldFilter[] = [];
  if (first !== undefined && fromMs !== undefined && fromMs < first) edges.push(startedBetween(fromMs, first - 1));
  if (end !== undefined && toMs !== undefined && end <= toMs) edges.push(startedBetween(end, toMs));
  const bounds = {
    ...(first === undefined ? {} : { from: minuteOf(iso(first)) }),
    ...(end === undefined ? {} : { to: minuteOf(iso(end - 1)) }),
  };
  return { minutes: first === undefined && end === undefined ? [] : [{ field: 'minute', ...bounds }], edges };
}

function startedBetween(fromMs: number | undefined, toMs: number | undefined): FieldFilter {
  return {
    field: 'startedAt',
    ...(fromMs === undefined ? {} : { from: iso(fromMs) }),
    ...(toMs === undefined ? {} : { to: iso(toMs) }),
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
