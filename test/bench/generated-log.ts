// A log that never was: any number of plausible events, the same each time, made while they are read. Nearly all belong
// to runs of 12 events, a few thousand to administration; 50 actors, 200 workflows, 2000 addresses.
import type { EventMetadata, GlobalPosition, NewEvent, RecordedEvent } from '@app/kernel';
import type { AppendResult, ReadAllOptions, StoreHealth, SubscriptionMessage } from '@app/event-store';
import { EventStore } from '@app/event-store';

const WORKFLOWS = 200;
const ACTORS = 50;
const ADDRESSES = 2_000;
const RUN_EVENTS = 12;
const RUNS_AT_ONCE = 8;
/** One event in so many is an administrator's. */
const ADMINISTRATION_EVERY = 250;
const START_MS = Date.UTC(2026, 0, 1);
/** Between two events: a million take about eleven days. */
const STEP_MS = 950;

const names = ['Ana', 'Bruno', 'Chen', 'Dora', 'Emil', 'Fatima', 'Goran', 'Hana', 'Ivo', 'Jana'];
const subjects = ['Payment', 'KYC check', 'Onboarding', 'Refund', 'Sanctions screening', 'Card issue', 'Credit limit'];
const regions = ['Berlin', 'Porto', 'Lyon', 'Oslo', 'Turin', 'Gdansk', 'Vienna', 'Malmö', 'Zürich', 'Cork'];
const steps = ['validate input', 'fetch customer', 'score risk', 'post ledger entry', 'notify customer'];

export function generatedEvent(index: number): RecordedEvent {
  const { stream, revision, type, data, metadata } = contentOf(index);
  return {
    id: idOf(1, index),
    type,
    stream,
    revision,
    position: positionOf(index),
    recordedAt: timeOf(index),
    data,
    metadata,
  };
}

/** For a real log: the same events with the stream that each belongs to. */
export function generatedAppend(index: number): { readonly stream: string; readonly event: NewEvent } {
  const { id, type, stream, data, metadata } = generatedEvent(index);
  return { stream, event: { id, type, data: data as object, metadata } };
}

export function positionOf(index: number): GlobalPosition {
  return `mem:${String(index + 1).padStart(20, '0')}`;
}

export function timeOf(index: number): string {
  return new Date(START_MS + index * STEP_MS).toISOString();
}

export const workflowId = (workflow: number): string => idOf(2, workflow);
export const executionId = (run: number): string => idOf(3, run);
export const actorId = (actor: number): string => idOf(4, actor);
export const requestId = (run: number): string => idOf(5, run);
export const correlationId = (run: number): string => idOf(6, run);
export const addressOf = (number: number): string => `203.0.${number >> 8}.${number & 255}`;

export class GeneratedLog extends EventStore {
  readonly singleWriter = true;
  readonly lastAppended = undefined;

  constructor(private readonly count: number) {
    super();
  }

  async *readAll({ after, limit = Number.MAX_SAFE_INTEGER }: ReadAllOptions = {}): AsyncGenerator<RecordedEvent> {
    const from = after === undefined ? 0 : Number(after.slice(4));
    const to = Math.min(this.count, from + limit);
    for (let index = from; index < to; index += 1) yield generatedEvent(index);
  }

  async head(): Promise<GlobalPosition | undefined> {
    return this.count === 0 ? undefined : positionOf(this.count - 1);
  }

  async health(): Promise<StoreHealth> {
    return { status: 'up', latencyMs: 0 };
  }

  append(): Promise<AppendResult> {
    throw new Error('a generated log takes no events');
  }

  readStream(): AsyncIterable<RecordedEvent> {
    throw new Error('a generated log is read as a whole');
  }

  subscribeToAll(): AsyncIterable<SubscriptionMessage> {
    throw new Error('a generated log does not grow');
  }

  async close(): Promise<void> {}
}

interface Content {
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  readonly data: object;
  readonly metadata: EventMetadata;
}

function contentOf(index: number): Content {
  if (index < WORKFLOWS) return created(index);
  const administrations = Math.floor(index / ADMINISTRATION_EVERY);
  if (index % ADMINISTRATION_EVERY === 0) return administration(index, administrations);
  const within = index - WORKFLOWS - administrations;
  const group = Math.floor(within / (RUN_EVENTS * RUNS_AT_ONCE));
  const slot = within % (RUN_EVENTS * RUNS_AT_ONCE);
  return ofRun(index, group * RUNS_AT_ONCE + (slot % RUNS_AT_ONCE), Math.floor(slot / RUNS_AT_ONCE));
}

function created(index: number): Content {
  const data = { name: workflowName(index), description: 'made for measuring', nodes: [], edges: [] };
  const stream = `workflow-${workflowId(index)}`;
  return { stream, revision: 0, type: 'WorkflowCreated', data, metadata: metadataOf(index, index % ACTORS, index) };
}

function administration(index: number, number: number): Content {
  const workflow = draw(index, 1) % WORKFLOWS;
  const stream = `workflow-${workflowId(workflow)}`;
  const metadata = metadataOf(index, draw(index, 2) % ACTORS, number + 1e9);
  const name = workflowName(workflow);
  const common = { stream, revision: 1 + number, metadata };
  if (number % 3 === 0) return { ...common, type: 'WorkflowDeactivated', data: { name } };
  if (number % 3 === 1) {
    return {
      ...common,
      type: 'WorkflowActivated',
      data: { name, version: 1 + number, definitionHash: 'ab'.repeat(32) },
    };
  }
  const data = {
    method: 'POST',
    path: `/v1/workflows/${workflowId(workflow)}/activate`,
    status: 403,
    code: 'FLK-0003',
  };
  return { ...common, stream: `access-${timeOf(index).slice(0, 10).replaceAll('-', '')}`, type: 'AccessDenied', data };
}

function ofRun(index: number, run: number, place: number): Content {
  const workflow = draw(run, 3) % WORKFLOWS;
  const whose = { workflowId: workflowId(workflow), workflowName: workflowName(workflow), workflowVersion: 3 };
  const metadata = metadataOf(index, draw(run, 4) % ACTORS, run, place > 0);
  const common = { stream: `execution-${executionId(run)}`, revision: place, metadata };
  if (place === 0) return { ...common, type: 'ExecutionStarted', data: { ...whose, ...startOf(run, index) } };
  const end = { ...whose, startedAt: timeOf(index - place * RUNS_AT_ONCE), durationMs: 740 };
  if (place === RUN_EVENTS - 1) {
    if (draw(run, 5) % 40 > 0) return { ...common, type: 'ExecutionCompleted', data: { ...end, output: { ok: true } } };
    return {
      ...common,
      type: 'ExecutionFailed',
      data: { ...end, error: { code: 'PROVIDER_TIMEOUT', message: 'no answer' } },
    };
  }
  return { ...common, ...stepOf(run, place, whose, index) };
}

function startOf(run: number, index: number): object {
  return {
    definitionHash: 'cd'.repeat(32),
    trigger: { kind: 'rest', nodeId: 'trigger' },
    input: { customer: idOf(7, run), amount: draw(run, 6) % 10_000, currency: 'EUR' },
    requestHash: 'ef'.repeat(32),
    totalSteps: 5,
    deadlineAt: timeOf(index + 3_600),
  };
}

function stepOf(
  run: number,
  place: number,
  whose: { workflowId: string; workflowName: string },
  index: number,
): Pick<Content, 'type' | 'data'> {
  const stepNumber = Math.ceil(place / 2);
  const { workflowId: id, workflowName: name } = whose;
  const step = {
    ...{ workflowId: id, workflowName: name, stepNumber, nodeId: `node-${stepNumber}` },
    ...{ stepName: steps[stepNumber - 1], nodeType: 'executor', attempt: 1 },
  };
  if (place % 2 === 1) {
    const provider = { executorId: 'http.request', providerConfigId: idOf(8, draw(run, 7) % 20) };
    return {
      type: 'StepStarted',
      data: { ...step, ...provider, input: { amount: stepNumber }, effect: 'at_least_once' },
    };
  }
  const call = {
    method: 'POST',
    url: 'https://api.example.com/v1/score',
    status: 200,
    durationMs: 41,
    responseBytes: 312,
  };
  const output = { score: draw(run, place) % 100, decision: 'approved', reference: idOf(9, run * 16 + place) };
  const startedAt = timeOf(index - RUNS_AT_ONCE);
  return { type: 'StepCompleted', data: { ...step, startedAt, durationMs: 45, output, takenEdges: ['e1'], call } };
}

function metadataOf(index: number, actor: number, request: number, byEngine = false): EventMetadata {
  const who = { type: 'api_key', id: actorId(actor), name: `${names[actor % 10]} ${actor}`, via: 'api_key' } as const;
  const chain = { correlationId: correlationId(request), causationId: requestId(request), occurredAt: timeOf(index) };
  if (byEngine) {
    const engine = { type: 'system', id: 'engine', name: 'engine', via: 'engine' } as const;
    return { actor: engine, onBehalfOf: who, channel: 'engine', ...chain, schemaVersion: 1 };
  }
  const edge = { ip: addressOf(draw(request, 8) % ADDRESSES), userAgent: 'curl/8.5.0', requestId: requestId(request) };
  return { actor: who, channel: 'rest', ...edge, ...chain, schemaVersion: 1 };
}

function workflowName(workflow: number): string {
  return `${subjects[workflow % 7]} ${regions[Math.floor(workflow / 7) % 10]} ${workflow}`;
}

/** A UUID that grows with `number` in its first half, as version 7 does with time. */
function idOf(kind: number, number: number): string {
  const time = (START_MS + number * STEP_MS).toString(16).padStart(12, '0');
  const tail = [20, 40, 60]
    .map((salt) =>
      draw(number, kind + salt)
        .toString(16)
        .padStart(8, '0'),
    )
    .join('');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${tail.slice(0, 3)}-8${tail.slice(3, 6)}-${tail.slice(6, 16)}${kind.toString(16).padStart(2, '0')}`;
}

/** A number in 0..2^32-1 that depends on both arguments and on nothing else. */
function draw(seed: number, salt: number): number {
  let mixed = (Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(salt + 1, 0x85ebca6b)) >>> 0;
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d) >>> 0;
  mixed = Math.imul(mixed ^ (mixed >>> 12), 0x297a2d39) >>> 0;
  return (mixed ^ (mixed >>> 15)) >>> 0;
}
