// What a client gets to read when the answer is no: the error envelope and the table of statuses.
import type { FieldFinding, Refusal, RefusalKind } from '@app/kernel';
import type { StoreError } from '@app/event-store';
import { statusByCode } from './wire-codes.js';

/** The error envelope. Every code is a string, whoever speaks: the domain, the framework or the store. */
export interface Problem {
  readonly code: string;
  readonly title: string;
  readonly message: string;
  readonly requestId: string;
  readonly fields?: readonly FieldFinding[];
}

/** A problem that still has to be told to whom it belongs, with what HTTP adds to it. */
export interface Answer {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly fields?: readonly FieldFinding[];
  /** The kind, when somebody decided to refuse; absent for faults and for the framework's own answers. */
  readonly kind?: RefusalKind;
  /** For the audit trail only. */
  readonly detail?: string;
  readonly retryAfterSeconds?: number;
  /** An unexpected error: to be logged, never to be shown. */
  readonly unexpected?: true;
}

/** One status a kind; a kind without one does not compile. */
export const statusByKind: Readonly<Record<RefusalKind, number>> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  state: 422,
  unavailable: 503,
};

const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  412: 'Precondition Failed',
  413: 'Payload Too Large',
  414: 'URI Too Long',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Entity',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  503: 'Service Unavailable',
};

export function titleOf(status: number): string {
  return titles[status] ?? (status < 500 ? 'Bad Request' : 'Internal Server Error');
}

/** The status of a refusal: what the wire contract says of its code, else what its kind says. */
export function statusOf(refusal: Pick<Refusal, 'code' | 'kind'>): number {
  return statusByCode.get(refusal.code) ?? statusByKind[refusal.kind];
}

export function answerOfRefusal(refusal: Refusal): Answer {
  const status = statusOf(refusal);
  return {
    status,
    code: refusal.code,
    message: refusal.message,
    kind: refusal.kind,
    ...(refusal.fields ? { fields: refusal.fields } : {}),
    ...(status === 503 ? { retryAfterSeconds: 1 } : {}),
  };
}

export const unexpectedAnswer: Answer = {
  status: 500,
  code: 'FLK-9999',
  message: 'an unexpected error occurred; the server logged it under this request id',
  unexpected: true,
};

/** Faults of the log that a client may see: it is away for now, the rest is our bug. */
export function answerOfStoreError(error: StoreError): Answer {
  switch (error.code) {
    case 'StoreUnavailable':
    case 'AppendOutcomeUnknown':
    case 'Closed':
      return {
        status: 503,
        code: 'STORE_UNAVAILABLE',
        message: 'the event store cannot be written or read for now; try again',
        retryAfterSeconds: 1,
      };
    case 'EventTooLarge':
    case 'AppendTooLarge':
      return { status: 413, code: 'EVENT_TOO_LARGE', message: 'what is to be recorded is too large for the event log' };
    case 'WrongExpectedRevision':
      return { status: 409, code: 'FLK-0350', message: 'the resource was changed meanwhile; read it again' };
    case 'Serialization':
      return { status: 400, code: 'FLK-0001', message: 'the request contains something that is not strict JSON' };
    default:
      return unexpectedAnswer;
  }
}

export function problemOf(answer: Answer, requestId: string): Problem {
  return {
    code: answer.code,
    title: titleOf(answer.status),
    message: answer.message,
    requestId,
    ...(answer.fields && answer.fields.length > 0 ? { fields: answer.fields } : {}),
  };
}
