import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { eventIdOf, eventKeyOf } from './event-key.js';

const bytesOf = (uuid: string): number[] => [...Buffer.from(uuid.replaceAll('-', ''), 'hex')];

describe('the key of an event id', () => {
  it('is 16 bytes for a UUID, and the UUID comes back', () => {
    for (let count = 0; count < 200; count += 1) {
      const id = randomUUID();
      const key = eventKeyOf(id);
      expect(key).toBeInstanceOf(Uint8Array);
      expect([...(key as Uint8Array)]).toEqual(bytesOf(id));
      expect(eventIdOf(key)).toBe(id);
    }
  });

  it('is the text itself for every other id: no two ids have one key', () => {
    const uuid = fc.uuid();
    const others = fc.oneof(
      fc.string({ unit: 'binary' }),
      uuid.map((id) => id.toUpperCase()).filter((id) => /[A-F]/.test(id)),
      uuid.map((id) => `${id} `),
      uuid.map((id) => `{${id.slice(2)}}`),
      fc.tuple(uuid, fc.nat(35), fc.constantFrom('g', '-', 'A', ' ', '\u00e9', '/')).map(([id, at, wrong]) => {
        return id[at] === wrong ? 'same' : id.slice(0, at) + wrong + id.slice(at + 1);
      }),
    );
    fc.assert(
      fc.property(others, (id) => {
        expect(eventKeyOf(id)).toBe(id);
        expect(eventIdOf(id)).toBe(id);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ['a UUID as text', randomUUID()],
    ['too few bytes', new Uint8Array(15)],
    ['nothing', null],
    ['a number', 7],
  ])('is not %s', (_what, key) => expect(eventIdOf(key)).toBeUndefined());
});
