import type { ExpectedRevision } from './event-store.js';

export type StoreErrorCode =
  | 'WrongExpectedRevision'
  | 'StreamNotFound'
  | 'StreamTombstoned'
  | 'EventTooLarge'
  | 'AppendTooLarge'
  | 'InvalidArgument'
  | 'Serialization'
  | 'AccessDenied'
  | 'StoreUnavailable'
  | 'AppendOutcomeUnknown'
  | 'InvalidPosition'
  | 'Cancelled'
  | 'Closed'
  | 'Corrupt';

const retryableCodes: ReadonlySet<StoreErrorCode> = new Set(['StoreUnavailable', 'AppendOutcomeUnknown']);

export interface StoreErrorDetails {
  readonly stream?: string;
  readonly expected?: ExpectedRevision;
  /** The stream's last revision, -1 when it does not exist. */
  readonly actual?: number;
  readonly cause?: unknown;
}

/** A fault of the log: one class, told apart by its code. */
export class StoreError extends Error {
  constructor(
    readonly code: StoreErrorCode,
    message: string,
    readonly details: StoreErrorDetails = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'StoreError';
  }

  /** Whether the same call may succeed later without anything being changed. */
  get retryable(): boolean {
    return retryableCodes.has(this.code);
  }
}

export function isStoreError(error: unknown, code?: StoreErrorCode): error is StoreError {
  return error instanceof StoreError && (code === undefined || error.code === code);
}
