// What the server and the evidence's thread tell each other.
import type { EvidenceStatus } from './evidence-status.js';

/** Where the log lies. */
export type FollowedLog =
  | { readonly kind: 'sqlite'; readonly directory: string }
  /** With the password; it stays between the threads. */
  | { readonly kind: 'esdb'; readonly connectionString: string };

/** Where the evidence lies. */
export type EvidencePlace =
  | { readonly kind: 'sqlite'; readonly directory: string }
  /** With the password; it stays between the threads. */
  | { readonly kind: 'postgres'; readonly url: string; readonly schema?: string };

export interface SigningKey {
  /** The file that holds the key, made when it is missing. */
  readonly file: string;
  /** Instead of the file: the key itself, a secret. */
  readonly text?: string;
  /** Where the signer keeps what it signed last. */
  readonly memoryFile: string;
  /** Id of the key that this one may take the place of. */
  readonly replaces?: string;
}

/** `workerData` of the evidence's thread. */
export interface EvidenceThreadStart {
  readonly log: FollowedLog;
  readonly place: EvidencePlace;
  readonly key: SigningKey;
  /** Name of the log; default: the one it has, or a new one. */
  readonly origin?: string;
  readonly anchorFile?: string;
  readonly witnesses: readonly { readonly url: string; readonly vkey: string }[];
  /** Events a second, > 0. */
  readonly scrubRate: number;
}

/** `suspect`: somebody found that this leaf does not verify. */
export type ToEvidence = 'stop' | { readonly suspect: number };

export type FromEvidence =
  /** Once: it works, or the status says why it does not. */
  | { readonly kind: 'opened'; readonly status: EvidenceStatus }
  /** Once, instead: the server must not start so. `mayPass`: a store cannot be reached. */
  | { readonly kind: 'refused'; readonly message: string; readonly mayPass: boolean }
  | { readonly kind: 'progressed'; readonly status: EvidenceStatus }
  /** For operators. */
  | { readonly kind: 'told'; readonly line: string };
