import canonicalizeModule from 'canonicalize';
import fc from 'fast-check';
import { canonicalJson } from './json.js';

const canonicalize = canonicalizeModule as unknown as (value: unknown) => string;

describe('canonical JSON', () => {
  it('is that of RFC 8785, whatever order the keys came in', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        fc.pre(!JSON.stringify(value).includes('"__proto__"'));
        expect(canonicalJson(value)).toBe(canonicalize(value));
        expect(canonicalJson(JSON.parse(canonicalize(value)))).toBe(canonicalize(value));
      }),
    );
  });

  it.each([
    [{ b: 1, a: 2 }, '{"a":2,"b":1}'],
    // A number as a key comes first in an object, and in its place in the text.
    [{ '10': 1, '9': 2, '!': 3 }, '{"!":3,"10":1,"9":2}'],
    [{ '10': 1, '20': 2 }, '{"10":1,"20":2}'],
    [{ a: [{ z: 1, y: 2 }] }, '{"a":[{"y":2,"z":1}]}'],
    [{ '\u20ac': 1, '\ud83d\ude00': 2, '\ufb33': 3 }, '{"\u20ac":1,"\ud83d\ude00":2,"\ufb33":3}'],
    [{ '\ufb33': 3, '\ud83d\ude00': 2 }, '{"\ud83d\ude00":2,"\ufb33":3}'],
    [[-0, 1e21, 1e-7, 0.1], '[0,1e+21,1e-7,0.1]'],
    ['\u0007\u20ac"', '"\\u0007\u20ac\\""'],
  ])('of %j is %s', (value, text) => expect(canonicalJson(value)).toBe(text));

  it.each([
    [{ a: undefined }, /a must be JSON/],
    [{ a: [Number.NaN] }, /a\[0\] must be a finite number/],
    [{ a: '\ud800' }, /a contains a lone surrogate/],
    [new Date(0), /must be a plain object/],
  ])('of %p there is none', (value, why) => expect(() => canonicalJson(value)).toThrow(why));
});
