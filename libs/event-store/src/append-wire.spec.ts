import fc from 'fast-check';
import type { AppendWire, WireAppend } from './append-wire.js';
import { putAppend, takeAppends } from './append-wire.js';
import type { ExpectedRevision } from './event-store.js';
import { verdictOn } from './expected-revision.js';
import { numberedPosition, positionNumber } from './position.js';
import { WakeUp } from './wake-up.js';

const event = fc.record({
  id: fc.uuid(),
  type: fc.string({ minLength: 1 }),
  data: fc.json(),
  metadata: fc.constantFrom('{"a":1}', '{"b":2}'),
});
const append = fc.record({
  stream: fc.string({ minLength: 1 }),
  expected: fc.oneof(fc.nat(), fc.constantFrom<ExpectedRevision>('no_stream', 'stream_exists', 'any')),
  events: fc.array(event, { minLength: 1, maxLength: 5 }),
});

describe('appends on their way to the writing thread', () => {
  it('arrive as they were sent, in their order', () => {
    fc.assert(
      fc.property(fc.array(append), (appends) => {
        const wire: AppendWire = [1_000];
        for (const one of appends) putAppend(wire, one);
        const taken: WireAppend[] = [];
        takeAppends(wire, taken);
        expect(taken).toEqual(appends);
      }),
    );
  });
});

describe('a position', () => {
  it('sorts as text as its number does, and gives the number back', () => {
    const number = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
    fc.assert(
      fc.property(number, number, (one, other) => {
        const [a, b] = [numberedPosition('sql', one), numberedPosition('sql', other)];
        expect(a < b).toBe(one < other);
        expect(positionNumber('sql', a)).toBe(one);
      }),
    );
  });

  it('beyond what a number can hold exactly is none of ours', () => {
    expect(() => positionNumber('sql', `sql:${'9'.repeat(20)}`)).toThrow('is not a position of this log');
  });
});

describe('an expected revision', () => {
  it('asks for recorded ids only about a stream that has moved far enough', () => {
    const ids = ['a', 'b'];
    const unasked = (): never => {
      throw new Error('asked');
    };
    expect(verdictOn(4, 4, ids, unasked)).toBe('write');
    expect(verdictOn(4, 5, ids, unasked)).toBe('refused');
    expect(verdictOn(7, 5, ids, unasked)).toBe('refused');
    expect(verdictOn(3, 5, ids, () => ['a', 'b'])).toBe('repeated');
    expect(verdictOn(3, 5, ids, () => ['a', 'c'])).toBe('refused');
  });
});

describe('a wake-up', () => {
  it('is not missed when it rings between the look and the sleep', async () => {
    const news = new WakeUp();
    const { signal } = new AbortController();
    const ticket = news.ticket;
    news.ring();
    await news.since(ticket, signal);
    const asleep = news.since(news.ticket, signal);
    news.ring();
    await asleep;
    expect(news.ticket).toBe(ticket + 2);
  });
});
