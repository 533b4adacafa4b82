import fc from 'fast-check';
import { BACK_OFF_MAX_MS, backOffMs } from './back-off.js';

describe('the back-off', () => {
  it('doubles what it may be, from 50 ms to 5 s', () => {
    const ceilings = [1, 2, 3, 4, 5, 6, 7, 8, 9, 100].map((attempt) => backOffMs(attempt, 0.999_999) + 1);
    expect(ceilings).toEqual([50, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000]);
  });

  it('lies anywhere between nothing and that', () => {
    const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), chance, (attempt, at) => {
        const delay = backOffMs(attempt, at);
        return Number.isInteger(delay) && delay >= 0 && delay < BACK_OFF_MAX_MS && (at > 0 || delay === 0);
      }),
    );
  });
});
