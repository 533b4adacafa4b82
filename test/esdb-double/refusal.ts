// How the node says no, once per route: a gRPC status with metadata, or an error inside an answer of the batch route.
import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import code from '@eventstore/db-client/generated/code_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import statuses from '@eventstore/db-client/generated/status_pb.js';
import any from 'google-protobuf/google/protobuf/any_pb.js';
import empty from 'google-protobuf/google/protobuf/empty_pb.js';
import type { Expected } from './event-log.js';

export type Refusal =
  | { readonly kind: 'notReady' | 'unavailable' | 'accessDenied' | 'deadlineExceeded' }
  | { readonly kind: 'unknown'; readonly details?: string }
  | { readonly kind: 'notLeader'; readonly host: string; readonly port: number }
  | { readonly kind: 'tooSlow'; readonly state: 'live' | 'transitioning to live' }
  | { readonly kind: 'tombstoned'; readonly stream: string }
  | { readonly kind: 'tooLarge'; readonly bytesMax: number }
  | { readonly kind: 'badRequest'; readonly message: string }
  | {
      readonly kind: 'wrongRevision';
      readonly stream: string;
      readonly expected: Expected;
      readonly actual: number | undefined;
    };

type WrongRevision = Extract<Refusal, { kind: 'wrongRevision' }>;

/** What a node says of an error that it did not foresee. */
const THROWN = 'Exception was thrown by handler.';

export function isRefusal(value: { readonly kind: string }): value is Refusal {
  return value.kind !== 'written' && value.kind !== 'repeated';
}

function serviceError(
  statusCode: status,
  details: string,
  fields: Readonly<Record<string, string>> = {},
): ServiceError {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(fields)) {
    metadata.set(key, /^[\x20-\x7e]*$/.test(value) ? value : encodeURIComponent(value));
  }
  return Object.assign(new Error(details), { code: statusCode, details, metadata });
}

/** Of the routes that answer with a status. */
export function toServiceError(refusal: Refusal): ServiceError {
  switch (refusal.kind) {
    case 'notReady':
      return serviceError(status.UNAVAILABLE, 'Server Is Not Ready');
    case 'unavailable':
      return serviceError(status.UNAVAILABLE, 'Server Is Too Busy');
    case 'accessDenied':
      return serviceError(status.PERMISSION_DENIED, 'Access Denied', { exception: 'access-denied' });
    case 'deadlineExceeded':
      return serviceError(status.DEADLINE_EXCEEDED, 'Deadline Exceeded');
    case 'unknown':
      return serviceError(status.UNKNOWN, refusal.details ?? THROWN);
    case 'notLeader':
      return serviceError(status.NOT_FOUND, 'Leader info available', {
        exception: 'not-leader',
        'leader-endpoint-host': refusal.host,
        'leader-endpoint-port': String(refusal.port),
      });
    case 'tooSlow':
      return serviceError(
        status.ABORTED,
        `Operation timed out: Consumer too slow to handle event while ${refusal.state}. Client resubscription required.`,
      );
    case 'tombstoned':
      return serviceError(status.FAILED_PRECONDITION, `Event stream '${refusal.stream}' is deleted.`, {
        exception: 'stream-deleted',
        'stream-name': refusal.stream,
      });
    case 'tooLarge':
      return serviceError(status.INVALID_ARGUMENT, `Maximum Append Size of ${refusal.bytesMax} Exceeded.`, {
        exception: 'maximum-append-size-exceeded',
        'maximum-append-size': String(refusal.bytesMax),
      });
    case 'badRequest':
      return serviceError(status.UNKNOWN, THROWN);
    case 'wrongRevision':
      return wrongRevisionOfDelete(refusal);
  }
}

function wrongRevisionOfDelete({ stream, expected, actual = -1 }: WrongRevision): ServiceError {
  const number = expectedNumber(expected);
  return serviceError(
    status.FAILED_PRECONDITION,
    `Delete failed due to WrongExpectedVersion. Stream: ${stream}, Expected version: ${number}, Actual version: ${actual}`,
    {
      exception: 'wrong-expected-version',
      'stream-name': stream,
      'expected-version': number,
      'actual-version': String(actual),
    },
  );
}

function expectedNumber(expected: Expected): string {
  if (typeof expected === 'bigint') return String(expected);
  return { no_stream: '-1', any: '-2', stream_exists: '-4' }[expected];
}

interface Packable {
  serializeBinary(): Uint8Array;
}

function batchError(errorCode: code.Code, message: string, typeName: string, details: Packable): statuses.Status {
  const packed = new any.Any();
  packed.pack(details.serializeBinary(), typeName);
  return new statuses.Status().setCode(errorCode).setMessage(message).setDetails(packed);
}

/** Of the batch route. What has no form there ends the whole call with a status; that is undefined. */
export function toBatchError(refusal: Refusal): statuses.Status | undefined {
  switch (refusal.kind) {
    case 'notReady':
      return batchError(code.Code.OK, 'Server Is Not Ready', 'google.protobuf.Empty', new empty.Empty());
    case 'unavailable':
      return batchError(code.Code.OK, 'Server Is Busy', 'google.protobuf.Empty', new empty.Empty());
    case 'accessDenied':
      return own(code.Code.PERMISSION_DENIED, 'AccessDenied', new shared.AccessDenied());
    case 'deadlineExceeded':
      return own(code.Code.DEADLINE_EXCEEDED, 'Timeout', new shared.Timeout());
    case 'unknown':
      return own(code.Code.UNKNOWN, 'Unknown', new shared.Unknown());
    case 'tombstoned': {
      const identifier = new shared.StreamIdentifier().setStreamName(Buffer.from(refusal.stream, 'utf8'));
      return own(code.Code.NOT_FOUND, 'StreamDeleted', new shared.StreamDeleted().setStreamIdentifier(identifier));
    }
    case 'tooLarge':
      return own(
        code.Code.INVALID_ARGUMENT,
        'MaximumAppendSizeExceeded',
        new shared.MaximumAppendSizeExceeded().setMaxappendsize(refusal.bytesMax),
      );
    case 'badRequest':
      return own(code.Code.INVALID_ARGUMENT, 'BadRequest', new shared.BadRequest().setMessage(refusal.message));
    case 'wrongRevision':
      return own(code.Code.ALREADY_EXISTS, 'WrongExpectedVersion', wrongRevision(refusal.expected, refusal.actual));
    case 'notLeader':
    case 'tooSlow':
      return undefined;
  }
}

function own(errorCode: code.Code, name: string, details: Packable): statuses.Status {
  return batchError(errorCode, name, `event_store.client.${name}`, details);
}

function wrongRevision(expected: Expected, actual: number | undefined): shared.WrongExpectedVersion {
  const details = new shared.WrongExpectedVersion();
  if (actual === undefined) details.setCurrentNoStream(new empty.Empty());
  else details.setCurrentStreamRevision(String(actual));
  if (expected === 'any') details.setExpectedAny(new empty.Empty());
  else if (expected === 'no_stream') details.setExpectedNoStream(new empty.Empty());
  else if (expected === 'stream_exists') details.setExpectedStreamExists(new empty.Empty());
  else details.setExpectedStreamPosition(String(expected));
  return details;
}
