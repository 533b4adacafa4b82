// Where the projector's thread folds to, and who else may do so.
import type { ViewStatus } from './view-store.js';
import type { ViewWriter } from './view-writer.js';

export interface FoldingPlace {
  readonly writer: ViewWriter;
  /** Events a batch while the views are behind. */
  readonly batchMax: number;
  /** What else the operator should know about an error of the writer; empty: nothing. */
  advice(error: unknown): string;
  /** Aborted when the claim of the writer is lost. */
  claimLost(): AbortSignal | undefined;
  /** How far the views are while another server folds. */
  follow(): Promise<ViewStatus>;
  /** Tells the server that folds that somebody waits for what was appended just now. Never rejects. */
  hurry(): Promise<void>;
  /** Lets the other servers know why a view stands still, or that none does. */
  share(failed: string | undefined): Promise<void>;
  /** Gives up the claim and closes everything. */
  close(): Promise<void>;
}

/** What comes from the other servers by itself. */
export interface FoldingNews {
  /** Another server has folded on. */
  progressed(status: ViewStatus): void;
  /** Somebody, somewhere, waits for what was appended just now. */
  hurried(): void;
}
