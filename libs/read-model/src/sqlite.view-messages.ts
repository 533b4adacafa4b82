// What the threads of the views tell each other.
import type { ReadRequest } from './view-request.js';
import type { RebuiltView, ViewStatus } from './view-store.js';

/** `workerData` of the projector's thread. */
export interface ProjectorThreadStart {
  /** Of the log and of the views. */
  readonly directory: string;
  /** The views' file is new because its predecessor had to be set aside. */
  readonly wasDamaged: boolean;
}

/** `hurry`: somebody waits for what was appended just now. */
export type ToProjector = 'stop' | 'hurry';

export type FromProjector =
  | { readonly kind: 'opened'; readonly status: ViewStatus }
  | { readonly kind: 'progressed'; readonly status: ViewStatus }
  | { readonly kind: 'rebuilt'; readonly views: readonly RebuiltView[] };

/** Requests travel in batches: all that were made in one turn of the loop. */
export type ToReader = readonly { readonly id: number; readonly request: ReadRequest }[] | 'stop';

export type ReadAnswer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: string; readonly invalidPosition: boolean };
export type FromReader = 'ready' | readonly ReadAnswer[];
