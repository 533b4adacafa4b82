import fc from 'fast-check';
import { addPostings, BLOCK_SIZE, emptyBitmap, encodePostings, intersect, offsetsOf, rangeBitmap } from './postings.js';

const offsets = fc.uniqueArray(fc.nat(BLOCK_SIZE - 1), { maxLength: 600 }).map((some) => some.sort((a, b) => a - b));

function setOf(some: readonly number[]): Uint32Array {
  const set = emptyBitmap();
  addPostings(set, encodePostings(some));
  return set;
}

describe('postings', () => {
  it('hold the entries they were made of, few or many', () => {
    fc.assert(
      fc.property(offsets, (some) => {
        expect(offsetsOf(setOf(some), false, BLOCK_SIZE)).toEqual(some);
        expect(encodePostings(some).length).toBeLessThanOrEqual(BLOCK_SIZE / 4);
        expect(setOf([...some].reverse())).toEqual(setOf(some));
      }),
    );
    const all = Array.from({ length: BLOCK_SIZE }, (_, at) => at);
    expect(offsetsOf(setOf(all), false, BLOCK_SIZE)).toEqual(all);
  });

  it('of several terms are taken together', () => {
    fc.assert(
      fc.property(offsets, offsets, (some, others) => {
        const set = emptyBitmap();
        addPostings(
          set,
          [some, others]
            .filter(({ length }) => length > 0)
            .map(encodePostings)
            .join(','),
        );
        const expected = [...new Set([...some, ...others])].sort((a, b) => a - b);
        expect(offsetsOf(set, false, BLOCK_SIZE)).toEqual(expected);
      }),
    );
  });

  it('intersect as sets do', () => {
    fc.assert(
      fc.property(offsets, offsets, (some, others) => {
        const set = setOf(some);
        const expected = some.filter((offset) => others.includes(offset));
        expect(intersect(set, setOf(others))).toBe(expected.length > 0);
        expect(offsetsOf(set, false, BLOCK_SIZE)).toEqual(expected);
      }),
    );
  });

  it('are walked from either end, up to a limit', () => {
    fc.assert(
      fc.property(offsets, fc.nat(700), (some, limit) => {
        expect(offsetsOf(setOf(some), false, limit)).toEqual(some.slice(0, limit));
        expect(offsetsOf(setOf(some), true, limit)).toEqual([...some].reverse().slice(0, limit));
      }),
    );
  });

  it('of a range hold every entry in it', () => {
    fc.assert(
      fc.property(fc.nat(BLOCK_SIZE - 1), fc.nat(BLOCK_SIZE - 1), (one, other) => {
        const [from, to] = [Math.min(one, other), Math.max(one, other)];
        const expected = Array.from({ length: to - from + 1 }, (_, at) => from + at);
        expect(offsetsOf(rangeBitmap(from, to), false, BLOCK_SIZE)).toEqual(expected);
      }),
    );
  });
});
