// Whether bytes are canonical JSON (RFC 8785) as they stand: told from the bytes, without making values of them.
import { JSON_DEPTH_MAX } from '@app/kernel';

export interface CanonicalDefect {
  /** Index of the byte at which it shows, from the beginning of the bytes given. */
  readonly at: number;
  readonly problem: string;
}

/** Containers within containers, as everywhere in the log. */
export const CANONICAL_DEPTH_MAX = JSON_DEPTH_MAX;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Digits that a double always keeps exactly: such integers are written as they are. */
const SAFE_DIGITS = 15;

class Fault extends Error {
  constructor(
    readonly at: number,
    readonly problem: string,
  ) {
    super(problem);
  }
}

/**
 * The first reason why `bytes` are not one canonical JSON value of at most `depthMax` levels, or undefined when they are.
 * Refused besides what RFC 8785 refuses: the key `__proto__`, which no event may hold.
 */
export function canonicalBytesDefect(bytes: Uint8Array, depthMax = CANONICAL_DEPTH_MAX): CanonicalDefect | undefined {
  try {
    const end = scanValue(bytes, 0, depthMax);
    if (end !== bytes.length) return { at: end, problem: 'something follows the value' };
    return undefined;
  } catch (error) {
    if (error instanceof Fault) return { at: error.at, problem: error.problem };
    throw error;
  }
}

function scanValue(bytes: Uint8Array, at: number, levelsLeft: number): number {
  const first = bytes[at];
  switch (first) {
    case QUOTE:
      return scanString(bytes, at);
    case OPEN_OBJECT:
      return scanObject(bytes, at, levelsLeft - 1);
    case OPEN_ARRAY:
      return scanArray(bytes, at, levelsLeft - 1);
    case undefined:
      throw new Fault(at, 'the value is cut off');
    default:
      return first === MINUS || (first >= ZERO && first <= NINE) ? scanNumber(bytes, at) : scanWord(bytes, at);
  }
}

function scanObject(bytes: Uint8Array, start: number, levelsLeft: number): number {
  if (levelsLeft < 0) throw new Fault(start, 'is nested too deep');
  let at = start + 1;
  if (bytes[at] === CLOSE_OBJECT) return at + 1;
  for (let before = -1, beforeEnd = -1; ;) {
    if (bytes[at] !== QUOTE) throw new Fault(at, 'a key was expected here');
    const end = scanString(bytes, at);
    if (before !== -1) checkOrder(bytes, before, beforeEnd, at, end);
    if (isPrototypeKey(bytes, at, end)) throw new Fault(at, '__proto__ is a forbidden key');
    if (bytes[end] !== COLON) throw new Fault(end, 'a colon was expected here');
    [before, beforeEnd] = [at, end];
    at = scanValue(bytes, end + 1, levelsLeft);
    if (bytes[at] === CLOSE_OBJECT) return at + 1;
    if (bytes[at] !== COMMA) throw new Fault(at, 'a comma or the end of the object was expected here');
    at += 1;
  }
}

function scanArray(bytes: Uint8Array, start: number, levelsLeft: number): number {
  if (levelsLeft < 0) throw new Fault(start, 'is nested too deep');
  let at = start + 1;
  if (bytes[at] === CLOSE_ARRAY) return at + 1;
  for (;;) {
    at = scanValue(bytes, at, levelsLeft);
    if (bytes[at] === CLOSE_ARRAY) return at + 1;
    if (bytes[at] !== COMMA) throw new Fault(at, 'a comma or the end of the array was expected here');
    at += 1;
  }
}

/** Keys stand in the order of their UTF-16 code units, each once (RFC 8785, section 3.2.3). */
function checkOrder(bytes: Uint8Array, before: number, beforeEnd: number, at: number, end: number): void {
  const shared = Math.min(beforeEnd - before, end - at) - 1;
  for (let index = 1; index < shared; index += 1) {
    const [a, b] = [bytes[before + index] as number, bytes[at + index] as number];
    if (a === b && a < 0x80 && a !== BACKSLASH) continue;
    if (a < 0x80 && b < 0x80 && a !== BACKSLASH && b !== BACKSLASH) {
      if (a < b) return;
      throw new Fault(at, 'keys are not in order');
    }
    compareTexts(textOf(bytes, before, beforeEnd), textOf(bytes, at, end), at);
    return;
  }
  if (beforeEnd - before < end - at) return;
  compareTexts(textOf(bytes, before, beforeEnd), textOf(bytes, at, end), at);
}

function compareTexts(before: string, after: string, at: number): void {
  if (before === after) throw new Fault(at, `the key ${JSON.stringify(after)} stands twice`);
  if (before > after) throw new Fault(at, 'keys are not in order');
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Of a string that was scanned already. */
function textOf(bytes: Uint8Array, start: number, end: number): string {
  return JSON.parse(utf8.decode(bytes.subarray(start, end))) as string;
}

const prototypeKey = new TextEncoder().encode('"__proto__"');

function isPrototypeKey(bytes: Uint8Array, at: number, end: number): boolean {
  if (end - at !== prototypeKey.length) return false;
  for (let index = 0; index < prototypeKey.length; index += 1) {
    if (bytes[at + index] !== prototypeKey[index]) return false;
  }
  return true;
}

/** @returns the index behind the closing quote */
function scanString(bytes: Uint8Array, start: number): number {
  const length = bytes.length;
  let at = start + 1;
  while (at < length) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) return at + 1;
    if (byte === BACKSLASH) at = scanEscape(bytes, at);
    else if (byte >= 0x80) at = scanWide(bytes, at, byte);
    else if (byte >= 0x20) at += 1;
    else throw new Fault(at, 'a control character stands unescaped');
  }
  throw new Fault(at, 'a string is cut off');
}

/** b, t, n, f, r, quote, backslash: what has a short escape. */
const shortEscapes = new Set([0x62, 0x74, 0x6e, 0x66, 0x72, QUOTE, BACKSLASH]);
/** Control characters whose escape is a short one. */
const shortControls = new Set([0x08, 0x09, 0x0a, 0x0c, 0x0d]);

/** What must be escaped, in the one way in which it may be (RFC 8785, section 3.2.2.2). */
function scanEscape(bytes: Uint8Array, at: number): number {
  const kind = bytes[at + 1];
  if (kind !== undefined && shortEscapes.has(kind)) return at + 2;
  if (kind === 0x75 && bytes[at + 2] === ZERO && bytes[at + 3] === ZERO) {
    const code = hexadecimal(bytes[at + 4]) * 16 + hexadecimal(bytes[at + 5]);
    if (code < 0x20 && !shortControls.has(code)) return at + 6;
  }
  throw new Fault(at, 'an escape that is not the canonical one');
}

/** Lower case only; anything else is far too large to be a control character. */
function hexadecimal(byte: number | undefined): number {
  if (byte === undefined) return 256;
  if (byte >= ZERO && byte <= NINE) return byte - ZERO;
  return byte >= 0x61 && byte <= 0x66 ? byte - 0x57 : 256;
}

/** One character beyond ASCII: shortest form, no surrogate, at most U+10FFFF (RFC 3629). */
function scanWide(bytes: Uint8Array, at: number, first: number): number {
  const second = bytes[at + 1] ?? 0;
  if (first >= 0xc2 && first <= 0xdf) return trailing(bytes, at, 2);
  if (first >= 0xe0 && first <= 0xef) {
    if ((first === 0xe0 && second < 0xa0) || (first === 0xed && second > 0x9f)) throw new Fault(at, notUtf8);
    return trailing(bytes, at, 3);
  }
  if (first >= 0xf0 && first <= 0xf4) {
    if ((first === 0xf0 && second < 0x90) || (first === 0xf4 && second > 0x8f)) throw new Fault(at, notUtf8);
    return trailing(bytes, at, 4);
  }
  throw new Fault(at, notUtf8);
}

const notUtf8 = 'the text is not UTF-8';

function trailing(bytes: Uint8Array, at: number, count: number): number {
  for (let index = 1; index < count; index += 1) {
    const byte = bytes[at + index];
    if (byte === undefined || byte < 0x80 || byte > 0xbf) throw new Fault(at, notUtf8);
  }
  return at + count;
}

/** A number is written as ECMAScript writes it (RFC 8785, section 3.2.2.3). */
function scanNumber(bytes: Uint8Array, start: number): number {
  let at = start;
  let plain = true;
  for (; at < bytes.length; at += 1) {
    const byte = bytes[at] as number;
    if (byte >= ZERO && byte <= NINE) continue;
    // . + - E e: whether they stand where they may is told by the comparison.
    if (byte !== 0x2e && byte !== 0x2b && byte !== MINUS && byte !== 0x45 && byte !== 0x65) break;
    plain = false;
  }
  if (plain && at - start <= SAFE_DIGITS && (bytes[start] !== ZERO || at - start === 1)) return at;
  const text = utf8.decode(bytes.subarray(start, at));
  const value = Number(text);
  if (!Number.isFinite(value) || String(value) !== text) {
    throw new Fault(start, `${text.slice(0, 40)} is not how this number is written`);
  }
  return at;
}

const words = ['true', 'false', 'null'].map((word) => new TextEncoder().encode(word));

function scanWord(bytes: Uint8Array, at: number): number {
  for (const word of words) {
    if (word.every((byte, index) => bytes[at + index] === byte)) return at + word.length;
  }
  throw new Fault(at, 'a value was expected here');
}
