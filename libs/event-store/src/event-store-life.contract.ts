// Contract: health and closing.
import type { EventStore } from './event-store.js';
import type { Subject, SubjectFactory } from './subject.contract.js';
import { codeOf, collect, newEvent, newEvents } from './subject.contract.js';

export function lifeContract(start: SubjectFactory): void {
  let subject: Subject;
  let store: EventStore;

  beforeEach(async () => {
    subject = await start();
    ({ store } = subject);
  });
  afterEach(() => subject.end());

  it('is up after its start, with an empty log', async () => {
    expect(await store.health()).toMatchObject({ status: 'up' });
    expect(await store.head()).toBeUndefined();
    expect(await collect(store.readAll())).toEqual([]);
    expect(await collect(store.readAll({ direction: 'backward' }))).toEqual([]);
  });

  it('may be closed twice', async () => {
    await store.close();
    expect(await codeOf(store.close())).toBe('none');
  });

  it('answers every call after its end with Closed, and says that it is down', async () => {
    await store.append('thing-1', [newEvent()], { expectedRevision: 'no_stream' });
    await store.close();
    expect(await codeOf(store.append('thing-1', [newEvent()], { expectedRevision: 0 }))).toBe('Closed');
    expect(await codeOf(collect(store.readStream('thing-1')))).toBe('Closed');
    expect(await codeOf(collect(store.readAll()))).toBe('Closed');
    expect(await codeOf(collect(store.readAll({ direction: 'backward' })))).toBe('Closed');
    const { signal } = new AbortController();
    expect(await codeOf(collect(store.subscribeToAll({ after: 'start', signal })))).toBe('Closed');
    expect(await codeOf(store.head())).toBe('Closed');
    expect(await store.health()).toMatchObject({ status: 'down' });
  });

  it('writes what was appended before it was closed', async () => {
    const appends = Array.from({ length: 20 }, (_, index) =>
      codeOf(store.append(`thing-${index}`, newEvents(5), { expectedRevision: 'no_stream' })),
    );
    await store.close();
    expect(new Set(await Promise.all(appends))).toEqual(new Set(['none']));
  });
}
