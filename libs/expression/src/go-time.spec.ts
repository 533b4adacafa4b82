import * as fc from 'fast-check';
import { parseGoTime } from './go-time-parser.js';
import { formatGoTime, parseLayout } from './go-time.js';

const RFC3339 = '2006-01-02T15:04:05Z07:00';

function rewritten(text: string, from: string, to: string): string | undefined {
  const time = parseGoTime(text, parseLayout(from));
  return time && formatGoTime(time, parseLayout(to));
}

describe('a Go layout', () => {
  it.each<[string, string, string, string]>([
    ['2026-05-02T13:04:05Z', RFC3339, 'Mon Jan _2 15:04:05 2006', 'Sat May  2 13:04:05 2026'],
    ['2026-05-02T13:04:05+02:00', RFC3339, RFC3339, '2026-05-02T13:04:05+02:00'],
    ['2026-05-02T13:04:05Z', RFC3339, 'Monday, 02-Jan-06 15:04:05 MST', 'Saturday, 02-May-26 13:04:05 UTC'],
    ['2026-05-02T13:04:05Z', RFC3339, 'January 2, 2006 at 3:04pm', 'May 2, 2026 at 1:04pm'],
    ['2026-05-02T00:04:05Z', RFC3339, '03:04:05 PM', '12:04:05 AM'],
    ['May 2, 2026 at 1:04pm', 'January 2, 2006 at 3:04pm', RFC3339, '2026-05-02T13:04:00Z'],
    ['12:30 AM', '3:04 PM', '15:04', '00:30'],
    ['2026-05-02T13:04:05.123456789Z', RFC3339, '15:04:05.000', '13:04:05.123'],
    ['2026-05-02T13:04:05.120Z', RFC3339, '15:04:05.999999', '13:04:05.12'],
    ['2026-05-02T13:04:05Z', '2006-01-02T15:04:05.999Z07:00', '15:04:05.999Z', '13:04:05Z'],
    ['2026-05-02T13:04:05,5Z', '2006-01-02T15:04:05,0Z07:00', '05,00', '05,50'],
    ['20260502 130405 -0330', '20060102 150405 -0700', RFC3339, '2026-05-02T13:04:05-03:30'],
    ['02/05/26', '02/01/06', '2006-1-2', '2026-5-2'],
    ['69', '06', '2006', '1969'],
    ['2026 122', '2006 002', '2006-01-02', '2026-05-02'],
    ['2026-05-02', '2006-01-02', '002 __2', '122 122'],
    ['2024-02-29', '2006-01-02', 'Jan', 'Feb'],
    ['Tue, 10 Nov 2009 23:00:00 UTC', 'Mon, 02 Jan 2006 15:04:05 MST', RFC3339, '2009-11-10T23:00:00Z'],
    ['2009', '2006', 'Janet Month _2006 .05', 'Janet Month _2009 .00'],
    ['1969-12-31', '2006-01-02', 'Z07 -07 Z0700', 'Z +00 Z'],
    ['x', 'x', '2006-01-02', '0000-01-01'],
  ])('rewrites %j from %j to %j', (text, from, to, expected) => {
    expect(rewritten(text, from, to)).toBe(expected);
  });

  it.each<[string, string]>([
    ['2026-13-01', '2006-01-02'],
    ['2026-02-29', '2006-01-02'],
    ['2026-04-31', '2006-01-02'],
    ['26-05-02', '2006-01-02'],
    ['2026-05-02x', '2006-01-02'],
    ['2026-05-02', '2006-01-02 15:04'],
    ['24:00', '15:04'],
    ['13:00 PM', '03:04 PM'],
    ['13:00:60', '15:04:05'],
    ['Foo 2', 'Jan 2'],
    ['13:04:05.12', '15:04:05.000'],
    ['2026-05-02T13:04:05+2:00', RFC3339],
    ['', '2006'],
    ['9'.repeat(300), '2006'],
  ])('does not read %j as %j', (text, layout) => {
    expect(parseGoTime(text, parseLayout(layout))).toBeUndefined();
  });

  it('reads back every moment that it wrote', () => {
    const moment = fc.record({
      epochSeconds: fc.integer({ min: -62_135_510_400, max: 253_402_214_399 }),
      nanoseconds: fc.integer({ min: 0, max: 999_999_999 }),
      offsetSeconds: fc.integer({ min: -14 * 60, max: 14 * 60 }).map((minutes) => minutes * 60),
    });
    for (const layout of ['2006-01-02T15:04:05.000000000-07:00', 'Jan 2 2006 3:04:05.999999999 PM -0700']) {
      fc.assert(
        fc.property(moment, (time) => {
          const text = formatGoTime({ ...time, zone: '' }, parseLayout(layout));
          expect(parseGoTime(text, parseLayout(layout))).toMatchObject(time);
        }),
      );
    }
  });

  it('agrees with ISO 8601 as JavaScript writes it', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
        (date) => {
          const time = {
            epochSeconds: Math.floor(date.getTime() / 1_000),
            nanoseconds: date.getUTCMilliseconds() * 1e6,
            offsetSeconds: 0,
            zone: 'UTC',
          };
          expect(formatGoTime(time, parseLayout('2006-01-02T15:04:05.000Z07:00'))).toBe(date.toISOString());
        },
      ),
    );
  });

  it('never throws, whatever the layout and the text', () => {
    const piece = fc.constantFrom(
      '2006',
      '01',
      '02',
      '_2',
      '__2',
      'Jan',
      'Mon',
      'PM',
      '.000',
      '-07:00',
      'Z07',
      'MST',
      ' ',
      '5',
      'é',
      '/',
    );
    const layout = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(layout, fc.oneof(fc.string(), layout), (format, text) => {
        const time = parseGoTime(text, parseLayout(format));
        expect(time === undefined || typeof formatGoTime(time, parseLayout(format)) === 'string').toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});
