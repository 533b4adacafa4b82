import fc from 'fast-check';
import { compareText, justAbove, originalText, sortableNumber, storedText } from './text-order.js';

const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom('\u0000', '\u0001', '\u0002', 'a', '\uFFEE', '\u{1F600}'),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  ),
});
const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

describe('the order of texts', () => {
  it('is that of their UTF-8 bytes', () => {
    fc.assert(fc.property(text, text, (a, b) => expect(Math.sign(compareText(a, b))).toBe(byBytes(a, b))));
  });

  it('survives the way in which texts are stored, and so do the texts', () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(storedText(a)).not.toContain('\u0000');
        expect(originalText(storedText(a))).toBe(a);
        expect(byBytes(storedText(a), storedText(b))).toBe(byBytes(a, b));
      }),
    );
  });

  it('has a bound just above each text, below everything longer', () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        const isBelow = byBytes(storedText(b), justAbove(storedText(a))) < 0;
        expect(isBelow).toBe(byBytes(b, a) <= 0);
      }),
    );
  });
});

describe('a number as text', () => {
  it('has the order of the numbers', () => {
    const number = fc.double({ noNaN: true });
    fc.assert(
      fc.property(number, number, (a, b) => {
        const order = a === b ? 0 : a < b ? -1 : 1;
        expect(byBytes(sortableNumber(a), sortableNumber(b))).toBe(order);
      }),
    );
  });
});
