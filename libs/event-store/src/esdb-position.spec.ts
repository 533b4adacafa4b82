import fc from 'fast-check';
import { esdbPosition, parseEsdbPosition } from './esdb-position.js';
import { StoreError } from './store-error.js';

const position = fc
  .tuple(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }))
  .map(([a, b]) => (a > b ? { commit: a, prepare: b } : { commit: b, prepare: a }));

describe('a position of EventStoreDB', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(position, ({ commit, prepare }) => {
        const numbers = { commit: `${commit}`, prepare: `${prepare}` };
        expect(parseEsdbPosition(esdbPosition(numbers))).toEqual(numbers);
      }),
    );
  });

  it('is later as text when it is later in the log', () => {
    fc.assert(
      fc.property(position, position, (one, other) => {
        const [a, b] = [one, other].map(({ commit, prepare }) =>
          esdbPosition({ commit: `${commit}`, prepare: `${prepare}` }),
        ) as [string, string];
        const order = one.commit === other.commit ? one.prepare < other.prepare : one.commit < other.commit;
        expect(a < b).toBe(order);
      }),
    );
  });

  it.each([
    '',
    'sql:00000000000000000001',
    'esdb:1/1',
    'esdb:00000000000000000001/0000000000000000000x',
    'esdb:00000000000000000001/00000000000000000002',
    'esdb:18446744073709551615/00000000000000000002',
    ' esdb:00000000000000000001/00000000000000000001',
  ])('is not %j', (text) => {
    expect(() => parseEsdbPosition(text)).toThrow(StoreError);
    expect(() => parseEsdbPosition(text)).toThrow('is not a position of this log');
  });
});
