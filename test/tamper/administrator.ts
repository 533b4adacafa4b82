// Whoever has the passwords of the databases: reads and writes every row, past all triggers, constraints and rules.
import type { EventStore } from '@app/event-store';
import type { EvidenceStore } from '@app/evidence';
import type { Rows } from './rows.js';

export interface Administrator {
  read(): Promise<Rows>;
  /** From now on the stores hold these rows and no others. */
  write(rows: Rows): Promise<void>;
  /** As a server or an auditor's tool would open them; whoever opens them closes them. */
  openLog(): Promise<EventStore>;
  openEvidence(): Promise<EvidenceStore>;
  /** How the log writes a position. */
  positionText(position: number): string;
  close(): Promise<void>;
}
