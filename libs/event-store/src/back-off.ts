// How long to wait before the next attempt: full jitter, so that many who lost the same server do not come back at once.

export const BACK_OFF_MIN_MS = 50;
export const BACK_OFF_MAX_MS = 5_000;

/**
 * @param attempt failures in a row so far, >= 1.
 * @param chance in [0, 1).
 * @returns from [0, min(50 * 2^(attempt - 1), 5,000)) ms.
 */
export function backOffMs(attempt: number, chance: number): number {
  const ceiling = Math.min(BACK_OFF_MAX_MS, BACK_OFF_MIN_MS * 2 ** Math.min(attempt - 1, 10));
  return Math.floor(chance * ceiling);
}
