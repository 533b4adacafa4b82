import fc from 'fast-check';
import type { Json } from '@app/kernel';
import { decodeCursor, encodeCursor } from './cursor.js';

const payload = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as Json);

describe('a cursor', () => {
  it('gives back what it was made of, and needs no escaping in a URL', () => {
    fc.assert(
      fc.property(fc.string(), payload, (view, value) => {
        const text = encodeCursor(view, value);
        expect(text).toMatch(/^[A-Za-z0-9_-]+$/);
        expect(decodeCursor(view, text)).toEqual(value);
      }),
    );
  });

  it('is refused by another list', () => {
    const text = encodeCursor('workflows', { value: 'a', key: 'b' });
    expect(decodeCursor('executions', text)).toBeUndefined();
  });

  it('is refused when any character of it was changed, added or taken away', () => {
    const text = encodeCursor('workflows', { value: 'Ünï', key: 'b' });
    for (let at = 0; at < text.length; at += 1) {
      const other = text[at] === 'A' ? 'B' : 'A';
      expect(decodeCursor('workflows', text.slice(0, at) + other + text.slice(at + 1))).toBeUndefined();
      expect(decodeCursor('workflows', text.slice(0, at) + text.slice(at + 1))).toBeUndefined();
      expect(decodeCursor('workflows', `${text.slice(0, at)}A${text.slice(at)}`)).toBeUndefined();
    }
  });

  it.each(['', '=', 'abc', 'null', '{}', '🦔', '../..', 'A'.repeat(10_000)])('is not %j', (text) => {
    expect(decodeCursor('workflows', text)).toBeUndefined();
  });
});
