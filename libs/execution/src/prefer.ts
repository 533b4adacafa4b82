// `Prefer: wait=<seconds>` (RFC 7240, section 4.3).

/** The longest wait that is honoured; a longer preference is cut to it. */
export const WAIT_SECONDS_MAX = 60;

/** Seconds to wait, 0 without the preference; a preference that is no number is ignored, as the RFC asks. */
export function waitSecondsOf(header: string | undefined): number {
  for (const preference of header?.split(',') ?? []) {
    const [token, value] = (preference.split(';')[0] ?? '').split('=').map((part) => part.trim());
    if (token?.toLowerCase() !== 'wait' || value === undefined) continue;
    const text = value.replace(/^"(.*)"$/, '$1');
    return /^\d{1,9}$/.test(text) ? Math.min(Number(text), WAIT_SECONDS_MAX) : 0;
  }
  return 0;
}
