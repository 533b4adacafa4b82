// The port to whatever outside holds on to checkpoints, so that the log's owner cannot take them back. Adapters: a file on
// another volume, a witness over HTTP.
import type { TreeHead } from './checkpoint.js';
import type { StoredCosignature } from './evidence-store.js';

export interface Publication {
  readonly size: number;
  /** Signed note. */
  readonly note: string;
  /** The proof that its tree continues the one of `size1`, 0 <= size1 <= size. */
  readonly consistencyFrom: (size1: number) => Promise<readonly Uint8Array[]>;
}

/** It did not take the checkpoint; the message is for operators and shows no secret. */
export class AnchorError extends Error {
  override readonly name = 'AnchorError';
}

export abstract class Anchor {
  /** As operators know it. */
  abstract readonly name: string;

  /** How soon after one checkpoint it is given the next, in milliseconds. */
  abstract readonly intervalMs: number;

  /** How soon it is given the same checkpoint again while there is no new one; undefined: never. */
  abstract readonly repeatMs: number | undefined;

  /**
   * Resolves once the anchor holds the checkpoint; it is given sizes that never fall.
   * @returns what it signed, which was verified. Throws AnchorError.
   */
  abstract publish(publication: Publication, signal: AbortSignal): Promise<readonly StoredCosignature[]>;

  /** The last tree of that log that it was given, as far as it can tell without being given another. Throws AnchorError. */
  abstract last(origin: string): Promise<TreeHead | undefined>;
}
