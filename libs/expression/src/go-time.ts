// Go's reference-time layouts (package time): `2006-01-02T15:04:05Z07:00` shows how the moment
// Mon Jan 2 15:04:05.000000000 MST 2006 would be written.

/** A moment and the place in which it was written. */
export interface GoTime {
  /** Since 1970-01-01T00:00:00Z. */
  readonly epochSeconds: number;
  /** 0 to 999,999,999. */
  readonly nanoseconds: number;
  /** East of Greenwich. */
  readonly offsetSeconds: number;
  /** `UTC`, an abbreviation that was written, or empty for a bare offset. */
  readonly zone: string;
}

/** A layout cut into chunks. `text` is literal where `kind` is undefined. */
export type GoLayout = readonly LayoutChunk[];
export interface LayoutChunk {
  readonly kind: ChunkKind | undefined;
  readonly text: string;
}
export type ChunkKind =
  | 'year'
  | 'shortYear'
  | 'monthName'
  | 'monthShortName'
  | 'month'
  | 'zeroMonth'
  | 'weekdayName'
  | 'weekdayShortName'
  | 'day'
  | 'spaceDay'
  | 'zeroDay'
  | 'yearDay'
  | 'hour'
  | 'hour12'
  | 'zeroHour12'
  | 'minute'
  | 'zeroMinute'
  | 'second'
  | 'zeroSecond'
  | 'PM'
  | 'pm'
  | 'zoneName'
  | 'offset'
  | 'zuluOffset'
  | 'fraction'
  | 'trimmedFraction';

/** Characters. */
export const LAYOUT_LENGTH_MAX = 200;

/** In the order in which Go looks for them; `(?![a-z])` and `(?!\d)` are its own conditions. */
const chunks: readonly (readonly [RegExp, ChunkKind])[] = [
  [/January/y, 'monthName'],
  [/Jan(?![a-z])/y, 'monthShortName'],
  [/Monday/y, 'weekdayName'],
  [/Mon(?![a-z])/y, 'weekdayShortName'],
  [/MST/y, 'zoneName'],
  [/01/y, 'zeroMonth'],
  [/002|__2/y, 'yearDay'],
  [/02/y, 'zeroDay'],
  [/03/y, 'zeroHour12'],
  [/04/y, 'zeroMinute'],
  [/05/y, 'zeroSecond'],
  [/06/y, 'shortYear'],
  [/15/y, 'hour'],
  [/1/y, 'month'],
  [/2006/y, 'year'],
  [/2/y, 'day'],
  [/_2(?!006)/y, 'spaceDay'],
  [/3/y, 'hour12'],
  [/4/y, 'minute'],
  [/5/y, 'second'],
  [/PM/y, 'PM'],
  [/pm/y, 'pm'],
  [/-07:00:00|-070000|-07:00|-0700|-07/y, 'offset'],
  [/Z07:00:00|Z070000|Z07:00|Z0700|Z07/y, 'zuluOffset'],
  [/[.,]0+(?!\d)/y, 'fraction'],
  [/[.,]9+(?!\d)/y, 'trimmedFraction'],
];

export function parseLayout(layout: string): GoLayout {
  const found: LayoutChunk[] = [];
  let literal = '';
  for (let at = 0; at < layout.length;) {
    const chunk = chunkAt(layout, at);
    if (!chunk) {
      literal += layout.charAt(at);
      at += 1;
      continue;
    }
    if (literal !== '') found.push({ kind: undefined, text: literal });
    literal = '';
    found.push(chunk);
    at += chunk.text.length;
  }
  if (literal !== '') found.push({ kind: undefined, text: literal });
  return found;
}

function chunkAt(layout: string, at: number): LayoutChunk | undefined {
  for (const [pattern, kind] of chunks) {
    pattern.lastIndex = at;
    const text = pattern.exec(layout)?.[0];
    if (text !== undefined) return { kind, text };
  }
  return undefined;
}

export const monthNames: readonly string[] = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
export const weekdayNames: readonly string[] = [
  'Sunday',
  'Monday',
  'Tuesday',
  'Wednesday',
  'Thursday',
  'Friday',
  'Saturday',
];

/** The moment as the layout shows it, in the place it was written in. */
export function formatGoTime(time: GoTime, layout: GoLayout): string {
  const wall = new Date((time.epochSeconds + time.offsetSeconds) * 1_000);
  return layout.map((chunk) => (chunk.kind === undefined ? chunk.text : formatChunk(chunk, wall, time))).join('');
}

function formatChunk({ kind, text }: LayoutChunk, wall: Date, time: GoTime): string {
  switch (kind) {
    case 'zoneName':
      return time.zone === '' ? offsetText(time.offsetSeconds, '-0700') : time.zone;
    case 'offset':
      return offsetText(time.offsetSeconds, text);
    case 'zuluOffset':
      return time.offsetSeconds === 0 ? 'Z' : offsetText(time.offsetSeconds, text.replace('Z', '-'));
    case 'fraction':
    case 'trimmedFraction':
      return fractionText(time.nanoseconds, text, kind === 'trimmedFraction');
    default:
      return formatDate(kind, wall) ?? formatClock(kind, wall);
  }
}

function formatDate(kind: ChunkKind | undefined, wall: Date): string | undefined {
  const year = wall.getUTCFullYear();
  const month = wall.getUTCMonth();
  switch (kind) {
    case 'year':
      return (year < 0 ? '-' : '') + pad(Math.abs(year), 4);
    case 'shortYear':
      return pad(Math.abs(year) % 100, 2);
    case 'monthName':
      return monthNames[month] ?? '';
    case 'monthShortName':
      return (monthNames[month] ?? '').slice(0, 3);
    case 'month':
      return String(month + 1);
    case 'zeroMonth':
      return pad(month + 1, 2);
    case 'weekdayName':
      return weekdayNames[wall.getUTCDay()] ?? '';
    case 'weekdayShortName':
      return (weekdayNames[wall.getUTCDay()] ?? '').slice(0, 3);
    case 'day':
      return String(wall.getUTCDate());
    case 'spaceDay':
      return String(wall.getUTCDate()).padStart(2, ' ');
    case 'zeroDay':
      return pad(wall.getUTCDate(), 2);
    case 'yearDay':
      return pad(Math.floor((wall.getTime() - startOfYear(year)) / 86_400_000) + 1, 3);
    default:
      return undefined;
  }
}

function formatClock(kind: ChunkKind | undefined, wall: Date): string {
  const hour = wall.getUTCHours();
  switch (kind) {
    case 'hour':
      return pad(hour, 2);
    case 'hour12':
      return String(hour % 12 || 12);
    case 'zeroHour12':
      return pad(hour % 12 || 12, 2);
    case 'minute':
      return String(wall.getUTCMinutes());
    case 'zeroMinute':
      return pad(wall.getUTCMinutes(), 2);
    case 'second':
      return String(wall.getUTCSeconds());
    case 'zeroSecond':
      return pad(wall.getUTCSeconds(), 2);
    case 'PM':
      return hour >= 12 ? 'PM' : 'AM';
    default:
      return hour >= 12 ? 'pm' : 'am';
  }
}

function offsetText(offsetSeconds: number, form: string): string {
  const size = Math.abs(offsetSeconds);
  const colon = form.includes(':') ? ':' : '';
  const digits = form.replace(/\D/g, '').length;
  let text = (offsetSeconds < 0 ? '-' : '+') + pad(Math.floor(size / 3_600), 2);
  if (digits >= 4) text += colon + pad(Math.floor(size / 60) % 60, 2);
  if (digits >= 6) text += colon + pad(size % 60, 2);
  return text;
}

function fractionText(nanoseconds: number, form: string, trimmed: boolean): string {
  const digits = pad(nanoseconds, 9)
    .slice(0, form.length - 1)
    .padEnd(form.length - 1, '0');
  const kept = trimmed ? digits.replace(/0+$/, '') : digits;
  return kept === '' ? '' : form.slice(0, 1) + kept;
}

export function startOfYear(year: number): number {
  return new Date(0).setUTCFullYear(year, 0, 1);
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
