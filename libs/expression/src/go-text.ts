// How the frozen condition language reads numbers and writes values: Go's strconv.ParseFloat and fmt's %v.
import type { Json } from '@app/kernel';

const special = /^(?:[+-]?inf(?:inity)?|nan)$/i;
// Each alternative can match in one way only, so that a long text costs time in proportion to its length.
const decimal = /^[+-]?(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:e[+-]?\d[\d_]*)?$/i;
const hexadecimal = /^([+-]?)0x_?([\da-f][\da-f_]*)?(?:\.([\da-f_]*))?p([+-]?\d[\d_]*)$/i;
const looseUnderscore = /(?:^|[^\da-f])_|_(?:[^\da-f]|$)/i;

/** The number that Go's ParseFloat reads in the text, or undefined where Go reports an error (range included). */
export function parseGoFloat(text: string): number | undefined {
  if (text === '' || !mayBegin(text.charCodeAt(0))) return undefined;
  if (special.test(text)) return specialValue(text.toLowerCase());
  if (decimal.test(text)) return decimalValue(text);
  return hexadecimalValue(text);
}

function mayBegin(code: number): boolean {
  // Digits, then `+ - . I N i n`: most texts that are no numbers end here.
  if (code >= 48 && code <= 57) return true;
  return [43, 45, 46, 73, 78, 105, 110].includes(code);
}

function specialValue(text: string): number {
  if (text === 'nan') return Number.NaN;
  return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

function decimalValue(text: string): number | undefined {
  const underscored = text.includes('_');
  if (underscored && /(?:^|\D)_|_(?:\D|$)/.test(text)) return undefined;
  const value = Number(underscored ? text.replaceAll('_', '') : text);
  return Number.isFinite(value) ? value : undefined;
}

function hexadecimalValue(text: string): number | undefined {
  const found = hexadecimal.exec(text);
  if (!found || looseUnderscore.test(text.replace(/0x_/i, '0x'))) return undefined;
  const whole = (found[2] ?? '').replaceAll('_', '');
  const fraction = (found[3] ?? '').replaceAll('_', '');
  if (whole === '' && fraction === '') return undefined;
  const exponent = Number((found[4] ?? '0').replaceAll('_', '')) - 4 * fraction.length;
  const value = Number(`0x${whole}${fraction}`) * 2 ** exponent;
  if (!Number.isFinite(value)) return undefined;
  return found[1] === '-' ? -value : value;
}

/** What Go prints for the value with `%v`: `true`, `<nil>`, `1e+06`, `[1 2]`, `map[a:1 b:2]`. */
export function goText(value: Json): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return goNumberText(value);
  if (typeof value === 'boolean') return String(value);
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  const entries = Object.keys(value)
    .sort()
    .map((key) => `${key}:${goText(value[key] ?? null)}`);
  return `map[${entries.join(' ')}]`;
}

function goNumberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const [digits = '0', exponentText = '0'] = value.toExponential().split('e');
  const exponent = Number(exponentText);
  // Go's %g turns to the exponent form below 1e-4 and from 1e6 on when it prints the shortest digits.
  if (exponent >= -4 && exponent < 6) return plainText(value, digits, exponent);
  const sign = exponent < 0 ? '-' : '+';
  return `${digits}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

function plainText(value: number, digits: string, exponent: number): string {
  if (exponent >= 0) return String(value);
  const sign = value < 0 ? '-' : '';
  return `${sign}0.${'0'.repeat(-exponent - 1)}${digits.replace(/[-.]/g, '')}`;
}
