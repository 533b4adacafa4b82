// One block of the entry view in the making: up to 4096 entries in a row, and under which terms each is found.
import type { Bitmap } from './postings.js';
import { addOffset, BLOCK_SIZE, encodePostings } from './postings.js';
import { fieldOf, isNone, type TermRange } from './entry-terms.js';
import { compareText } from './text-order.js';

/** Per field: the lowest and highest term in the block, and whether every entry has a value. Null: none has. */
export type Zone = { readonly low: string; readonly high: string; readonly full: boolean } | null;

export class EntryBlock {
  readonly facets: number[] = [];
  /** One entry, or several: most terms are of one entry alone. */
  private readonly offsets = new Map<string, number | number[]>();
  private readonly offsetsOfWords = new Map<readonly string[], number[]>();

  get size(): number {
    return this.facets.length;
  }

  get isFull(): boolean {
    return this.facets.length >= BLOCK_SIZE;
  }

  /** @param words terms besides, without repetition: the same list again, where many entries have the same */
  add(facet: number, terms: readonly string[], words: readonly string[] = noWords): void {
    const offset = this.facets.length;
    this.facets.push(facet);
    for (const term of terms) {
      const known = this.offsets.get(term);
      if (known === undefined) this.offsets.set(term, offset);
      else if (typeof known === 'number') {
        if (known !== offset) this.offsets.set(term, [known, offset]);
      } else if (known[known.length - 1] !== offset) known.push(offset);
    }
    if (words.length === 0) return;
    const alike = this.offsetsOfWords.get(words);
    if (alike) alike.push(offset);
    else this.offsetsOfWords.set(words, [offset]);
  }

  /** Adds the entries that have a term in the range. */
  collect(range: TermRange, set: Bitmap): void {
    if (range.exact) {
      const offsets = this.offsets.get(range.from);
      if (offsets !== undefined) addAll(set, offsets);
    } else {
      for (const [term, offsets] of this.offsets) if (isWithin(range, term)) addAll(set, offsets);
    }
    for (const [words, offsets] of this.offsetsOfWords) {
      if (words.some((word) => (range.exact ? word === range.from : isWithin(range, word)))) addAll(set, offsets);
    }
  }

  /** All terms in their order, with their encoded postings. */
  postings(): [string, string][] {
    const found = this.found();
    const terms = [...found.keys()].sort(compareStored);
    // The engine's own order is fast, and differs from the store's above U+FFFF alone.
    if (terms.some((term) => surrogate.test(term))) terms.sort(compareText);
    return terms.map((term) => {
      const offsets = found.get(term) ?? [];
      return [term, encodePostings(typeof offsets === 'number' ? [offsets] : offsets)];
    });
  }

  /** Every term, and the entries that have it in any order. */
  private found(): Map<string, number | readonly number[]> {
    const ofWords = new Map<string, number[]>();
    for (const [words, offsets] of this.offsetsOfWords) {
      for (const word of words) {
        const known = ofWords.get(word);
        if (!known) ofWords.set(word, offsets.slice());
        else for (const offset of offsets) known.push(offset);
      }
    }
    const found = new Map<string, number | readonly number[]>(this.offsets);
    for (const [word, offsets] of ofWords) {
      const known = found.get(word);
      found.set(word, known === undefined ? offsets : offsets.concat(known));
    }
    return found;
  }

  zones(fieldCount: number): Zone[] {
    const zones: { low: string; high: string; full: boolean }[] = [];
    const partial = new Set<number>();
    for (const term of this.offsets.keys()) {
      const field = fieldOf(term);
      if (field === -1) continue;
      if (isNone(term)) {
        partial.add(field);
        continue;
      }
      const zone = (zones[field] ??= { low: term, high: term, full: true });
      if (compareText(term, zone.low) < 0) zone.low = term;
      if (compareText(term, zone.high) > 0) zone.high = term;
    }
    return Array.from({ length: fieldCount }, (_, field) => {
      const zone = zones[field];
      return zone ? { ...zone, full: !partial.has(field) } : null;
    });
  }
}

const noWords: readonly string[] = [];
const surrogate = /[\ud800-\udfff]/;

function compareStored(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function isWithin({ from, to }: TermRange, term: string): boolean {
  return compareText(term, from) >= 0 && compareText(term, to) < 0;
}

function addAll(set: Bitmap, offsets: number | readonly number[]): void {
  if (typeof offsets === 'number') addOffset(set, offsets);
  else for (const offset of offsets) addOffset(set, offset);
}

/** Facet numbers as bytes: two each while they are small, else four. */
export function encodeFacets(facets: readonly number[]): Uint8Array {
  const wide = facets.some((facet) => facet > 0xffff);
  const bytes = new Uint8Array(1 + facets.length * (wide ? 4 : 2));
  const view = new DataView(bytes.buffer);
  bytes[0] = wide ? 4 : 2;
  for (let index = 0; index < facets.length; index += 1) {
    const facet = facets[index] ?? 0;
    if (wide) view.setUint32(1 + index * 4, facet, true);
    else view.setUint16(1 + index * 2, facet, true);
  }
  return bytes;
}

export function decodeFacets(bytes: Uint8Array): Uint16Array | Uint32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const width = bytes[0] === 4 ? 4 : 2;
  const count = (bytes.length - 1) / width;
  const facets = width === 4 ? new Uint32Array(count) : new Uint16Array(count);
  for (let index = 0; index < count; index += 1) {
    facets[index] = width === 4 ? view.getUint32(1 + index * 4, true) : view.getUint16(1 + index * 2, true);
  }
  return facets;
}
