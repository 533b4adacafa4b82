// One block of the entry view in the making: up to 4096 entries in a row, and under which terms each is found.
import type { Bitmap } from './postings.js';
import { addOffset, BLOCK_SIZE, encodePostings } from './postings.js';
import { fieldOf, isNone, type TermRange } from './entry-terms.js';
import { compareText } from './text-order.js';

/** Per field: the lowest and highest term in the block, and whether every entry has a value. Null: none has. */
export type Zone = { readonly low: string; readonly high: string; readonly full: boolean } | null;

export class EntryBlock {
  readonly facets: number[] = [];
  private readonly offsets = new Map<string, number[]>();

  get size(): number {
    return this.facets.length;
  }

  get isFull(): boolean {
    return this.facets.length >= BLOCK_SIZE;
  }

  add(facet: number, terms: readonly string[]): void {
    const offset = this.facets.length;
    this.facets.push(facet);
    for (const term of terms) {
      const known = this.offsets.get(term);
      if (!known) this.offsets.set(term, [offset]);
      else if (known[known.length - 1] !== offset) known.push(offset);
    }
  }

  /** Adds the entries that have a term in the range. */
  collect(range: TermRange, set: Bitmap): void {
    if (range.exact) {
      for (const offset of this.offsets.get(range.from) ?? []) addOffset(set, offset);
      return;
    }
    for (const [term, offsets] of this.offsets) {
      if (compareText(term, range.from) < 0 || compareText(term, range.to) >= 0) continue;
      for (const offset of offsets) addOffset(set, offset);
    }
  }

  /** All terms in their order, with their encoded postings. */
  postings(): [string, Uint8Array][] {
    const terms = [...this.offsets.keys()].sort(compareStored);
    return terms.map((term) => [term, encodePostings(this.offsets.get(term) ?? [])]);
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

/** The engine's own order is fast; where it differs from the store's, rows only land a little out of turn. */
function compareStored(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
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
