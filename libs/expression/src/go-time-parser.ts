// Reading a moment by a Go layout (time.Parse).
import type { ChunkKind, GoLayout, GoTime, LayoutChunk } from './go-time.js';
import { monthNames, startOfYear, weekdayNames } from './go-time.js';

interface Fields {
  year: number;
  month: number;
  day: number;
  yearDay: number;
  hour: number;
  minute: number;
  second: number;
  nanoseconds: number;
  half: 'am' | 'pm' | undefined;
  offsetSeconds: number | undefined;
  zone: string | undefined;
}

/** Characters. */
const TIME_LENGTH_MAX = 200;

/** The moment, or undefined when the text does not follow the layout or is no date. Without an offset it is in UTC. */
export function parseGoTime(text: string, layout: GoLayout): GoTime | undefined {
  if (text.length > TIME_LENGTH_MAX) return undefined;
  const fields = newFields();
  let rest: string | undefined = text;
  for (const [index, chunk] of layout.entries()) {
    rest = chunk.kind === undefined ? skipLiteral(rest, chunk.text) : readChunk(rest, chunk, fields, layout[index + 1]);
    if (rest === undefined) return undefined;
  }
  return rest === '' ? momentOf(fields) : undefined;
}

function newFields(): Fields {
  return {
    year: 0,
    month: 0,
    day: 0,
    yearDay: 0,
    hour: 0,
    minute: 0,
    second: 0,
    nanoseconds: 0,
    half: undefined,
    offsetSeconds: undefined,
    zone: undefined,
  };
}

/** Any number of blanks stands for a blank. */
function skipLiteral(text: string, literal: string): string | undefined {
  let rest = text;
  for (let at = 0; at < literal.length; at += 1) {
    if (literal[at] === ' ') {
      if (rest !== '' && !rest.startsWith(' ')) return undefined;
      while (literal[at + 1] === ' ') at += 1;
      rest = rest.replace(/^ +/, '');
    } else {
      if (rest[0] !== literal[at]) return undefined;
      rest = rest.slice(1);
    }
  }
  return rest;
}

function readChunk(
  text: string,
  chunk: LayoutChunk,
  fields: Fields,
  next: LayoutChunk | undefined,
): string | undefined {
  switch (chunk.kind) {
    case 'monthName':
    case 'monthShortName':
    case 'weekdayName':
    case 'weekdayShortName':
      return readName(text, chunk.kind, fields);
    case 'PM':
    case 'pm':
      return readHalf(text, chunk.kind, fields);
    case 'zoneName':
      return readZone(text, fields);
    case 'offset':
    case 'zuluOffset':
      return readOffset(text, chunk, fields);
    case 'fraction':
    case 'trimmedFraction':
      return readFraction(text, chunk, fields);
    default:
      return readNumber(text, chunk.kind, fields, next);
  }
}

function readName(text: string, kind: ChunkKind, fields: Fields): string | undefined {
  const isMonth = kind.startsWith('month');
  const isShort = kind.endsWith('ShortName');
  const names = (isMonth ? monthNames : weekdayNames).map((name) => (isShort ? name.slice(0, 3) : name));
  const found = names.findIndex((name) => text.slice(0, name.length).toLowerCase() === name.toLowerCase());
  const name = names[found];
  if (name === undefined) return undefined;
  if (isMonth) fields.month = found + 1;
  return text.slice(name.length);
}

function readHalf(text: string, kind: 'PM' | 'pm', fields: Fields): string | undefined {
  const word = text.slice(0, 2);
  const lower = word.toLowerCase();
  if ((lower !== 'am' && lower !== 'pm') || word !== (kind === 'pm' ? lower : word.toUpperCase())) return undefined;
  fields.half = lower;
  return text.slice(2);
}

/** What a number is written with, and where it must lie. */
const numbers: Partial<
  Record<ChunkKind, readonly [pattern: RegExp, field: keyof Fields, least: number, most: number]>
> = {
  year: [/^\d{4}/, 'year', 0, 9_999],
  shortYear: [/^\d{2}/, 'year', 0, 99],
  month: [/^\d{1,2}/, 'month', 1, 12],
  zeroMonth: [/^\d{2}/, 'month', 1, 12],
  day: [/^\d{1,2}/, 'day', 1, 31],
  spaceDay: [/^ ?\d{1,2}/, 'day', 1, 31],
  zeroDay: [/^\d{2}/, 'day', 1, 31],
  yearDay: [/^[ \d]{2}\d/, 'yearDay', 1, 366],
  hour: [/^\d{1,2}/, 'hour', 0, 23],
  hour12: [/^\d{1,2}/, 'hour', 0, 12],
  zeroHour12: [/^\d{2}/, 'hour', 0, 12],
  minute: [/^\d{1,2}/, 'minute', 0, 59],
  zeroMinute: [/^\d{2}/, 'minute', 0, 59],
  second: [/^\d{1,2}/, 'second', 0, 59],
  zeroSecond: [/^\d{2}/, 'second', 0, 59],
};

function readNumber(
  text: string,
  kind: ChunkKind | undefined,
  fields: Fields,
  next: LayoutChunk | undefined,
): string | undefined {
  const [pattern, field, least, most] = (kind && numbers[kind]) ?? [/^$/, 'day', 1, 0];
  const written = pattern.exec(text)?.[0];
  const value = Number(written ?? Number.NaN);
  if (written === undefined || !(value >= least && value <= most)) return undefined;
  Object.assign(fields, { [field]: kind === 'shortYear' ? value + (value >= 69 ? 1_900 : 2_000) : value });
  const rest = text.slice(written.length);
  const fractionFollows = next?.kind === 'fraction' || next?.kind === 'trimmedFraction';
  // Seconds may have a fraction even where the layout shows none.
  return field === 'second' && !fractionFollows ? readDigits(rest, fields, /^[.,](\d+)/) : rest;
}

function readFraction(text: string, chunk: LayoutChunk, fields: Fields): string | undefined {
  if (chunk.kind === 'trimmedFraction') return readDigits(text, fields, /^[.,](\d+)/);
  const exact = new RegExp(`^[.,](\\d{${chunk.text.length - 1}})`);
  return exact.test(text) ? readDigits(text, fields, exact) : undefined;
}

function readDigits(text: string, fields: Fields, pattern: RegExp): string {
  const [written, digits] = pattern.exec(text) ?? [];
  if (written === undefined || digits === undefined) return text;
  fields.nanoseconds = Number(digits.slice(0, 9).padEnd(9, '0'));
  return text.slice(written.length);
}

function readZone(text: string, fields: Fields): string | undefined {
  const found = /^(?:GMT[+-]\d{1,2}|[A-Z]{3,5}|[+-]\d{2}(?:\d{2})?)/.exec(text)?.[0];
  if (found === undefined) return undefined;
  fields.zone = found;
  const hours = /^GMT([+-]\d{1,2})$/.exec(found)?.[1] ?? /^([+-]\d{2})/.exec(found)?.[1];
  // An abbreviation says nothing certain about the offset: it is kept as a name, with no offset.
  fields.offsetSeconds ??= hours === undefined ? 0 : Number(hours) * 3_600;
  return text.slice(found.length);
}

function readOffset(text: string, chunk: LayoutChunk, fields: Fields): string | undefined {
  if (chunk.kind === 'zuluOffset' && text.startsWith('Z')) {
    fields.offsetSeconds = 0;
    fields.zone = 'UTC';
    return text.slice(1);
  }
  const form = chunk.text.slice(1).replaceAll(/\d\d/g, '(\\d\\d)');
  const found = new RegExp(`^([+-])${form}`).exec(text);
  if (!found) return undefined;
  const [hours, minutes, seconds] = [2, 3, 4].map((group) => Number(found[group] ?? 0)) as [number, number, number];
  if (hours > 24 || minutes > 59 || seconds > 59) return undefined;
  const size = hours * 3_600 + minutes * 60 + seconds;
  fields.offsetSeconds = found[1] === '-' && size > 0 ? -size : size;
  return text.slice(found[0].length);
}

function momentOf(fields: Fields): GoTime | undefined {
  const date = dateOf(fields);
  if (date === undefined) return undefined;
  let { hour } = fields;
  if (fields.half === 'pm' && hour < 12) hour += 12;
  if (fields.half === 'am' && hour === 12) hour = 0;
  const offsetSeconds = fields.offsetSeconds ?? 0;
  const wallSeconds = date / 1_000 + hour * 3_600 + fields.minute * 60 + fields.second;
  const zone = fields.zone ?? (offsetSeconds === 0 ? 'UTC' : '');
  return { epochSeconds: wallSeconds - offsetSeconds, nanoseconds: fields.nanoseconds, offsetSeconds, zone };
}

/** Midnight in milliseconds, or undefined when the month has no such day. */
function dateOf({ year, month, day, yearDay }: Fields): number | undefined {
  if (yearDay > 0) {
    const date = startOfYear(year) + (yearDay - 1) * 86_400_000;
    const found = new Date(date);
    const agrees = (month === 0 || month === found.getUTCMonth() + 1) && (day === 0 || day === found.getUTCDate());
    return found.getUTCFullYear() === year && agrees ? date : undefined;
  }
  const date = new Date(0).setUTCFullYear(year, (month || 1) - 1, day || 1);
  return new Date(date).getUTCDate() === (day || 1) ? date : undefined;
}
