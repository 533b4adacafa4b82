import fc from 'fast-check';
import { ByteLines } from './byte-lines.js';
import { textOfUtf8, utf8Of } from './byte-text.js';

function linesOf(chunks: readonly Uint8Array[], lineBytesMax = 1_000) {
  const told: string[] = [];
  const tooLong: number[] = [];
  const lines = new ByteLines(
    lineBytesMax,
    (line, number) => {
      expect(number).toBe(lines.count);
      told.push(textOfUtf8(line) as string);
    },
    (number) => tooLong.push(number),
  );
  for (const chunk of chunks) lines.push(chunk);
  return { told, tooLong, count: lines.count, hasRest: lines.hasRest };
}

describe('lines out of chunks', () => {
  it('are the same however the bytes are cut', () => {
    const text = fc.array(fc.constantFrom('a', '\u20ac', '\n', ''), { maxLength: 30 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, fc.array(fc.nat(30), { maxLength: 5 }), (whole, cuts) => {
        const bytes = utf8Of(whole);
        const places = [0, ...cuts.filter((cut) => cut <= bytes.length).sort((a, b) => a - b), bytes.length];
        const chunks = places.slice(1).map((end, index) => bytes.subarray(places[index], end));
        const expected = whole.split('\n');
        expect(linesOf(chunks)).toEqual({
          told: expected.slice(0, -1),
          tooLong: [],
          count: expected.length - 1,
          hasRest: expected.at(-1) !== '',
        });
      }),
    );
  });

  it('that are too long are told by their number, and those behind them whole', () => {
    const chunks = ['ok\nfar', ' too', ' long\nok\n', 'far too long\nend\n'].map(utf8Of);
    expect(linesOf(chunks, 8)).toEqual({ told: ['ok', 'ok', 'end'], tooLong: [2, 4], count: 5, hasRest: false });
  });
});
