// A row of the audit trail as the view keeps it. What an event says of itself is repeated in most of its kind, and names of
// members weigh as much as values: so a row is a list whose places say what stands there. Rows in the long form, an object,
// are read too: a view that is being made anew answers with them.
import type { Actor, EventMetadata, GlobalPosition, RecordedEvent } from '@app/kernel';
import { engineActor } from '@app/kernel';

/** The event as it was recorded, without what is large and what no entry tells: the log keeps that. */
export interface AuditRow {
  readonly event: RecordedEvent;
  /** Whether something that an entry tells stands only in the log. */
  readonly omitted?: true;
}

type ShortActor = readonly [type: string, id: string, name: string, via: string];

/** 0 stands for the engine where an actor is, elsewhere for nothing. */
type ShortRow = readonly [
  id: string,
  type: string | number,
  stream: string,
  revision: number,
  recordedAt: string,
  occurredAt: string,
  data: object,
  actor: ShortActor | 0,
  onBehalfOf: ShortActor | 0,
  channel: string,
  correlationId: string,
  causationId: string | 0,
  more: Readonly<Record<string, unknown>> | 0,
  omitted: 0 | 1,
];

export type StoredRow = ShortRow | AuditRow;

/** Most of all events are of these types; by their number in this list, which is for ever. */
const stepTypes: readonly string[] = ['StepStarted', 'StepCompleted', 'StepFailed', 'StepSkipped'];
/** Members of a step's data by their place, behind the place of those that have none. */
const stepMembers: readonly string[] = [
  ...['workflowId', 'workflowName', 'stepNumber', 'nodeId', 'stepName', 'nodeType', 'attempt', 'durationMs'],
  ...['executorId', 'providerConfigId', 'call', 'error', 'retryAt', 'reason'],
];
const placeOfMember = new Map(stepMembers.map((member, index) => [member, index + 1]));
/** What no entry tells of a step or of its call. */
const untoldOfStep: ReadonlySet<string> = new Set(['startedAt', 'effect']);
const toldOfCall: readonly string[] = ['method', 'url', 'status', 'durationMs'];

const placedMetadata: ReadonlySet<string> = new Set([
  ...['actor', 'onBehalfOf', 'channel', 'correlationId', 'causationId', 'occurredAt'],
]);

/** From the year to the minute: what two instants of one event mostly share. The rest begins with a colon. */
const TO_MINUTE = 16;

export function storedRowOf({ event, omitted }: AuditRow): StoredRow {
  if (event.firstPosition !== undefined) return omitted ? { event, omitted } : { event };
  const { id, type, stream, revision, recordedAt, metadata } = event;
  const { actor, onBehalfOf, occurredAt } = metadata;
  const step = stepTypes.indexOf(type);
  return [
    id,
    step === -1 ? type : step,
    stream,
    revision,
    recordedAt,
    occurredAt.startsWith(`${recordedAt.slice(0, TO_MINUTE)}:`) ? occurredAt.slice(TO_MINUTE) : occurredAt,
    step === -1 ? (event.data as object) : shortStep(event.data as Members),
    isEngine(actor) ? 0 : shortActor(actor),
    onBehalfOf ? shortActor(onBehalfOf) : 0,
    metadata.channel,
    metadata.correlationId,
    metadata.causationId ?? 0,
    moreOf(metadata) ?? 0,
    omitted ? 1 : 0,
  ];
}

/** @param position of the event: a short row does not repeat it */
export function auditRowOf(stored: StoredRow, position: GlobalPosition): AuditRow {
  if ('event' in stored) return stored;
  const [id, type, stream, revision, recordedAt, occurredAt, data, actor, onBehalfOf, channel] = stored;
  const [, , , , , , , , , , correlationId, causationId, more, omitted] = stored;
  const metadata = {
    actor: actor === 0 ? engineActor : actorOf(actor),
    ...(onBehalfOf === 0 ? {} : { onBehalfOf: actorOf(onBehalfOf) }),
    channel,
    correlationId,
    ...(causationId === 0 ? {} : { causationId }),
    occurredAt: occurredAt.startsWith(':') ? recordedAt.slice(0, TO_MINUTE) + occurredAt : occurredAt,
    schemaVersion: 1,
    ...(more === 0 ? {} : more),
  } as EventMetadata;
  const event: RecordedEvent = {
    ...{ id, type: typeof type === 'number' ? (stepTypes[type] ?? '') : type, stream, revision, position, recordedAt },
    data: typeof type === 'number' ? stepOf(data as readonly unknown[]) : data,
    metadata,
  };
  return omitted === 1 ? { event, omitted: true } : { event };
}

type Members = Readonly<Record<string, unknown>>;

function shortStep(data: Members): unknown[] {
  const values: unknown[] = [0];
  let others: Record<string, unknown> | undefined;
  for (const member of Object.keys(data)) {
    const value = data[member];
    const place = placeOfMember.get(member);
    if (untoldOfStep.has(member) || value === undefined) continue;
    if (place === undefined || value === null) {
      others ??= {};
      others[member] = value;
      continue;
    }
    while (values.length < place) values.push(null);
    values[place] = member === 'call' ? shortCall(value as Members) : value;
  }
  if (others) values[0] = others;
  return values;
}

function stepOf([others, ...values]: readonly unknown[]): object {
  const data: Record<string, unknown> = { ...(others === 0 ? {} : (others as object)) };
  for (const [index, value] of values.entries()) {
    const member = stepMembers[index] ?? '';
    if (value !== null) data[member] = member === 'call' ? callOf(value as readonly unknown[]) : value;
  }
  return data;
}

function shortCall(call: Members): unknown[] {
  return toldOfCall.map((member) => call[member]);
}

function callOf(values: readonly unknown[]): object {
  const told = toldOfCall.map((member, index) => [member, values[index] ?? undefined] as const);
  return Object.fromEntries(told.filter(([, value]) => value !== undefined));
}

function isEngine({ id, type, name, via }: Actor): boolean {
  return id === engineActor.id && type === engineActor.type && name === engineActor.name && via === engineActor.via;
}

function shortActor({ type, id, name, via }: Actor): ShortActor {
  return [type, id, name, via];
}

function actorOf([type, id, name, via]: ShortActor): Actor {
  return { type, id, name, via } as Actor;
}

function moreOf(metadata: EventMetadata): Record<string, unknown> | undefined {
  let more: Record<string, unknown> | undefined;
  for (const member of Object.keys(metadata)) {
    const value: unknown = metadata[member as keyof EventMetadata];
    if (placedMetadata.has(member) || (member === 'schemaVersion' && value === 1)) continue;
    more ??= {};
    more[member] = value;
  }
  return more;
}
