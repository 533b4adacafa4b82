import { sha256 } from '@app/kernel';
import fc from 'fast-check';
import { entryTexts } from './entry-text.js';

const text = (causationId: unknown): string => entryTexts({ causationId }, sha256).cause;

describe('the texts of an entry', () => {
  it('are readable for the metadata that the product writes', () => {
    const metadata = {
      actor: { type: 'api_key', id: 'k1', name: 'deploy', via: 'api_key' },
      causationId: 'e7',
      correlationId: 'request-1',
      occurredAt: '2026-02-03T04:05:06.789Z',
      schemaVersion: 1,
    };
    expect(entryTexts(metadata, sha256)).toEqual({
      actor: 'api_key:k1',
      cause: 'e7',
      corr: 'request-1',
      occ: '2026-02-03T04:05:06.789Z',
      schema: '1',
    });
  });

  it.each<[string, unknown, string]>([
    ['absent', undefined, '-'],
    ['null', null, '=null'],
    ['empty', '', '=""'],
    ['a dash', '-', '="-"'],
    ['what looks like JSON', '=null', '="=null"'],
    ['what looks like a hash', '#x', '="#x"'],
    ['a number', 7, '=7'],
    ['an object', { b: 1, a: [true] }, '={"a":[true],"b":1}'],
    ['a text of 256', 'x'.repeat(256), 'x'.repeat(256)],
  ])('tell %s', (_, value, expected) => {
    expect(text(value)).toBe(expected);
  });

  it('tell what is too long by its hash', () => {
    expect(text('x'.repeat(257))).toMatch(/^#[A-Za-z0-9_-]{43}$/);
    expect(text({ a: 'x'.repeat(257) })).toMatch(/^#[A-Za-z0-9_-]{43}$/);
    expect(text('x'.repeat(257))).not.toBe(text('x'.repeat(258)));
  });

  it('differ for different values', () => {
    const value = fc.oneof(
      fc.jsonValue({ noUnicodeString: false, maxDepth: 2 }),
      fc.constantFrom(undefined, null, '', '-', '=', '#', '="-"', '=null', 'null', 0, '0'),
    );
    fc.assert(
      fc.property(value, value, (one, other) => {
        if (well(one) && well(other)) expect(text(one) === text(other)).toBe(sorted(one) === sorted(other));
      }),
      { numRuns: 2_000 },
    );
  });

  it('tell an actor, a schema version or metadata that are not what they should be', () => {
    const actor = (value: unknown): string => entryTexts({ actor: value }, sha256).actor;
    expect(actor({ type: 'user', id: 'a:b' })).toBe('user:a:b');
    expect(actor({ type: 'User', id: 'a' })).toBe('={"id":"a","type":"User"}');
    expect(actor({ type: 'user' })).toBe('={"type":"user"}');
    expect(actor('user:a')).toBe('="user:a"');
    expect(actor(null)).toBe('=null');
    expect(actor({ type: 'user', id: 'x'.repeat(300) })).toMatch(/^#/);
    const schema = (value: unknown): string => entryTexts({ schemaVersion: value }, sha256).schema;
    expect([schema(0), schema('1'), schema(-1), schema(1.5), schema(undefined)]).toEqual([
      '0',
      '="1"',
      '=-1',
      '=1.5',
      '-',
    ]);
    for (const metadata of [undefined, null, 'text', 7, [], {}]) {
      expect(entryTexts(metadata, sha256)).toEqual({ actor: '-', cause: '-', corr: '-', occ: '-', schema: '-' });
    }
  });
});

/** No event holds a lone surrogate or such a name. */
const well = (value: unknown): boolean => !/\\ud[89a-f]|__proto__/i.test(JSON.stringify(value) ?? '');

/** One text for equal values, another for different ones. */
function sorted(value: unknown): string {
  if (value === undefined) return 'undefined';
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? ['members', ...Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))]
      : Array.isArray(inner)
        ? ['elements', ...(inner as unknown[])]
        : inner,
  );
}
