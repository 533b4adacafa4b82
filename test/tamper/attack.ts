// What an attack on the stores is, and what it works with.
import type { RecordedEvent } from '@app/kernel';
import type { HeldHead } from '@app/evidence/nest';
import type { FirstLevel } from './judge.js';
import type { EventRow, LeafRow, Rows } from './rows.js';

export interface Expected {
  /** By a server that starts on these stores. */
  readonly start: boolean;
  /** By one pass of the scrub. */
  readonly scrub: boolean;
  /** By an auditor who is given a bundle made of what the stores hold now; `same`: it still tells the true history. */
  readonly level: FirstLevel | 'same';
}

/** What the attacker leaves behind besides the rows. */
export interface Aftermath {
  readonly rows: Rows;
  /** What the signer remembers now; absent: what it did. */
  readonly memory?: string;
}

export interface Scene {
  readonly before: Rows;
  /** An event that the start does not look at any more, and its leaf. */
  readonly early: EventRow;
  readonly earlyLeaf: LeafRow;
  /** Likewise among the last ones. */
  readonly late: EventRow;
  readonly lateLeaf: LeafRow;
  /** A lease, which is no leaf. */
  readonly lease: EventRow;
  /** Size of the last checkpoint that somebody kept. */
  readonly keptSize: number;
  positionText(position: number): string;
  /** What the log's reader makes of rows. */
  recorded(events: readonly EventRow[]): Promise<RecordedEvent[]>;
}

export interface Attack {
  /** What is done, as the table says it. */
  readonly name: string;
  readonly expected: Expected;
  /** The stores on which it can be done; absent: all. */
  readonly only?: 'sqlite';
  readonly act: (scene: Scene) => Aftermath | Promise<Aftermath>;
  /** Checkpoints that anchors hold, as the server is told of them; absent: none. */
  readonly held?: (scene: Scene) => readonly HeldHead[];
  /** What the table adds. */
  readonly remark?: string;
}
