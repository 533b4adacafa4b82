// One recorded event as the entry that an administrator reads. Nothing is written for the audit apart.
import type { Actor, ActorType, Channel, GlobalPosition, RecordedEvent } from '@app/kernel';
import { categoryOf, keyOf } from '@app/kernel';
import type { AuditContext } from './audit-facts.js';
import { factsOf } from './audit-facts.js';
import type { AuditAction, AuditCategory, AuditResult, ResourceType } from './audit-table.js';
import { auditKindOf } from './audit-table.js';
import { isDeclared } from './event-vocabulary.js';
import { excerptOf } from './excerpt.js';
import { summaryOf } from './summary.js';

export interface AuditActor {
  readonly type: ActorType;
  readonly id: string;
  readonly ipAddress?: string;
  readonly name: string;
  readonly via: string;
}

export interface AuditChange {
  readonly path: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** Its place in the evidence (`hash`, `previousHash`, `leafIndex`) is added where the entry is read: see `audit-integrity.ts`. */
export interface AuditEntry {
  readonly eventId: string;
  readonly eventType: string;
  readonly action: AuditAction;
  readonly result: AuditResult;
  /** The id of what the event is about: a UUID, except for access, system and reservation entries. */
  readonly resourceId: string;
  readonly resourceType: ResourceType;
  readonly actor: AuditActor;
  /** Who asked for the run, where the engine itself acted. */
  readonly onBehalfOf?: Omit<AuditActor, 'ipAddress'>;
  /** Size-limited; `truncated` when something is missing here, and `whole` where all of it is. */
  readonly context?: AuditContext & { readonly truncated?: true; readonly whole?: string };
  readonly metadata: Readonly<Record<string, string | number>>;
  /** When the log took it in, RFC 3339, UTC. */
  readonly timestamp: string;
  /** When it happened, RFC 3339, UTC: where the log took it in a second later or more, because it was away. */
  readonly occurredAt?: string;
  readonly category: AuditCategory;
  readonly resourceName?: string;
  readonly channel: Channel;
  readonly userAgent?: string;
  readonly requestId?: string;
  readonly correlationId: string;
  readonly causationId?: string;
  readonly reason?: string;
  readonly summary: string;
  readonly stream: string;
  readonly revision: number;
  readonly position: GlobalPosition;
  readonly changes?: readonly AuditChange[];
  /** Leaf hash of the event, hexadecimal; absent until the event is sequenced, a moment after it was recorded. */
  readonly hash?: string;
  /** Leaf hash of the event before it in its stream; absent for the first. */
  readonly previousHash?: string;
  readonly leafIndex?: number;
}

/** Characters of JSON that context and changes of one entry may take. */
export const ENTRY_CONTEXT_MAX = 16_384;
const ERROR_LENGTH_MAX = 1_000;
const LATE_MS = 1_000;

/**
 * The entry of a recorded event; undefined for leases, which tell of servers among themselves and of nobody's deed.
 * @param omitted whether parts of the event's data were already left out.
 */
export function auditEntryOf(
  event: RecordedEvent,
  limits: { readonly contextMax?: number; readonly omitted?: boolean } = {},
): AuditEntry | undefined {
  if (categoryOf(event.stream) === 'lease') return undefined;
  const { metadata } = event;
  const resourceId = resourceIdOf(event);
  const facts = isDeclared(event) ? factsOf(event, resourceId) : { metadata: {}, context: {} };
  const contextMax = limits.contextMax ?? ENTRY_CONTEXT_MAX;
  const context = excerptOf(facts.context, contextMax);
  const changes = excerptOf(changesOf(event), contextMax);
  const truncated = context.truncated || changes.truncated || limits.omitted === true;
  return {
    eventId: event.id,
    ...auditKindOf(event),
    resourceId,
    ...optional('resourceName', resourceNameOf(event)),
    actor: { ...actorOf(metadata.actor), ...optional('ipAddress', metadata.ip) },
    ...optional('onBehalfOf', metadata.onBehalfOf && actorOf(metadata.onBehalfOf)),
    ...contextMember(context.value as AuditContext, truncated ? wholeOf(event) : undefined),
    metadata: definedOf(facts.metadata),
    timestamp: event.recordedAt,
    ...optional('occurredAt', lateOf(event)),
    channel: metadata.channel,
    ...optional('userAgent', metadata.userAgent),
    ...optional('requestId', metadata.requestId),
    correlationId: metadata.correlationId,
    ...optional('causationId', metadata.causationId),
    ...optional('reason', reasonOf(event)),
    summary: summaryOf(event),
    stream: event.stream,
    revision: event.revision,
    position: event.position,
    ...optional('changes', changes.value as readonly AuditChange[] | undefined),
  };
}

/** The id of what the event is about: for a refused command the thing that was not changed. */
export function resourceIdOf(event: RecordedEvent): string {
  if (isDeclared(event) && event.type === 'CommandRefused') {
    const { resourceType } = auditKindOf(event);
    if (resourceType !== 'access' && event.data.resourceId !== undefined) return event.data.resourceId;
  }
  return keyOf(event.stream);
}

export function resourceNameOf(event: RecordedEvent): string | undefined {
  const data = event.data as Readonly<Record<string, unknown>>;
  if (event.type === 'AccessDenied' || event.type === 'CommandRefused') {
    return auditKindOf(event).resourceType === 'access'
      ? `${String(data['method'])} ${String(data['path'])}`
      : undefined;
  }
  const name = data['workflowName'] ?? data['name'] ?? data['value'];
  return typeof name === 'string' ? name : undefined;
}

function lateOf({ metadata, recordedAt }: RecordedEvent): string | undefined {
  const { occurredAt } = metadata;
  return Date.parse(recordedAt) - Date.parse(occurredAt) >= LATE_MS ? occurredAt : undefined;
}

/** Where the event stands in full. */
export function wholeOf({ stream, revision }: Pick<RecordedEvent, 'stream' | 'revision'>): string {
  return `/v1/streams/${stream}/events?from=${revision}&limit=1`;
}

function reasonOf({ data, metadata }: RecordedEvent): string | undefined {
  if (metadata.reason !== undefined) return metadata.reason;
  const { reason } = data as { readonly reason?: unknown };
  return typeof reason === 'string' ? reason : undefined;
}

function changesOf(event: RecordedEvent): unknown {
  const { changes } = event.data as { readonly changes?: unknown };
  return Array.isArray(changes) ? changes : undefined;
}

function actorOf({ type, id, name, via }: Actor): Omit<AuditActor, 'ipAddress'> {
  return { type, id, name, via };
}

function contextMember(context: AuditContext, whole: string | undefined): Pick<AuditEntry, 'context'> {
  const shown = whole === undefined ? context : { ...context, truncated: true as const, whole };
  return Object.values(shown).some((value) => value !== undefined) ? { context: shown } : {};
}

function definedOf(facts: Readonly<Record<string, string | number | undefined>>): Record<string, string | number> {
  const kept: Record<string, string | number> = {};
  for (const [key, value] of Object.entries(facts)) {
    if (value === undefined) continue;
    kept[key] = typeof value === 'string' ? value.slice(0, ERROR_LENGTH_MAX) : value;
  }
  return kept;
}

function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]: V });
}
