// What is said to a node of EventStoreDB and what it says, in words of ours.
import type { EncodedEvent } from './event-batch.js';
import type { EsdbFault, EsdbRefusal } from './esdb-fault.js';
import type { ServerFilter } from './esdb-filter.js';
import type { LogPosition } from './esdb-position.js';
import type { Direction, ExpectedRevision } from './event-store.js';

export interface EsdbAppend {
  /** A UUID that comes back with the answer. */
  readonly correlationId: string;
  readonly stream: string;
  readonly expected: ExpectedRevision;
  readonly events: readonly EncodedEvent[];
}

export type EsdbAnswer =
  | { readonly kind: 'appended'; readonly lastRevision: number; readonly position?: LogPosition }
  | { readonly kind: 'refused'; readonly refusal: EsdbRefusal };

export interface AppendsListener {
  answered(correlationId: string, answer: EsdbAnswer): void;
  /** Once, and nothing after it. */
  ended(fault: EsdbFault): void;
}

/** One call that carries any number of appends, in the order they were sent. */
export interface AppendsCall {
  send(append: EsdbAppend): void;
  cancel(): void;
}

export interface EsdbRead {
  readonly of: StreamStart | LogStart;
  readonly direction: Direction;
  /** Absent: a subscription. */
  readonly limit?: number;
  /** Only the leader knows every append that was acknowledged. */
  readonly requiresLeader: boolean;
}

export interface StreamStart {
  readonly stream: string;
  readonly from: number | 'start' | 'end';
}

export interface LogStart {
  /** A forward read begins with the event that stands there; a subscription and a backward read beyond it. */
  readonly from: LogPosition | 'start' | 'end';
  readonly filter: ServerFilter;
}

export interface EsdbRecord extends LogPosition {
  readonly id: string;
  readonly type: string;
  readonly stream: string;
  readonly revision: number;
  readonly createdMs: number;
  readonly isJson: boolean;
  readonly data: string;
  readonly metadata: string;
}

export type EsdbMessage =
  | { readonly kind: 'event'; readonly record: EsdbRecord }
  | { readonly kind: 'checkpoint'; readonly position: LogPosition }
  | { readonly kind: 'confirmed' | 'caughtUp' | 'streamNotFound' | 'other' };

/** An open call of the node, read by hand. */
export interface ReadCall {
  /** Undefined: nothing more has arrived. */
  next(): EsdbMessage | undefined;
  /** How the call ended; undefined while it goes on. What arrived before is still to be taken. */
  readonly ended: EsdbFault | undefined;
  /** Called whenever there may be something new. */
  onNews(listener: () => void): void;
  cancel(): void;
}
