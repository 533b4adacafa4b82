import type { Subject } from './event-store.contract.js';
import { eventStoreContract } from './event-store.contract.js';
import { MemoryEventStore } from './memory.event-store.js';
import { codeOf, collect, newEvent, newEvents } from './subject.contract.js';

async function start(): Promise<Subject> {
  const store = new MemoryEventStore();
  return {
    store,
    async appendLosingReply(stream, events, expectedRevision) {
      const giver = new AbortController();
      const appended = store.append(stream, events, { expectedRevision, signal: giver.signal });
      giver.abort();
      return appended;
    },
    end: () => store.close(),
  };
}

describe('the event store in memory', () => {
  eventStoreContract(start);

  it('tells the time by the clock it was given, and never back', async () => {
    let nowMs = 2_000;
    const store = new MemoryEventStore({ clock: { nowMs: () => nowMs } });
    await store.append('thing-1', [newEvent()], { expectedRevision: 'no_stream' });
    nowMs = 1_000;
    await store.append('thing-1', [newEvent()], { expectedRevision: 0 });
    const times = (await collect(store.readAll())).map((event) => event.recordedAt);
    expect(times).toEqual(['1970-01-01T00:00:02.000Z', '1970-01-01T00:00:02.000Z']);
  });

  it('lets no reader change what another reads', async () => {
    const store = new MemoryEventStore();
    const event = newEvent({ list: [1] });
    await store.append('thing-1', [event], { expectedRevision: 'no_stream' });
    (event.data as { list: number[] }).list.push(2);
    const [first] = await collect(store.readAll());
    (first?.data as { list: number[] }).list.push(3);
    expect((await collect(store.readAll()))[0]?.data).toEqual({ list: [1] });
  });

  it('can be given other limits', async () => {
    const store = new MemoryEventStore({ appendEventsMax: 2 });
    expect(await codeOf(store.append('thing-1', newEvents(3), { expectedRevision: 'no_stream' }))).toBe(
      'AppendTooLarge',
    );
  });
});
