// What a runner is made of.
import type { Clock, IdSource } from '@app/kernel';
import type { BlobStore, EventStore } from '@app/event-store';
import type { ProviderCaller } from '@app/provider';
import type { CompiledDefinition } from './compiled-definition.js';
import type { RunOwnership } from './run-ownership.js';

export interface RecorderParts {
  readonly events: EventStore;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly ownership: RunOwnership;
  /** In [0, 1), for the jitter of retries. */
  readonly random: () => number;
}

export interface RunnerLimits {
  /** Runs in memory; further starts are refused until one ends. */
  readonly liveRunsMax: number;
  /** Provider calls under way at the same time, over all runs. */
  readonly stepConcurrencyMax: number;
  /** How long calls under way may go on once the server stops. */
  readonly drainMs: number;
}

export interface RunnerParts extends RecorderParts {
  readonly caller: ProviderCaller;
  /** One frozen version, compiled; throws when there is none. */
  readonly definitionOf: (workflowId: string, version: number) => Promise<CompiledDefinition>;
  readonly limits: RunnerLimits;
  /** A fault of our own that stopped one run's progress: for the log and for `/readyz`. */
  readonly onFault: (runId: string, error: unknown) => void;
}
