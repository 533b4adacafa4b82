// Contract: appending.
import fc from 'fast-check';
import type { NewEvent } from '@app/kernel';
import type { EventStore, ExpectedRevision } from './event-store.js';
import type { Subject, SubjectFactory } from './subject.contract.js';
import { codeOf, collect, idsOf, isEmpty, newEvent, newEvents, newStream, revisionsOf } from './subject.contract.js';

export function appendContract(start: SubjectFactory): void {
  let subject: Subject;
  let store: EventStore;
  const append = (stream: string, events: readonly NewEvent[], expectedRevision: ExpectedRevision) =>
    store.append(stream, events, { expectedRevision });

  beforeEach(async () => {
    subject = await start();
    ({ store } = subject);
  });
  afterEach(() => subject.end());

  describe('the expected revision', () => {
    it('lets the first append create the stream at revision 0', async () => {
      const result = await append('thing-1', [newEvent()], 'no_stream');
      expect(result).toEqual({ firstRevision: 0, lastRevision: 0, position: await store.head() });
    });

    it('refuses to create a stream twice and says where it stands', async () => {
      await append('thing-1', newEvents(2), 'no_stream');
      await expect(append('thing-1', [newEvent()], 'no_stream')).rejects.toMatchObject({
        code: 'WrongExpectedRevision',
        details: { stream: 'thing-1', expected: 'no_stream', actual: 1 },
      });
    });

    it('refuses a stale and a future revision', async () => {
      await append('thing-1', newEvents(3), 'no_stream');
      expect(await codeOf(append('thing-1', [newEvent()], 1))).toBe('WrongExpectedRevision');
      expect(await codeOf(append('thing-1', [newEvent()], 3))).toBe('WrongExpectedRevision');
      expect(await codeOf(append('thing-2', [newEvent()], 0))).toBe('WrongExpectedRevision');
      expect(revisionsOf(await collect(store.readStream('thing-1')))).toEqual([0, 1, 2]);
    });

    it('may be that the stream exists, whatever its revision', async () => {
      expect(await codeOf(append('thing-1', [newEvent()], 'stream_exists'))).toBe('WrongExpectedRevision');
      await append('thing-1', [newEvent()], 'no_stream');
      expect(await append('thing-1', [newEvent()], 'stream_exists')).toMatchObject({ firstRevision: 1 });
    });

    it('may be any, for a lease that only its last event decides', async () => {
      expect(await append('lease-a', [newEvent()], 'any')).toMatchObject({ lastRevision: 0 });
      expect(await append('lease-a', [newEvent()], 'any')).toMatchObject({ lastRevision: 1 });
    });
  });

  describe('an event that was carried over from another store', () => {
    const first = { position: 'other:00000042', recordedAt: '2025-02-03T04:05:06.789Z' };

    it('says when and where it was recorded first, and has its own metadata and a position of this store', async () => {
      const carried = { ...newEvent(), carried: first };
      const own = newEvent();
      await append('thing-1', [carried, own], 'no_stream');
      const [one, two] = await collect(store.readStream('thing-1'));
      expect(one).toMatchObject({ id: carried.id, recordedAt: first.recordedAt, firstPosition: first.position });
      expect(one?.metadata).toEqual(carried.metadata);
      expect(one?.position).not.toBe(first.position);
      expect(two).not.toHaveProperty('firstPosition');
      expect(two?.recordedAt).not.toBe(first.recordedAt);
      expect(await collect(store.readAll())).toEqual([one, two]);
    });

    it('may be appended again, and is then still there once', async () => {
      const events = [{ ...newEvent(), carried: first }];
      const result = await append('thing-1', events, 'no_stream');
      expect(await append('thing-1', events, 'no_stream')).toEqual(result);
      expect(await collect(store.readAll())).toHaveLength(1);
    });

    it.each([
      ['position', { position: 'no position', recordedAt: '2025-02-03T04:05:06.789Z' }],
      ['time', { position: 'sql:1', recordedAt: 'yesterday' }],
    ])('is refused with a bad %s', async (_, carried) => {
      expect(await codeOf(append('thing-1', [{ ...newEvent(), carried }], 'no_stream'))).toBe('InvalidArgument');
      expect(await isEmpty(store)).toBe(true);
    });

    it('cannot be made up by metadata', async () => {
      const metadata = { ...newEvent().metadata, $carried: first };
      expect(await codeOf(append('thing-1', [{ ...newEvent(), metadata }], 'no_stream'))).toBe('InvalidArgument');
    });
  });

  describe('a batch', () => {
    it('of 100 events is contiguous in its stream and in the log, also among concurrent ones', async () => {
      const streams = Array.from({ length: 10 }, () => newStream());
      await Promise.all(streams.map((stream) => append(stream, newEvents(100), 'no_stream')));
      const log = await collect(store.readAll());
      expect(log).toHaveLength(1_000);
      const runs = log.filter((event, index) => event.stream !== log[index - 1]?.stream);
      expect(runs.map((event) => event.stream).sort()).toEqual([...streams].sort());
      for (const stream of streams) {
        expect(revisionsOf(await collect(store.readStream(stream)))).toEqual(Array.from({ length: 100 }, (_, i) => i));
      }
    });

    it('is refused as a whole when one event is not acceptable', async () => {
      const events = [...newEvents(99), { ...newEvent(), id: 'no uuid' }];
      expect(await codeOf(append('thing-1', events, 'no_stream'))).toBe('InvalidArgument');
      expect(await isEmpty(store)).toBe(true);
    });

    it('answers with its first and last revision and the position of its last event', async () => {
      await append('thing-1', newEvents(2), 'no_stream');
      const result = await append('thing-1', newEvents(3), 1);
      const last = (await collect(store.readStream('thing-1'))).at(-1);
      expect(result).toEqual({ firstRevision: 2, lastRevision: 4, position: last?.position });
    });
  });

  describe('an identical retry', () => {
    it('is a success that changes nothing', async () => {
      const events = newEvents(2);
      const first = await append('thing-1', events, 'no_stream');
      expect(await append('thing-1', events, 'no_stream')).toEqual(first);
      expect(await collect(store.readAll())).toHaveLength(2);
    });

    it('is a success also after the stream moved on', async () => {
      await append('thing-1', newEvents(2), 'no_stream');
      const events = newEvents(3);
      const first = await append('thing-1', events, 1);
      await append('thing-1', newEvents(2), 4);
      expect(await append('thing-1', events, 1)).toEqual(first);
      expect(await collect(store.readStream('thing-1'))).toHaveLength(7);
    });

    it('made at the same time as its original leaves one copy', async () => {
      const events = newEvents(2);
      const results = await Promise.all([1, 2, 3].map(() => append('thing-1', events, 'no_stream')));
      expect(new Set(results.map((result) => JSON.stringify(result))).size).toBe(1);
      expect(idsOf(await collect(store.readAll()))).toEqual(idsOf(events));
    });

    it('of a prefix of the batch is a success, for its events are in', async () => {
      const events = newEvents(3);
      await append('thing-1', events, 'no_stream');
      expect(await append('thing-1', events.slice(0, 2), 'no_stream')).toMatchObject({
        firstRevision: 0,
        lastRevision: 1,
      });
      expect(await collect(store.readAll())).toHaveLength(3);
    });

    it('with a longer batch is refused', async () => {
      const events = newEvents(2);
      await append('thing-1', events, 'no_stream');
      expect(await codeOf(append('thing-1', [...events, newEvent()], 'no_stream'))).toBe('WrongExpectedRevision');
      expect(await collect(store.readAll())).toHaveLength(2);
    });

    it('with one different id is refused', async () => {
      const events = newEvents(3);
      await append('thing-1', events, 'no_stream');
      const other = [...events.slice(0, 2), newEvent()];
      expect(await codeOf(append('thing-1', other, 'no_stream'))).toBe('WrongExpectedRevision');
    });

    it('without an explicit revision is another append', async () => {
      const events = newEvents(1);
      await append('lease-a', events, 'any');
      expect(await append('lease-a', events, 'any')).toMatchObject({ lastRevision: 1 });
      expect(await append('lease-a', events, 'stream_exists')).toMatchObject({ lastRevision: 2 });
    });
  });

  it('writes a known id again when it is appended at the current revision or elsewhere', async () => {
    const events = newEvents(1);
    await append('thing-1', events, 'no_stream');
    expect(await append('thing-1', events, 0)).toMatchObject({ firstRevision: 1 });
    expect(await append('thing-2', events, 'no_stream')).toMatchObject({ firstRevision: 0 });
    expect(await collect(store.readAll())).toHaveLength(3);
  });

  describe('what is not acceptable', () => {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    let deep: object = {};
    for (let level = 0; level < 64; level += 1) deep = { deep };
    const unserialisable: readonly (readonly [string, object])[] = [
      ['undefined', { value: undefined }],
      ['NaN', { value: Number.NaN }],
      ['infinity', { value: Number.POSITIVE_INFINITY }],
      ['a BigInt', { value: 1n }],
      ['a date', { value: new Date(0) }],
      ['a function', { value: () => 1 }],
      ['a symbol', { value: Symbol('x') }],
      ['a map', { value: new Map() }],
      ['a cycle', cycle],
      ['a lone surrogate', { value: '\ud800' }],
      ['a lone surrogate in a key', { '\udc00': 1 }],
      ['nesting over 64 levels', deep],
      ['a __proto__ key', JSON.parse('{"__proto__": 1}') as object],
      ['something that is no object', [] as object],
      [
        'a thrower',
        {
          toJSON: () => {
            throw new Error('boom');
          },
        },
      ],
    ];

    it.each(unserialisable)(
      '%s in an event is a Serialization error and leaves the store untouched',
      async (_, data) => {
        expect(await codeOf(append('thing-1', [newEvent(), newEvent(data)], 'no_stream'))).toBe('Serialization');
        expect(await isEmpty(store)).toBe(true);
        expect(await append('thing-1', [newEvent()], 'no_stream')).toMatchObject({ firstRevision: 0 });
      },
    );

    it('is an empty batch', async () => {
      expect(await codeOf(append('thing-1', [], 'no_stream'))).toBe('InvalidArgument');
    });

    it.each(['$thing-1', '', 'with blank', 'zwölf', 'line\nbreak', 'x'.repeat(251)])(
      'is the stream name %j',
      async (stream) => {
        expect(await codeOf(append(stream, [newEvent()], 'no_stream'))).toBe('InvalidArgument');
        expect(await isEmpty(store)).toBe(true);
      },
    );

    it('is a system event type and an id that is no UUID', async () => {
      expect(await codeOf(append('thing-1', [newEvent({}, '$metadata')], 'no_stream'))).toBe('InvalidArgument');
      expect(await codeOf(append('thing-1', [{ ...newEvent(), id: '42' }], 'no_stream'))).toBe('InvalidArgument');
    });

    it.each([-1, 0.5, Number.NaN, '0' as unknown as number])('is the expected revision %p', async (expected) => {
      expect(await codeOf(append('thing-1', [newEvent()], expected))).toBe('InvalidArgument');
    });
  });

  describe('the limits', () => {
    const fill = (bytes: number, text = 'x'): NewEvent => {
      const bare = newEvent({ text: '' });
      const taken = JSON.stringify(bare.data).length + JSON.stringify(bare.metadata).length;
      const room = bytes - taken - bare.id.length - bare.type.length;
      const width = Buffer.byteLength(text);
      const filling = text.repeat(Math.floor(room / width)) + 'x'.repeat(room % width);
      return { ...bare, data: { text: filling } };
    };

    it.each(['x', 'ü', '漢', '😀'])(
      'let an event of 256 KiB in, counted in bytes of %s, and none larger',
      async (text) => {
        expect(await codeOf(append('thing-1', [fill(262_144, text)], 'no_stream'))).toBe('none');
        expect(await codeOf(append('thing-1', [fill(262_145, text)], 0))).toBe('EventTooLarge');
      },
    );

    it('let 900 kB in one append, and no more', async () => {
      const events = [fill(225_000), fill(225_000), fill(225_000), fill(225_000)];
      expect(await codeOf(append('thing-1', events, 'no_stream'))).toBe('none');
      expect(await codeOf(append('thing-2', [...events.slice(1), fill(225_001)], 'no_stream'))).toBe('AppendTooLarge');
    });

    it('let 500 events in one append, and no more', async () => {
      expect(await codeOf(append('thing-1', newEvents(500), 'no_stream'))).toBe('none');
      expect(await codeOf(append('thing-2', newEvents(501), 'no_stream'))).toBe('AppendTooLarge');
    });
  });

  describe('many at once', () => {
    it('have one winner among 50 with the same expected revision', async () => {
      await append('thing-1', [newEvent()], 'no_stream');
      const batches = Array.from({ length: 50 }, () => newEvents(2));
      const codes = await Promise.all(batches.map((batch) => codeOf(append('thing-1', batch, 0))));
      expect(codes.filter((code) => code === 'none')).toHaveLength(1);
      expect(codes.filter((code) => code === 'WrongExpectedRevision')).toHaveLength(49);
      const winner = batches[codes.indexOf('none')] ?? [];
      expect(idsOf(await collect(store.readStream('thing-1', { from: 1 })))).toEqual(idsOf(winner));
    });

    it('to 100 streams all succeed at distinct positions', async () => {
      const results = await Promise.all(
        Array.from({ length: 100 }, () => append(newStream(), [newEvent()], 'no_stream')),
      );
      expect(new Set(results.map((result) => result.position)).size).toBe(100);
    });

    it('made one after the other without waiting are recorded in that order', async () => {
      const events = newEvents(50);
      await Promise.all(
        events.map((event, index) => append('thing-1', [event], index === 0 ? 'no_stream' : index - 1)),
      );
      expect(idsOf(await collect(store.readAll()))).toEqual(idsOf(events));
    });
  });

  describe('giving up', () => {
    it('before the call writes nothing', async () => {
      const signal = AbortSignal.abort();
      const given = store.append('thing-1', [newEvent()], { expectedRevision: 'no_stream', signal });
      expect(await codeOf(given)).toBe('Cancelled');
      expect(await isEmpty(store)).toBe(true);
    });

    it('during the call says whether it cannot have happened or may have', async () => {
      const giver = new AbortController();
      const events = newEvents(2);
      const given = store.append('thing-1', events, { expectedRevision: 'no_stream', signal: giver.signal });
      giver.abort();
      expect(['Cancelled', 'AppendOutcomeUnknown']).toContain(await codeOf(given));
      await append('thing-1', events, 'no_stream');
      expect(idsOf(await collect(store.readAll()))).toEqual(idsOf(events));
    });

    it('when the reply is lost is AppendOutcomeUnknown, and the retry leaves exactly one copy', async () => {
      const events = newEvents(3);
      expect(await codeOf(subject.appendLosingReply('thing-1', events, 'no_stream'))).toBe('AppendOutcomeUnknown');
      expect(await append('thing-1', events, 'no_stream')).toMatchObject({ firstRevision: 0, lastRevision: 2 });
      expect(idsOf(await collect(store.readAll()))).toEqual(idsOf(events));
    });
  });

  it('remembers the position of the last event it appended', async () => {
    expect(store.lastAppended).toBeUndefined();
    const { position } = await append('thing-1', newEvents(3), 'no_stream');
    expect(store.lastAppended).toBe(position);
    await codeOf(append('thing-1', newEvents(3), 'no_stream'));
    expect(store.lastAppended).toBe(position);
  });

  it('agrees with a plain list of revisions whatever is appended', async () => {
    const step = fc.record({
      stream: fc.integer({ min: 0, max: 2 }),
      count: fc.integer({ min: 1, max: 3 }),
      expected: fc.oneof(
        fc.integer({ min: 0, max: 6 }),
        fc.constantFrom<ExpectedRevision>('no_stream', 'stream_exists', 'any'),
      ),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const names = [newStream(), newStream(), newStream()];
        const model = new Map<string, string[]>();
        for (const { stream, count, expected } of steps) {
          const name = names[stream] ?? '';
          const ids = model.get(name) ?? [];
          const events = newEvents(count);
          const fits =
            expected === 'any' ||
            (expected === 'stream_exists' && ids.length > 0) ||
            (expected === 'no_stream' && ids.length === 0) ||
            (expected === ids.length - 1 && ids.length > 0);
          expect(await codeOf(append(name, events, expected))).toBe(fits ? 'none' : 'WrongExpectedRevision');
          if (fits) model.set(name, [...ids, ...idsOf(events)]);
        }
        for (const [name, ids] of model) expect(idsOf(await collect(store.readStream(name)))).toEqual(ids);
      }),
      { numRuns: 25 },
    );
  });
}
