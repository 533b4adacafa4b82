import { crc32 as zlibCrc32 } from 'node:zlib';
import fc from 'fast-check';
import { base62Digits, crc32, formatApiKey, parseApiKey } from './api-key-text.js';

const secrets = fc.string({ unit: fc.constantFrom(...base62Digits), minLength: 28, maxLength: 28 });
const keys = fc.record({ id: fc.uuid(), secret: secrets });

describe('the text of an API key', () => {
  it('gives back what it was made of', () => {
    fc.assert(
      fc.property(keys, (key) => {
        const text = formatApiKey(key);
        expect(text).toMatch(/^rl_[0-9a-f]{32}_[0-9A-Za-z]{34}$/);
        expect(parseApiKey(text)).toEqual(key);
      }),
    );
  });

  it('shows every typing error of one character', () => {
    fc.assert(
      fc.property(keys, fc.nat(), fc.constantFrom(...base62Digits), (key, place, digit) => {
        const text = formatApiKey(key);
        const at = 36 + (place % 34);
        fc.pre(text[at] !== digit);
        expect(parseApiKey(text.slice(0, at) + digit + text.slice(at + 1))).toBe('mistyped');
      }),
    );
  });

  it('takes nothing else for a key', () => {
    fc.assert(fc.property(fc.string(), (text) => expect(parseApiKey(text)).toBeUndefined()));
    for (const text of ['', 'rl_', 'rl__', `sk_${'0'.repeat(32)}_${'0'.repeat(34)}`])
      expect(parseApiKey(text)).toBeUndefined();
  });

  it('computes CRC-32 as everybody does', () => {
    expect(crc32('123456789')).toBe(0xcbf43926);
    const reference = zlibCrc32 as ((text: string) => number) | undefined;
    if (reference)
      fc.assert(
        fc.property(fc.string({ unit: 'grapheme-ascii' }), (text) => expect(crc32(text)).toBe(reference(text))),
      );
  });
});
