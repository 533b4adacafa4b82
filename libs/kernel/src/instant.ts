// An instant as RFC 3339 writes it, to the millisecond.

const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,12}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;

export interface Instant {
  /** The millisecond in which it lies. */
  readonly ms: number;
  /** Whether it lies behind that millisecond's beginning. */
  readonly isLater: boolean;
}

/** Undefined for any text that is not a date-time of RFC 3339, section 5.6, or names a day that does not exist. */
export function instantOf(text: string): Instant | undefined {
  const found = rfc3339.exec(text);
  if (!found) return undefined;
  const part = (index: number): number => Number(found[index] ?? '0');
  const [year, month, day, hour, minute, second] = [part(1), part(2), part(3), part(4), part(5), part(6)];
  const midnight = Date.UTC(year, month - 1, day);
  if (new Date(midnight).getUTCMonth() !== month - 1 || hour > 23 || minute > 59 || second > 60) return undefined;
  if (part(9) > 23 || part(10) > 59 || day === 0) return undefined;
  const fraction = (found[7] ?? '').padEnd(3, '0');
  const offsetMinutes = (found[8] === '-' ? -1 : 1) * (part(9) * 60 + part(10));
  return {
    ms: midnight + ((hour * 60 + minute - offsetMinutes) * 60 + second) * 1000 + Number(fraction.slice(0, 3)),
    isLater: /[1-9]/.test(fraction.slice(3)),
  };
}
