/** Where time comes from: milliseconds since 1970-01-01T00:00:00Z. Injected, so that decisions stay repeatable. */
export abstract class Clock {
  abstract nowMs(): number;
}

/** RFC 3339 text in UTC with milliseconds, as every time on the wire and in the log. */
export function timestamp(ms: number): string {
  if (ms !== lastMs) {
    lastText = new Date(ms).toISOString();
    lastMs = ms;
  }
  return lastText;
}

/** Thousands of events are decided in one millisecond: the last answer is mostly the next one too. */
let lastMs = Number.NaN;
let lastText = '';
