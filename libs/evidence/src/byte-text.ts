// Bytes as text and text as bytes: UTF-8, base64 (RFC 4648), big-endian numbers. Decoding accepts one spelling of each.

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function utf8Of(text: string): Uint8Array {
  return encoder.encode(text);
}

/**
 * UTF-8 of many short texts, one behind the other in a few large buffers: bytes of their own cost each of them several times as
 * much. Whoever keeps one for long keeps its neighbours too.
 */
export class Utf8Shelf {
  private room = new Uint8Array(0);

  constructor(private readonly bytes = 262_144) {}

  utf8Of(text: string): Uint8Array {
    // No text takes more than three bytes a code unit.
    const most = text.length * 3;
    if (most > this.bytes / 4) return utf8Of(text);
    if (most > this.room.length) this.room = new Uint8Array(this.bytes);
    const { written } = encoder.encodeInto(text, this.room);
    const taken = this.room.subarray(0, written);
    this.room = this.room.subarray(written);
    return taken;
  }
}

/** Undefined for bytes that are not UTF-8. A byte order mark is a character like any other. */
export function textOfUtf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

export function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  for (let index = 0; index < left.length; index += 1) if (left[index] !== right[index]) return false;
  return true;
}

export function joinedBytes(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

const common = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

interface Alphabet {
  readonly characters: string;
  /** What stands for twelve bits. */
  readonly pairs: readonly string[];
  readonly padded: boolean;
  /** The value of each character by its code, 255 where it is none of the alphabet. */
  readonly values: Uint8Array;
}

function alphabet(characters: string, padded: boolean): Alphabet {
  const values = new Uint8Array(128).fill(255);
  for (let value = 0; value < characters.length; value += 1) values[characters.charCodeAt(value)] = value;
  const pairs = [...characters].flatMap((first) => [...characters].map((second) => first + second));
  return { characters, pairs, padded, values };
}

const standard = alphabet(`${common}+/`, true);
const urlSafe = alphabet(`${common}-_`, false);

/** RFC 4648, section 4, with padding. */
export function base64Of(bytes: Uint8Array): string {
  return encoded(bytes, standard);
}

/** RFC 4648, section 5, without padding. */
export function base64UrlOf(bytes: Uint8Array): string {
  return encoded(bytes, urlSafe);
}

/** Undefined for anything but what `base64Of` writes: no blanks, whole padding, no stray bits. */
export function bytesOfBase64(text: string): Uint8Array | undefined {
  const body = text.endsWith('==') ? text.slice(0, -2) : text.endsWith('=') ? text.slice(0, -1) : text;
  const padding = (4 - (body.length % 4)) % 4;
  return text.length - body.length === padding ? decoded(body, standard) : undefined;
}

/** Undefined for anything but what `base64UrlOf` writes. */
export function bytesOfBase64Url(text: string): Uint8Array | undefined {
  return decoded(text, urlSafe);
}

function encoded(bytes: Uint8Array, { characters, pairs, padded }: Alphabet): string {
  let text = '';
  let at = 0;
  for (; at + 2 < bytes.length; at += 3) {
    const group = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    text += (pairs[group >> 12] as string) + (pairs[group & 4095] as string);
  }
  const left = bytes.length - at;
  if (left === 0) return text;
  const group = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8);
  text += pairs[group >> 12] as string;
  if (left === 2) text += characters.charAt((group >> 6) & 63);
  return padded ? text + '='.repeat(3 - left) : text;
}

function decoded(text: string, { values }: Alphabet): Uint8Array | undefined {
  const rest = text.length % 4;
  if (rest === 1) return undefined;
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let at = 0;
  let bits = 0;
  let held = 0;
  for (let index = 0; index < text.length; index += 1) {
    const value = values[text.charCodeAt(index)] ?? 255;
    if (value === 255) return undefined;
    held = (held << 6) | value;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at] = held >> bits;
    at += 1;
    held &= (1 << bits) - 1;
  }
  return held === 0 ? bytes : undefined;
}

/** Lower-case hexadecimal. */
export function hexOf(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}

const BYTE = 256;

/** `value` (a safe integer >= 0) as `length` bytes, the most significant first. */
export function bigEndian(value: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let left = value;
  for (let index = length - 1; index >= 0; index -= 1) {
    bytes[index] = left % BYTE;
    left = Math.floor(left / BYTE);
  }
  return bytes;
}

/** May be larger than a safe integer; then it is not exact. */
export function numberOfBigEndian(bytes: Uint8Array): number {
  return bytes.reduce((value, byte) => value * BYTE + byte, 0);
}

const decimal = /^(?:0|[1-9]\d{0,15})$/;

/** A safe integer >= 0 in ASCII digits without leading zeroes; undefined for every other text. */
export function numberOfDecimal(text: string): number | undefined {
  const value = decimal.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) ? value : undefined;
}
