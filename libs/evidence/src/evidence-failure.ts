// Something does not verify: not a fault that passes, and nothing to be repaired silently.
import { isStoreError } from '@app/event-store';
import { keptJson } from './kept-json.js';

/** The log, its leaves, its tree or its signatures contradict each other. Ends all sequencing and signing. */
export class EvidenceFailure extends Error {
  override readonly name = 'EvidenceFailure';

  /**
   * @param message for operators and auditors; it holds no content of events
   * @param leafIndex of the leaf that it is about, where it is about one
   */
  constructor(
    message: string,
    readonly leafIndex?: number,
  ) {
    super(message);
  }
}

/** The failure that an error amounts to: what a store says of damage to itself is one, too. Undefined: it may pass, or is a bug. */
export function failureIn(error: unknown): EvidenceFailure | undefined {
  if (error instanceof EvidenceFailure) return error;
  if (isStoreError(error, 'Corrupt')) return new EvidenceFailure(error.message);
  if (!isStoreError(error, 'InvalidPosition')) return undefined;
  return new EvidenceFailure(`the evidence names a place that the log does not have: ${error.message}`);
}

/** A failure as it is kept, so that a restart does not forget it. */
export interface KeptFailure {
  readonly reason: string;
  readonly leafIndex?: number;
  readonly atMs: number;
}

export function formatFailure({ reason, leafIndex, atMs }: KeptFailure): string {
  return JSON.stringify({ reason, atMs, ...(leafIndex === undefined ? {} : { leafIndex }) });
}

/** @param text what `formatFailure` wrote, or nothing. Throws StoreError: Corrupt. */
export function parseFailure(text: string | undefined): KeptFailure | undefined {
  return text === undefined ? undefined : keptJson<KeptFailure>('failure', text);
}
