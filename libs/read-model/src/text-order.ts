// The one order of texts and numbers in every view: by code point, as UTF-8 bytes compare. JavaScript's own `<` orders
// texts by UTF-16 unit, which differs above U+FFFF, and a store that pages by key must not have two orders.
import type { FieldValue } from '@app/kernel';

/** Negative, zero or positive, by code point. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index += 1) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above all other units. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

/** Values of one field, which all have its type. */
export function compareValues(a: string | number, b: string | number): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return compareText(String(a), String(b));
}

/** A number as 16 hexadecimal digits whose order as text is the order of the numbers. */
export function sortableNumber(value: number): string {
  scratch.setFloat64(0, value === 0 ? 0 : value);
  const high = scratch.getInt32(0);
  const low = scratch.getInt32(4);
  // Negative numbers: all bits turned, so that the lowest comes first. Others: only the sign.
  return high < 0 ? hex(~high) + hex(~low) : hex(high ^ 0x80000000) + hex(low);
}

const scratch = new DataView(new ArrayBuffer(8));

function hex(bits: number): string {
  return (bits >>> 0).toString(16).padStart(8, '0');
}

/** Null stands for "no value" everywhere. */
export function valueOf(value: FieldValue | undefined): FieldValue {
  return value === undefined ? null : value;
}

const lowest = /[\u0000\u0001]/;

/**
 * Text as it is stored. The driver cuts texts at U+0000, so U+0000 and U+0001 are written as two characters each, in a
 * way that keeps the order; nearly every text is stored as it is.
 */
export function storedText(text: string): string {
  if (!lowest.test(text)) return text;
  return text.replaceAll('\u0001', '\u0001\u0003').replaceAll('\u0000', '\u0001\u0002');
}

export function originalText(stored: string): string {
  if (!lowest.test(stored)) return stored;
  return stored.replaceAll('\u0001\u0002', '\u0000').replaceAll('\u0001\u0003', '\u0001');
}

/** The smallest text above every spelling of `stored`, and below every longer stored text. */
export function justAbove(stored: string): string {
  return `${stored}\u0001`;
}
