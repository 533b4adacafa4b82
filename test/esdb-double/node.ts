// The node's state and its decisions on a request, common to all routes.
import { mayDo, type Deed } from './access.js';
import type { AppendOutcome, EventLog, Expected, ProposedEvent } from './event-log.js';
import type { Call, FaultBoard } from './faults.js';
import type { Counters, DoubleOptions } from './interface.js';
import type { Refusal } from './refusal.js';

export interface AppendRequest {
  readonly stream: string;
  readonly expected: Expected;
  readonly events: readonly ProposedEvent[];
}

/** What an append comes to, and whether anybody hears of it. */
export interface AppendAnswer {
  readonly outcome: Refusal | Extract<AppendOutcome, { kind: 'written' | 'repeated' }>;
  readonly lost: 'silence' | 'cut' | undefined;
}

export interface Node {
  log: EventLog;
  role: string | undefined;
  readonly faults: FaultBoard;
  readonly counters: Counters;
  readonly options: Required<Omit<DoubleOptions, 'port' | 'callerRole'>>;
  /** The port that clients see. */
  port: number;
  /** Resets every connection. */
  cut(): void;
  /** A pause that ends with the node. */
  pause(ms: number): Promise<void>;
}

const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
const EMPTY_UUID = /^[0-]+$/;

/** What stands in the way of a call before its content is looked at. */
export function refusalOf(node: Node, call: Call, deed?: Deed): Refusal | undefined {
  const leader = call.byAnyNode ? undefined : node.faults.take('notLeader', call);
  if (leader) return { kind: 'notLeader', host: leader.host ?? '', port: leader.port ?? 0 };
  for (const kind of ['notReady', 'unavailable', 'accessDenied'] as const) {
    if (node.faults.take(kind, call)) return { kind };
  }
  const { stream } = call;
  if (deed && stream !== undefined && !mayDo(node.log, node.role, deed, stream)) return { kind: 'accessDenied' };
  return undefined;
}

export function append(node: Node, request: AppendRequest): AppendAnswer {
  const call: Call = { operation: 'append', stream: request.stream };
  const refused = refusalOf(node, call, 'write') ?? malformed(request) ?? oversized(node, request);
  if (refused) return answered(node, refused);
  const wrong = node.faults.take('wrongExpectedVersion', call);
  if (wrong) {
    const { stream, expected } = request;
    return answered(node, { kind: 'wrongRevision', stream, expected, actual: wrong.actual });
  }
  const givenUp = node.faults.take('deadlineExceeded', call);
  if (givenUp) {
    if (givenUp.applied) write(node, request);
    return answered(node, { kind: 'deadlineExceeded' });
  }
  const lost = node.faults.take('loseReply', call);
  if (lost && !lost.applied) return { outcome: { kind: 'unknown' }, lost: lost.then ?? 'silence' };
  const outcome = write(node, request);
  return { outcome, lost: lost && (lost.then ?? 'silence') };
}

function answered(node: Node, outcome: Refusal): AppendAnswer {
  node.counters.appendsRefused += 1;
  return { outcome, lost: undefined };
}

function write(node: Node, { stream, expected, events }: AppendRequest): AppendAnswer['outcome'] {
  const outcome = node.log.append(stream, expected, events);
  if (outcome.kind === 'written' || outcome.kind === 'repeated') {
    node.counters[outcome.kind === 'written' ? 'appendsWritten' : 'appendsRepeated'] += 1;
    return outcome;
  }
  node.counters.appendsRefused += 1;
  return outcome.kind === 'wrongRevision' ? { ...outcome, stream, expected } : { kind: 'tombstoned', stream };
}

function malformed({ stream, events }: AppendRequest): Refusal | undefined {
  if (stream === '') return { kind: 'badRequest', message: "Argument 'streamId' is empty." };
  for (const { id, type } of events) {
    if (!UUID.test(id)) return { kind: 'badRequest', message: 'Unrecognized Guid format.' };
    if (EMPTY_UUID.test(id)) return { kind: 'badRequest', message: "Empty eventId provided. (Parameter 'eventId')" };
    if (type === '') return { kind: 'badRequest', message: "Empty eventType provided. (Parameter 'eventType')" };
  }
  return undefined;
}

function oversized({ options }: Node, { events }: AppendRequest): Refusal | undefined {
  const bytes = events.reduce(
    (sum, { data, metadata, type }) => sum + data.length + metadata.length + type.length * 2,
    0,
  );
  return bytes > options.appendBytesMax ? { kind: 'tooLarge', bytesMax: options.appendBytesMax } : undefined;
}
