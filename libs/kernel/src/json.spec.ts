import canonicalizeModule from 'canonicalize';
import fc from 'fast-check';
import { canonicalJson, JSON_DEPTH_MAX, jsonDefect, jsonTextOf } from './json.js';

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

  it('is that of RFC 8785 where keys look like numbers, at any depth and between others', () => {
    const key = fc.constantFrom(
      '10',
      '9',
      '0',
      '00',
      '-1',
      '4294967295',
      '!',
      ':',
      'a',
      'b',
      'Z',
      '',
      '\u20ac',
      'a"\\',
    );
    const { value: nested } = fc.letrec((tie) => ({
      value: fc.oneof({ depthSize: 'large' }, fc.constantFrom(1, 'x', null), fc.array(tie('value')), tie('record')),
      record: fc.dictionary(key, tie('value'), { maxKeys: 5 }),
    }));
    fc.assert(fc.property(nested, (value) => expect(canonicalJson(value)).toBe(canonicalize(value))));
  });

  it('is there for strict JSON and for nothing else', () => {
    const text = fc.string({ unit: 'binary', maxLength: 4 });
    const anything = fc.anything({ key: text, values: [text, fc.double(), fc.constant(undefined)], withDate: true });
    fc.assert(
      fc.property(anything, (value) => {
        const defect = jsonDefect(value);
        if (defect) expect(() => canonicalJson(value)).toThrow(`${defect.path} ${defect.problem}`.trim());
        else expect(canonicalJson(value)).toBe(canonicalize(value));
      }),
      { numRuns: 1_000 },
    );
  });

  it('goes as deep as is allowed, and never in circles', () => {
    const nested = (levels: number): unknown => (levels === 0 ? 1 : { b: nested(levels - 1), a: [] });
    expect(canonicalJson(nested(JSON_DEPTH_MAX - 1))).toBe(canonicalize(nested(JSON_DEPTH_MAX - 1)));
    expect(() => canonicalJson(nested(JSON_DEPTH_MAX))).toThrow(/is nested too deep/);
    const circle: { self?: unknown } = {};
    circle.self = circle;
    expect(() => canonicalJson(circle)).toThrow(/self contains itself/);
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
    // No surrogate: a backslash and letters.
    [{ b: '\\ud800', a: '\\\\udfff' }, '{"a":"\\\\\\\\udfff","b":"\\\\ud800"}'],
    [{ b: 1, a: { '2': 1, '1': -0 } }, '{"a":{"1":0,"2":1},"b":1}'],
  ])('of %j is %s', (value, text) => expect(canonicalJson(value)).toBe(text));

  it.each([
    [{ a: undefined }, /a must be JSON/],
    [{ a: [Number.NaN] }, /a\[0\] must be a finite number/],
    [{ a: '\ud800' }, /a contains a lone surrogate/],
    [{ b: 1, a: { '\udfff': 2, '1': 1 } }, /contains a lone surrogate/],
    [JSON.parse('{"b":1,"a":{"__proto__":1}}'), /a.__proto__ is a forbidden key/],
    [[1n], /\[0\] must be JSON, not bigint/],
    [undefined, /must be JSON, not undefined/],
    [new Date(0), /must be a plain object/],
  ])('of %p there is none', (value, why) => expect(() => canonicalJson(value)).toThrow(why));
});

describe('the text of a value', () => {
  it('is what JSON.stringify writes, or the first reason why the value is no strict JSON', () => {
    const text = fc.string({ unit: 'binary', maxLength: 4 });
    const anything = fc.anything({ key: text, values: [text, fc.double(), fc.constant(undefined)], withDate: true });
    fc.assert(
      fc.property(anything, (value) => expect(jsonTextOf(value)).toEqual(jsonDefect(value) ?? JSON.stringify(value))),
      { numRuns: 1_000 },
    );
  });

  it('is not looked for in circles, nor below the deepest level', () => {
    const circle: Record<string, unknown> = {};
    Object.assign(circle, { one: circle, other: circle });
    expect(jsonTextOf(circle)).toEqual({ path: 'one', problem: 'contains itself' });
    let deep: unknown = 1;
    for (let level = 0; level < 100_000; level += 1) deep = [deep];
    expect(jsonTextOf(deep)).toMatchObject({ problem: 'is nested too deep' });
    expect(jsonTextOf({ a: 1n })).toEqual({ path: 'a', problem: 'must be JSON, not bigint' });
  });
});
