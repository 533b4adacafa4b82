// What the threads of the views tell each other.
import type { ReadRequest } from './view-request.js';
import type { RebuiltView, ViewStatus } from './view-store.js';

/** Where the log lies. */
export type LogPlace =
  | { readonly kind: 'sqlite'; readonly directory: string }
  /** With the password; it stays between the threads. */
  | { readonly kind: 'esdb'; readonly connectionString: string };

/** Where the views lie. */
export type ViewsPlace =
  | {
      readonly kind: 'sqlite';
      readonly directory: string;
      /** The file is new because its predecessor had to be set aside. */
      readonly wasDamaged: boolean;
    }
  /** With the password; it stays between the threads. */
  | { readonly kind: 'postgres'; readonly url: string; readonly schema?: string };

/** `workerData` of the projector's thread. */
export interface ProjectorThreadStart {
  readonly log: LogPlace;
  readonly views: ViewsPlace;
}

/** `hurry`: somebody waits for what was appended just now. */
export type ToProjector = 'stop' | 'hurry';

export type FromProjector =
  /** Once: folding has begun, or another server folds, or the status says why it cannot begin yet. */
  | { readonly kind: 'opened'; readonly status: ViewStatus }
  | { readonly kind: 'progressed'; readonly status: ViewStatus }
  | { readonly kind: 'rebuilt'; readonly views: readonly RebuiltView[] };

/** Requests travel in batches: all that were made in one turn of the loop. */
export type ToReader = readonly { readonly id: number; readonly request: ReadRequest }[] | 'stop';

export type ReadAnswer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: string; readonly invalidPosition: boolean };
export type FromReader = 'ready' | readonly ReadAnswer[];
