// Contract: reading.
import type { EventStore } from './event-store.js';
import type { Subject, SubjectFactory } from './subject.contract.js';
import { codeOf, collect, idsOf, metadata, newEvent, newEvents, newStream, revisionsOf } from './subject.contract.js';

export function readContract(start: SubjectFactory): void {
  let subject: Subject;
  let store: EventStore;

  beforeEach(async () => {
    subject = await start();
    ({ store } = subject);
  });
  afterEach(() => subject.end());

  describe('a stream', () => {
    beforeEach(() => store.append('thing-1', newEvents(10), { expectedRevision: 'no_stream' }));

    it.each([
      ['forward from its start', {}, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
      ['forward from a revision, inclusive', { from: 7 }, [7, 8, 9]],
      ['forward from its end, which is behind it', { from: 'end' as const }, []],
      ['at most so many', { from: 2, limit: 3 }, [2, 3, 4]],
      ['forward from past the end', { from: 10 }, []],
      ['backward from its end', { direction: 'backward' as const, limit: 2 }, [9, 8]],
      ['backward from a revision, inclusive', { direction: 'backward' as const, from: 2 }, [2, 1, 0]],
      ['backward from its start', { direction: 'backward' as const, from: 'start' as const }, [0]],
      ['backward from past the end', { direction: 'backward' as const, from: 99, limit: 1 }, [9]],
    ])('is read %s', async (_, options, revisions) => {
      expect(revisionsOf(await collect(store.readStream('thing-1', options)))).toEqual(revisions);
    });

    it('that does not exist is StreamNotFound at the first pull', async () => {
      const missing = store.readStream('thing-2');
      expect(await codeOf(collect(missing))).toBe('StreamNotFound');
    });

    it.each([{ limit: 0 }, { limit: 1.5 }, { from: -1 }, { from: Number.NaN }])(
      'is not read with %p',
      async (options) => {
        expect(await codeOf(collect(store.readStream('thing-1', options)))).toBe('InvalidArgument');
      },
    );

    it('can be left early 200 times, in the middle of a page', async () => {
      for (let time = 0; time < 200; time += 1) {
        for await (const event of store.readStream('thing-1')) if (event.revision === 3) break;
        for await (const event of store.readAll()) if (event.revision === 3) break;
      }
      expect(await collect(store.readStream('thing-1'))).toHaveLength(10);
    });

    it('is no longer read once the signal aborts', async () => {
      const stop = new AbortController();
      const seen: number[] = [];
      const read = async (): Promise<void> => {
        for await (const event of store.readStream('thing-1', { signal: stop.signal })) {
          seen.push(event.revision);
          if (event.revision === 2) stop.abort();
        }
      };
      expect(await codeOf(read())).toBe('Cancelled');
      expect(seen).toEqual([0, 1, 2]);
    });
  });

  it('gives back exactly what was appended, in whatever script, with whatever keys', async () => {
    const data = {
      text: 'Zürich 東京 😀 \u0000 \u2028 "quoted" \\ %_',
      constructor: 'c',
      prototype: { toString: 1 },
      hasOwnProperty: false,
      '': null,
      list: [1, -0.5, 1e-7, 1e21, [], {}, true],
      ü: { '😀': 'x' },
    };
    const event = newEvent(data);
    await store.append('thing-1', [event], { expectedRevision: 'no_stream' });
    const [found] = await collect(store.readStream('thing-1'));
    expect(found).toEqual({
      ...event,
      stream: 'thing-1',
      revision: 0,
      position: await store.head(),
      recordedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      metadata,
    });
  });

  it('records times that never go back along the log', async () => {
    for (let index = 0; index < 5; index += 1) {
      await store.append(newStream(), newEvents(2), { expectedRevision: 'no_stream' });
    }
    const times = (await collect(store.readAll())).map((event) => event.recordedAt);
    expect(times).toEqual([...times].sort());
  });

  describe('the whole log', () => {
    beforeEach(async () => {
      await store.append('alpha-1', [newEvent({}, 'Began'), newEvent({}, 'Ended')], { expectedRevision: 'no_stream' });
      await store.append('beta_1-x', [newEvent({}, 'Began')], { expectedRevision: 'no_stream' });
      await store.append('beta%1-x', [newEvent({}, 'Be_an'), newEvent({}, 'Be%an')], { expectedRevision: 'no_stream' });
      await store.append('betaX1-x', [newEvent({}, 'BeXan')], { expectedRevision: 'no_stream' });
    });
    const names = async (options: Parameters<EventStore['readAll']>[0]): Promise<string[]> =>
      (await collect(store.readAll(options))).map((event) => `${event.stream}/${event.type}`);

    it('comes in the order of the appends, backward in the reverse', async () => {
      const forward = await collect(store.readAll());
      expect(forward.map((event) => event.type)).toEqual(['Began', 'Ended', 'Began', 'Be_an', 'Be%an', 'BeXan']);
      const positions = forward.map((event) => event.position);
      expect(positions).toEqual([...positions].sort());
      const backward = await collect(store.readAll({ direction: 'backward' }));
      expect(idsOf(backward)).toEqual(idsOf(forward).reverse());
    });

    it('is bounded exclusively at both sides, in both directions', async () => {
      const positions = (await collect(store.readAll())).map((event) => event.position);
      const bounds = { after: positions[1] ?? '', before: positions[4] ?? '' };
      expect(await names(bounds)).toEqual(['beta_1-x/Began', 'beta%1-x/Be_an']);
      expect(await names({ ...bounds, direction: 'backward' })).toEqual(['beta%1-x/Be_an', 'beta_1-x/Began']);
      expect(await names({ after: positions[5] ?? '' })).toEqual([]);
      expect(await names({ before: positions[0] ?? '', direction: 'backward' })).toEqual([]);
      expect(await names({ after: positions[3] ?? '', direction: 'backward', limit: 1 })).toEqual(['betaX1-x/BeXan']);
    });

    it('is filtered by prefixes, in which % and _ are ordinary characters', async () => {
      expect(await names({ filter: { streamPrefixes: ['beta_'] } })).toEqual(['beta_1-x/Began']);
      expect(await names({ filter: { streamPrefixes: ['beta%', 'alpha-'] } })).toEqual([
        'alpha-1/Began',
        'alpha-1/Ended',
        'beta%1-x/Be_an',
        'beta%1-x/Be%an',
      ]);
      expect(await names({ filter: { typePrefixes: ['Be_', 'Be%'] } })).toEqual(['beta%1-x/Be_an', 'beta%1-x/Be%an']);
      const both = { streamPrefixes: ['alpha-'], typePrefixes: ['B'] };
      expect(await names({ filter: both, direction: 'backward' })).toEqual(['alpha-1/Began']);
      expect(await names({ filter: { streamPrefixes: ['ALPHA'] } })).toEqual([]);
      expect(await names({ filter: { streamPrefixes: [] } })).toEqual([]);
      expect(await names({ filter: {}, limit: 2 })).toEqual(['alpha-1/Began', 'alpha-1/Ended']);
    });

    it.each(['esdb:00000000000000000001/00000000000000000001', 'xyz:00000000000000000001', '1', '', 'sql:1'])(
      'does not know the position %j',
      async (foreign) => {
        const [own = ''] = ((await store.head()) ?? '').split(':');
        const position = foreign.startsWith(`${own}:`) ? `${own}:12` : foreign;
        expect(await codeOf(collect(store.readAll({ after: position })))).toBe('InvalidPosition');
        expect(await codeOf(collect(store.readAll({ before: position })))).toBe('InvalidPosition');
        const { signal } = new AbortController();
        expect(await codeOf(collect(store.subscribeToAll({ after: position, signal })))).toBe('InvalidPosition');
      },
    );
  });

  it('walks a log and a stream of many pages without a gap or a repetition', async () => {
    for (let part = 0; part < 5; part += 1) {
      const expectedRevision = part === 0 ? ('no_stream' as const) : part * 500 - 1;
      await store.append('thing-1', newEvents(500), { expectedRevision });
    }
    const revisions = Array.from({ length: 2_500 }, (_, index) => index);
    const backward = { direction: 'backward' as const };
    const filter = { streamPrefixes: ['thing-'] };
    expect(revisionsOf(await collect(store.readStream('thing-1')))).toEqual(revisions);
    expect(revisionsOf(await collect(store.readAll()))).toEqual(revisions);
    expect(revisionsOf(await collect(store.readAll({ filter })))).toEqual(revisions);
    revisions.reverse();
    expect(revisionsOf(await collect(store.readStream('thing-1', backward)))).toEqual(revisions);
    expect(revisionsOf(await collect(store.readAll(backward)))).toEqual(revisions);
    expect(revisionsOf(await collect(store.readAll({ ...backward, filter })))).toEqual(revisions);
  });

  it('walks events that do not fit a page together', async () => {
    const large = { text: 'x'.repeat(200_000) };
    for (let part = 0; part < 10; part += 1) {
      const expectedRevision = part === 0 ? ('no_stream' as const) : part * 4 - 1;
      const events = Array.from({ length: 4 }, () => newEvent(large));
      await store.append('thing-1', events, { expectedRevision });
    }
    const revisions = Array.from({ length: 40 }, (_, index) => index);
    expect(revisionsOf(await collect(store.readStream('thing-1')))).toEqual(revisions);
    expect(revisionsOf(await collect(store.readAll({ filter: { typePrefixes: ['T'] } })))).toEqual(revisions);
    expect(revisionsOf(await collect(store.readAll({ direction: 'backward' })))).toEqual(revisions.reverse());
  });

  it('sees its own write at once', async () => {
    for (let index = 0; index < 20; index += 1) {
      const event = newEvent();
      await store.append('thing-1', [event], { expectedRevision: index === 0 ? 'no_stream' : index - 1 });
      const [last] = await collect(store.readStream('thing-1', { direction: 'backward', limit: 1 }));
      expect(last?.id).toBe(event.id);
      expect(await store.head()).toBe(last?.position);
    }
  });
}
