// Something does not verify: not a fault that passes, and nothing to be repaired silently.

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

/** A failure as it is kept, so that a restart does not forget it. */
export interface KeptFailure {
  readonly reason: string;
  readonly leafIndex?: number;
  readonly atMs: number;
}

export function formatFailure({ reason, leafIndex, atMs }: KeptFailure): string {
  return JSON.stringify({ reason, atMs, ...(leafIndex === undefined ? {} : { leafIndex }) });
}

/** @param text what `formatFailure` wrote, or nothing */
export function parseFailure(text: string | undefined): KeptFailure | undefined {
  if (text === undefined) return undefined;
  return JSON.parse(text) as KeptFailure;
}
