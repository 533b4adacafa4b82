// A refusal is a value: the domain says no, and why, with a stable code.

/** What kind of no it is. HTTP has one status for each kind (see the problem table of libs/shell). */
export type RefusalKind =
  'invalid' | 'unauthenticated' | 'forbidden' | 'not_found' | 'conflict' | 'state' | 'too_large' | 'unavailable';

export interface FieldFinding {
  /** Path of the offending element, as in `nodes[2].data.condition`. */
  readonly field: string;
  /** What is wrong and what is expected. */
  readonly message: string;
  readonly code?: string;
}

export interface Refusal {
  readonly refused: true;
  readonly kind: RefusalKind;
  /** Stable and public: a code of the wire contract, as in `FLK-0102`. */
  readonly code: string;
  readonly message: string;
  /** Every finding at once. */
  readonly fields?: readonly FieldFinding[];
}

export function refuse(kind: RefusalKind, code: string, message: string, fields?: readonly FieldFinding[]): Refusal {
  return { refused: true, kind, code, message, ...(fields && fields.length > 0 ? { fields } : {}) };
}

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && (value as { refused?: unknown }).refused === true;
}

/** Carries a refusal across a boundary that only knows exceptions (the command bus, HTTP). */
export class RefusalError extends Error {
  constructor(readonly refusal: Refusal) {
    super(`${refusal.code} ${refusal.message}`);
    this.name = 'RefusalError';
  }
}

/** The value, or the refusal thrown. */
export function accepted<T>(outcome: T | Refusal): T {
  if (isRefusal(outcome)) throw new RefusalError(outcome);
  return outcome;
}
