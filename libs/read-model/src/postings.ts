// Sets of entries within one block of the entry view: which of its 4096 entries hold a term.

export const BLOCK_SIZE = 4096;
const WORDS = BLOCK_SIZE / 32;
const BITMAP_BYTES = BLOCK_SIZE / 8;
/** Up to here two bytes for each entry are shorter than the bitmap. */
const LIST_MAX = BITMAP_BYTES / 2 - 1;

/** One bit an entry, by its offset in the block. */
export type Bitmap = Uint32Array;

export function emptyBitmap(): Bitmap {
  return new Uint32Array(WORDS);
}

/** Of a byte, and of an offset: the lower byte first. */
const byteDigits = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const offsetDigits = Array.from({ length: BLOCK_SIZE }, (_, at) => `${byteDigits[at & 0xff]}${byteDigits[at >> 8]}`);

/** `offsets` in any order, without repetition, each in 0..4095; as hexadecimal digits, which `addPostings` reads. */
export function encodePostings(offsets: readonly number[]): string {
  let digits = '';
  if (offsets.length <= LIST_MAX) {
    for (const offset of offsets) digits += offsetDigits[offset] ?? '';
    return digits;
  }
  const bits = new Uint8Array(BITMAP_BYTES);
  for (const offset of offsets) bits[offset >> 3] = (bits[offset >> 3] ?? 0) | (1 << (offset & 7));
  for (const byte of bits) digits += byteDigits[byte] ?? '';
  return digits;
}

/**
 * Adds the entries of encoded postings; several of them are separated by commas. Digits, because a text is one small object
 * on the heap: a byte array for each of thousands of postings would keep the garbage collector busy for tens of
 * milliseconds.
 */
export function addPostings(set: Bitmap, digits: string): void {
  let from = 0;
  while (from < digits.length) {
    const comma = digits.indexOf(',', from);
    const to = comma === -1 ? digits.length : comma;
    if (to - from === BITMAP_BYTES * 2) addBits(set, digits, from);
    else for (let at = from; at < to; at += 4) addOffset(set, byteAt(digits, at) | (byteAt(digits, at + 2) << 8));
    from = to + 1;
  }
}

function addBits(set: Bitmap, digits: string, from: number): void {
  for (let byte = 0; byte < BITMAP_BYTES; byte += 1) {
    const bits = byteAt(digits, from + byte * 2);
    if (bits !== 0) set[byte >> 2] = (set[byte >> 2] ?? 0) | (bits << ((byte & 3) * 8));
  }
}

function byteAt(digits: string, at: number): number {
  return (digitOf(digits.charCodeAt(at)) << 4) | digitOf(digits.charCodeAt(at + 1));
}

/** Of 0..9, and of A..F or a..f. */
function digitOf(code: number): number {
  return code < 0x3a ? code - 0x30 : (code & 0x5f) - 0x37;
}

export function addOffset(set: Bitmap, offset: number): void {
  set[offset >> 5] = (set[offset >> 5] ?? 0) | (1 << (offset & 31));
}

/** Keeps in `set` what is also in `other`; whether anything is left. */
export function intersect(set: Bitmap, other: Bitmap): boolean {
  let left = 0;
  for (let word = 0; word < WORDS; word += 1) {
    const both = (set[word] ?? 0) & (other[word] ?? 0);
    set[word] = both;
    left |= both;
  }
  return left !== 0;
}

/** The set of all offsets in from..to, both inclusive. */
export function rangeBitmap(from: number, to: number): Bitmap {
  const set = emptyBitmap();
  for (let word = from >> 5; word <= to >> 5; word += 1) set[word] = 0xffffffff;
  set[from >> 5] = (set[from >> 5] ?? 0) & (0xffffffff << (from & 31));
  set[to >> 5] = (set[to >> 5] ?? 0) & (0xffffffff >>> (31 - (to & 31)));
  return set;
}

/** The offsets in the set, ascending or descending, at most `limit` (>= 0) of them. */
export function offsetsOf(set: Bitmap, descending: boolean, limit: number): number[] {
  const offsets: number[] = [];
  for (let step = 0; step < WORDS && offsets.length < limit; step += 1) {
    const word = descending ? WORDS - 1 - step : step;
    let bits = (set[word] ?? 0) >>> 0;
    while (bits !== 0 && offsets.length < limit) {
      const bit = descending ? 31 - Math.clz32(bits) : 31 - Math.clz32(bits & -bits);
      bits = (bits & ~(1 << bit)) >>> 0;
      offsets.push(word * 32 + bit);
    }
  }
  return offsets;
}
