// The view behind the audit trail: one row per event, in the order of the log.
import type { EntryProjection, RecordedEvent } from '@app/kernel';
import { categoryOf } from '@app/kernel';
import type { AuditEntry } from './audit-entry.js';
import { auditEntryOf, resourceIdOf, resourceNameOf } from './audit-entry.js';
import { auditKindOf } from './audit-table.js';
import type { AuditRow } from './audit-row.js';
import { storedRowOf } from './audit-row.js';
import { excerptOf } from './excerpt.js';
import { summaryOf } from './summary.js';

export const AUDIT_VIEW = 'audit_entries';

/** Characters of JSON that a row copies of one member of an event's data. */
const MEMBER_MAX = 500;
/** Changed paths that a row keeps of an update whose values are too large for it. */
const CHANGES_MAX = 100;
/** What a list shows of one entry's context. */
const LISTED_CONTEXT_MAX = 2_048;

export const auditEntries: EntryProjection<AuditRow> = {
  kind: 'entry',
  name: AUDIT_VIEW,
  version: 2,
  categories: 'all',
  entry: (event) => (categoryOf(event.stream) === 'lease' ? undefined : rowOf(event)),
  facets: {
    eventType: { type: 'text', of: ({ event }) => auditKindOf(event).eventType },
    category: { type: 'text', of: ({ event }) => auditKindOf(event).category },
    action: { type: 'text', of: ({ event }) => auditKindOf(event).action },
    result: { type: 'text', of: ({ event }) => auditKindOf(event).result },
    resourceType: { type: 'text', of: ({ event }) => auditKindOf(event).resourceType },
    actorType: { type: 'text', of: ({ event }) => event.metadata.actor.type },
    actorId: { type: 'text', of: ({ event }) => event.metadata.actor.id },
    actorName: { type: 'text', of: ({ event }) => event.metadata.actor.name },
    channel: { type: 'text', of: ({ event }) => event.metadata.channel },
  },
  fields: {
    eventId: { type: 'text', of: ({ event }) => event.id },
    time: { type: 'number', of: ({ event }) => Date.parse(event.recordedAt) },
    resourceId: { type: 'text', of: ({ event }) => resourceIdOf(event) },
    ip: { type: 'text', of: ({ event }) => event.metadata.ip },
    correlationId: { type: 'text', of: ({ event }) => event.metadata.correlationId },
    requestId: { type: 'text', of: ({ event }) => event.metadata.requestId },
  },
  text: ({ event }) => wordsOf(event),
  stored: storedRowOf,
};

/** The entry as a list shows it. */
export function listedEntryOf(row: AuditRow): AuditEntry | undefined {
  return auditEntryOf(row.event, { contextMax: LISTED_CONTEXT_MAX, omitted: row.omitted !== undefined });
}

/** Members that a workflow or a provider fills with whatever it likes. */
const largeMembers: ReadonlySet<string> = new Set([
  ...['input', 'output', 'nodes', 'edges', 'config', 'metadata', 'settings', 'changes', 'takenEdges'],
]);
/** Of steps, which are most of all events, their content is never copied. */
const stepContent: ReadonlySet<string> = new Set(['input', 'output', 'takenEdges']);

function rowOf(event: RecordedEvent): AuditRow {
  const ofStep = isStep(event);
  const whole = event.data as Readonly<Record<string, unknown>>;
  const data: Record<string, unknown> = {};
  let omitted = false;
  for (const key of Object.keys(whole)) {
    const value = whole[key];
    if (ofStep && stepContent.has(key)) {
      omitted = true;
    } else if (typeof value === 'number' || (typeof value === 'string' && value.length < MEMBER_MAX)) {
      data[key] = value;
    } else {
      const { value: kept, truncated } = excerptOf(value, MEMBER_MAX);
      omitted ||= truncated;
      if (!truncated || !largeMembers.has(key)) data[key] = kept;
      else if (key === 'changes') data[key] = pathsOf(value);
    }
  }
  return omitted ? { event: { ...event, data }, omitted } : { event: { ...event, data } };
}

function isStep({ type }: RecordedEvent): boolean {
  return type.startsWith('Step');
}

/** Which places an update touched stays searchable, however much it changed there. */
function pathsOf(changes: unknown): { path: string }[] {
  return (changes as readonly { readonly path: string }[]).slice(0, CHANGES_MAX).map(({ path }) => ({ path }));
}

/** Kept short for steps: every word costs a write at the rate of the engine. */
function wordsOf(event: RecordedEvent): string {
  const data = event.data as { readonly [key: string]: unknown };
  if (isStep(event)) {
    const { message } = (data['error'] ?? {}) as { readonly message?: unknown };
    return words([data['stepName'], data['workflowName'], message, data['reason']]);
  }
  const { actor, reason } = event.metadata;
  const changes = (data['changes'] ?? []) as readonly { readonly path: unknown }[];
  return words([
    summaryOf(event),
    actor.name,
    resourceNameOf(event),
    resourceIdOf(event),
    reason,
    data['code'],
    ...changes.map(({ path }) => path),
  ]);
}

function words(parts: readonly unknown[]): string {
  return parts.filter((part) => typeof part === 'string').join(' ');
}
