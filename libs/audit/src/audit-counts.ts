// How many entries there are of which kind: for the filter bar and for the chart above the list.
import type { Refusal } from '@app/kernel';
import { refuse, timestamp } from '@app/kernel';
import type { EntrySelection, FacetCount, FieldFilter } from '@app/read-model';

/** The facets that are counted; all of them in one pass. */
export const countedFacets = [
  'eventType',
  'category',
  'action',
  'result',
  'resourceType',
  'actorType',
  'actorId',
  'actorName',
  'channel',
] as const;

export interface ValueCount {
  readonly value: string;
  readonly count: number;
}

export interface ActorCount {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly count: number;
}

/** Most first. */
export interface AuditFacets {
  readonly total: number;
  readonly eventTypes: readonly ValueCount[];
  readonly categories: readonly ValueCount[];
  readonly actions: readonly ValueCount[];
  readonly results: readonly ValueCount[];
  readonly resourceTypes: readonly ValueCount[];
  readonly channels: readonly ValueCount[];
  readonly actors: readonly ActorCount[];
}

export function facetsOf(counts: readonly FacetCount[]): AuditFacets {
  return {
    total: counts.reduce((sum, { count }) => sum + count, 0),
    eventTypes: countedBy(counts, 'eventType'),
    categories: countedBy(counts, 'category'),
    actions: countedBy(counts, 'action'),
    results: countedBy(counts, 'result'),
    resourceTypes: countedBy(counts, 'resourceType'),
    channels: countedBy(counts, 'channel'),
    actors: actorsOf(counts),
  };
}

function countedBy(counts: readonly FacetCount[], facet: (typeof countedFacets)[number]): ValueCount[] {
  const sums = new Map<string, number>();
  for (const { values, count } of counts) {
    const value = values[facet];
    if (typeof value === 'string') sums.set(value, (sums.get(value) ?? 0) + count);
  }
  return [...sums].map(([value, count]) => ({ value, count })).sort(mostFirst);
}

function actorsOf(counts: readonly FacetCount[]): ActorCount[] {
  const sums = new Map<string, ActorCount>();
  for (const { values, count } of counts) {
    const [id, name, type] = [String(values['actorId']), String(values['actorName']), String(values['actorType'])];
    const key = JSON.stringify([type, id, name]);
    sums.set(key, { id, name, type, count: (sums.get(key)?.count ?? 0) + count });
  }
  return [...sums.values()].sort(mostFirst);
}

function mostFirst(a: { readonly count: number }, b: { readonly count: number }): number {
  return b.count - a.count;
}

export const intervals = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;
export type Interval = keyof typeof intervals;
export const BUCKETS_MAX = 100;

/** The selection cut into buckets, oldest first; bounds of buckets are whole intervals of UTC. */
export interface Bucket {
  readonly fromMs: number;
  readonly selection: EntrySelection;
}

/** Both bounds of time must be given, and at most 100 intervals lie between them. */
export function bucketsOf(selection: EntrySelection, interval: Interval): readonly Bucket[] | Refusal {
  const filters = selection.filters ?? [];
  const time = filters.find((filter) => filter.field === 'time') as TimeFilter | undefined;
  if (time?.from === undefined || time.to === undefined) {
    return refuseBounds('FLK-0305', 'a histogram needs dateFrom and dateTo');
  }
  const width = intervals[interval];
  const first = Math.floor(time.from / width);
  const last = Math.floor(time.to / width);
  if (last - first >= BUCKETS_MAX) {
    return refuseBounds('FLK-0308', `dateFrom and dateTo may lie at most ${BUCKETS_MAX} intervals apart`);
  }
  const others = filters.filter((filter) => filter.field !== 'time');
  const { from, to } = time;
  return Array.from({ length: last - first + 1 }, (_, index) => {
    const fromMs = (first + index) * width;
    const within = { field: 'time', from: Math.max(from, fromMs), to: Math.min(to, fromMs + width - 1) };
    return { fromMs, selection: { ...selection, filters: [...others, within] } };
  });
}

export interface BucketCount {
  /** Beginning of the bucket, RFC 3339. */
  readonly from: string;
  readonly success: number;
  readonly failed: number;
}

export function bucketCountOf(fromMs: number, counts: readonly FacetCount[]): BucketCount {
  const of = (result: string): number => counts.find(({ values }) => values['result'] === result)?.count ?? 0;
  return { from: timestamp(fromMs), success: of('SUCCESS'), failed: of('FAILED') };
}

type TimeFilter = Extract<FieldFilter, { from?: unknown }> & { readonly from?: number; readonly to?: number };

function refuseBounds(code: string, message: string): Refusal {
  return refuse('invalid', code, message, [{ field: 'dateFrom', message }]);
}
