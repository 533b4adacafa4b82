// What a failure of EventStoreDB means to the port. One rule above all: an append that may have happened is never reported
// as one that did not.
import type { EsdbEndpoint } from './esdb-connection-string.js';
import type { ExpectedRevision } from './event-store.js';
import { wrongExpectedRevision } from './expected-revision.js';
import { isStoreError, StoreError } from './store-error.js';

/** How a call ended, as the transport told it. */
export interface EsdbFault {
  /** gRPC status; undefined where the failure never was a gRPC status. */
  readonly code?: number;
  readonly details: string;
  /** The node's own name of the failure. */
  readonly exception?: string;
  readonly leader?: EsdbEndpoint;
}

/** What a gRPC call threw, whatever that is: not all failures of a call are gRPC statuses. */
export function faultOf(error: unknown): EsdbFault {
  const { code, details, message, metadata } = error as Partial<Record<'code' | 'details' | 'message', unknown>> & {
    metadata?: { get(name: string): unknown[] };
  };
  const header = (name: string): string | undefined => metadata?.get(name)[0]?.toString();
  const [exception, address, port] = ['exception', 'leader-endpoint-host', 'leader-endpoint-port'].map(header);
  return {
    ...(typeof code === 'number' && { code }),
    details: (typeof details === 'string'
      ? details
      : typeof message === 'string'
        ? message
        : 'unknown failure'
    ).replace(/\.? Resolution note: $/, ''),
    ...(exception !== undefined && { exception }),
    ...(address !== undefined && Number(port) > 0 && { leader: { address, port: Number(port) } }),
  };
}

/** Why the node refused one append, while the call that carried it goes on. */
export interface EsdbRefusal {
  /** Short name of the message type, as in `WrongExpectedVersion`. */
  readonly type: string;
  readonly message: string;
  /** The stream's last revision, -1 when it does not exist. */
  readonly actual?: number;
  readonly bytesMax?: number;
}

export const grpc = {
  ok: 0,
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  aborted: 10,
  unimplemented: 12,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** Whether the request cannot have left this process: the transport says that it found no connection to send it on. */
export function surelyNotSent(fault: EsdbFault): boolean {
  if (fault.code === undefined) return false;
  return fault.code === grpc.unavailable && /^(No connection established|Name resolution failed)/.test(fault.details);
}

/** Whether the node turned the caller away before it looked at the request. */
export function isDenied({ code, exception }: EsdbFault): boolean {
  return exception === 'access-denied' || code === grpc.permissionDenied || code === grpc.unauthenticated;
}

/** The node dropped a subscription whose small buffer ran full: to be taken up again at once. */
export function isTooSlow({ code, details }: EsdbFault): boolean {
  return code === grpc.aborted && details.includes('too slow');
}

/** A read or a subscription that failed. */
export function readError(fault: EsdbFault, stream?: string): StoreError {
  const details = stream === undefined ? {} : { stream };
  if (isDenied(fault)) return new StoreError('AccessDenied', `reading ${stream ?? 'the log'} is not allowed`, details);
  if (fault.exception === 'stream-deleted') {
    return new StoreError('StreamTombstoned', `the stream ${stream ?? ''} was deleted for ever`, details);
  }
  if (fault.exception === 'stream-not-found') {
    return new StoreError('StreamNotFound', `there is no stream ${stream ?? ''}`, details);
  }
  if (fault.code === grpc.invalidArgument) return new StoreError('InvalidArgument', fault.details, details);
  const why = fault.leader ? 'the node that was asked is not the leader' : fault.details;
  return new StoreError('StoreUnavailable', `the event store cannot be read: ${why}`, details);
}

/** The call that carried an append ended before the append was answered. */
export function unansweredAppend(fault: EsdbFault, stream: string): StoreError {
  if (surelyNotSent(fault)) return unavailable(fault.details, stream);
  if (isDenied(fault)) return new StoreError('AccessDenied', `appending to ${stream} is not allowed`, { stream });
  if (fault.code === grpc.unimplemented) {
    return unavailable('the node is too old: version 23.10 or later is needed', stream);
  }
  return outcomeUnknown(fault.details, stream);
}

const notHandled = /^(Server Is |No leader info available|Unknown NotHandledReason)/;

/** An append that the node answered with a refusal. */
export function refusedAppend(refusal: EsdbRefusal, stream: string, expected: ExpectedRevision): StoreError {
  switch (refusal.type) {
    case 'WrongExpectedVersion':
      return wrongExpectedRevision(stream, expected, refusal.actual ?? -1);
    case 'AccessDenied':
      return new StoreError('AccessDenied', `appending to ${stream} is not allowed`, { stream });
    case 'StreamDeleted':
      return new StoreError('StreamTombstoned', `the stream ${stream} was deleted for ever`, { stream });
    case 'MaximumAppendSizeExceeded':
      return new StoreError('AppendTooLarge', `the node takes at most ${refusal.bytesMax ?? 0} bytes at once`, {
        stream,
      });
    case 'BadRequest':
      return new StoreError('InvalidArgument', `the node refused an append: ${refusal.message}`, { stream });
    case 'Timeout':
      return new NodeGaveUp(stream);
    default:
      return notHandled.test(refusal.message)
        ? unavailable(refusal.message, stream)
        : outcomeUnknown(refusal.message === '' ? refusal.type : refusal.message, stream);
  }
}

/** The node gave up on an append that it had begun: repeating the identical one is the way to know. */
export class NodeGaveUp extends StoreError {
  constructor(stream: string) {
    super('AppendOutcomeUnknown', `an append to ${stream} was not answered: the node gave up`, { stream });
  }
}

/** What a repetition failed with tells of the original only where the node compared the two. */
export function afterGivingUp(error: unknown, stream: string): unknown {
  if (!isStoreError(error) || error.code === 'WrongExpectedRevision' || error.code === 'AppendOutcomeUnknown')
    return error;
  return outcomeUnknown(`the node gave up, then: ${error.message}`, stream);
}

export function outcomeUnknown(why: string, stream: string): StoreError {
  return new StoreError('AppendOutcomeUnknown', `an append to ${stream} was not answered: ${why}`, { stream });
}

export function unavailable(why: string, stream?: string): StoreError {
  return new StoreError(
    'StoreUnavailable',
    `the event store cannot be reached: ${why}`,
    stream === undefined ? {} : { stream },
  );
}
