import fc from 'fast-check';
import { etagOf, expectedRevisionOf } from './etag.js';

describe('entity tags', () => {
  it('bring back the revision that they were made of', () => {
    fc.assert(fc.property(fc.nat(), (revision) => expect(expectedRevisionOf(etagOf(revision))).toBe(revision)));
  });

  it('are read in their weak form and with spaces around', () => {
    expect([expectedRevisionOf('W/"3"'), expectedRevisionOf(' "3" ')]).toEqual([3, 3]);
  });

  it.each([undefined, '', ' ', '*'])('demand nothing when the header is %j', (header) => {
    expect(expectedRevisionOf(header)).toBeUndefined();
  });

  it.each(['3', '"-1"', '"a"', '"1", "2"', '"99999999999999999999"'])(
    'are refused when they are none of ours: %j',
    (header) => {
      expect(expectedRevisionOf(header)).toMatchObject({ kind: 'invalid', code: 'INVALID_IF_MATCH' });
    },
  );
});
