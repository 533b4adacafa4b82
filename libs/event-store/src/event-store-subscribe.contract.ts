// Contract: following the log.
import type { EventStore, SubscribeOptions, SubscriptionMessage } from './event-store.js';
import type { Subject, SubjectFactory } from './subject.contract.js';
import { codeOf, collect, idsOf, newEvent, newEvents, newStream } from './subject.contract.js';

/** Follows until `enough` says so. */
async function followUntil(
  store: EventStore,
  options: Omit<SubscribeOptions, 'signal'>,
  enough: (messages: readonly SubscriptionMessage[]) => boolean,
): Promise<SubscriptionMessage[]> {
  const stop = new AbortController();
  const messages: SubscriptionMessage[] = [];
  for await (const message of store.subscribeToAll({ ...options, signal: stop.signal })) {
    messages.push(message);
    if (enough(messages)) stop.abort();
  }
  return messages;
}

function eventsOf(messages: readonly SubscriptionMessage[]): string[] {
  return messages.flatMap((message) => (message.kind === 'event' ? [message.event.id] : []));
}

function kindsOf(messages: readonly SubscriptionMessage[]): string[] {
  return messages.map((message) => message.kind);
}

export function subscribeContract(start: SubjectFactory): void {
  let subject: Subject;
  let store: EventStore;
  const put = async (stream: string, count: number): Promise<string[]> => {
    const events = newEvents(count);
    await store.append(stream, events, { expectedRevision: 'any' });
    return idsOf(events);
  };
  const inTheEnd = (messages: readonly SubscriptionMessage[]): boolean => messages.at(-1)?.kind === 'caughtUp';

  beforeEach(async () => {
    subject = await start();
    ({ store } = subject);
  });
  afterEach(() => subject.end());

  it('delivers the backlog, says that it caught up, and goes on live', async () => {
    const backlog = await put('thing-1', 3);
    let live: Promise<string[]> | undefined;
    const messages = await followUntil(store, { after: 'start' }, (so) => {
      if (inTheEnd(so)) live ??= put('thing-2', 2);
      return eventsOf(so).length === 5 && inTheEnd(so);
    });
    expect(kindsOf(messages).filter((kind, index) => kind !== 'caughtUp' || index < 4)).toEqual([
      'event',
      'event',
      'event',
      'caughtUp',
      'event',
      'event',
    ]);
    expect(eventsOf(messages)).toEqual([...backlog, ...((await live) ?? [])]);
  });

  it('says at once that an empty log is caught up with', async () => {
    expect(await followUntil(store, { after: 'start' }, inTheEnd)).toEqual([{ kind: 'caughtUp' }]);
  });

  it('goes on behind a position', async () => {
    await put('thing-1', 2);
    const after = (await store.head()) ?? '';
    const ids = await put('thing-1', 2);
    expect(eventsOf(await followUntil(store, { after }, inTheEnd))).toEqual(ids);
  });

  it('delivers from the end only what comes after the call', async () => {
    await put('thing-1', 3);
    let ids: string[] = [];
    const messages = await followUntil(store, { after: 'end' }, (so) => {
      if (so.length === 1) void put('thing-1', 1).then((written) => (ids = written));
      return eventsOf(so).length === 1;
    });
    expect(messages[0]).toEqual({ kind: 'caughtUp' });
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(eventsOf(messages)).toEqual(ids);
  });

  it('delivers every event once and in order while writers are running', async () => {
    const total = 400;
    const write = async (): Promise<void> => {
      for (let index = 0; index < 50; index += 1) await put(newStream(), 1);
    };
    const writers = Promise.all(Array.from({ length: 8 }, write));
    const messages = await followUntil(store, { after: 'start' }, (so) => eventsOf(so).length === total);
    await writers;
    expect(eventsOf(messages)).toEqual(idsOf(await collect(store.readAll())));
  });

  it('has no gap and no repetition when it is taken up again behind the last event seen, however often', async () => {
    const written: string[] = [];
    for (let index = 0; index < 10; index += 1) written.push(...(await put('thing-1', 10)));
    const seen: string[] = [];
    let after = 'start';
    while (seen.length < written.length) {
      const messages = await followUntil(store, { after }, (so) => so.length === 7 || inTheEnd(so));
      for (const message of messages) {
        if (message.kind !== 'event') continue;
        seen.push(message.event.id);
        after = message.event.position;
      }
    }
    expect(seen).toEqual(written);
  });

  it('passes on only what the filter lets through, and checkpoints for the rest', async () => {
    const wanted = await put('wanted-1', 2);
    await put('other-1', 3);
    const messages = await followUntil(store, { after: 'start', filter: { streamPrefixes: ['wanted-'] } }, inTheEnd);
    expect(eventsOf(messages)).toEqual(wanted);
    expect(messages.at(-2)).toEqual({ kind: 'checkpoint', position: await store.head() });
  });

  it('never lets a checkpoint run ahead of an event that a slow consumer has not yet got', async () => {
    for (let part = 0; part < 30; part += 1) {
      await put('wanted-1', 3);
      await put('other-1', 97);
    }
    const positions = new Map((await collect(store.readAll())).map((event) => [event.id, event.position]));
    const filter = { streamPrefixes: ['wanted-'] };
    const stop = new AbortController();
    let last = '';
    let events = 0;
    for await (const message of store.subscribeToAll({ after: 'start', filter, signal: stop.signal })) {
      await new Promise((resolve) => setImmediate(resolve));
      if (message.kind === 'caughtUp') stop.abort();
      const position =
        message.kind === 'event' ? message.event.position : message.kind === 'checkpoint' ? message.position : last;
      expect(position >= last).toBe(true);
      last = position;
      if (message.kind === 'event') {
        events += 1;
        expect(message.event.position).toBe(positions.get(message.event.id));
      }
    }
    expect(events).toBe(90);
  });

  it('keeps 10,000 events for a consumer that is blocked, without keeping them in memory', async () => {
    const stop = new AbortController();
    const following = store.subscribeToAll({ after: 'start', signal: stop.signal })[Symbol.asyncIterator]();
    expect(await following.next()).toMatchObject({ value: { kind: 'caughtUp' } });
    for (let part = 0; part < 20; part += 1) await put('thing-1', 500);
    let events = 0;
    while (events < 10_000) {
      const { value } = await following.next();
      if (value?.kind === 'event') {
        expect(value.event.revision).toBe(events);
        events += 1;
      }
    }
    stop.abort();
    expect((await following.next()).done).toBe(true);
  });

  it('ends when the consumer throws, and harms no other', async () => {
    await put('thing-1', 3);
    const failing = followUntil(store, { after: 'start' }, () => {
      throw new Error('consumer');
    });
    await expect(failing).rejects.toThrow('consumer');
    expect(eventsOf(await followUntil(store, { after: 'start' }, inTheEnd))).toHaveLength(3);
  });

  it('ends when the signal aborts while nothing happens, or had aborted before', async () => {
    const stop = new AbortController();
    const following = store.subscribeToAll({ after: 'start', signal: stop.signal })[Symbol.asyncIterator]();
    expect(await following.next()).toEqual({ done: false, value: { kind: 'caughtUp' } });
    const waiting = following.next();
    await new Promise((resolve) => setImmediate(resolve));
    stop.abort();
    expect((await waiting).done).toBe(true);
    expect(await collect(store.subscribeToAll({ after: 'start', signal: AbortSignal.abort() }))).toEqual([]);
  });

  it('ends with Closed when the store is closed under it', async () => {
    const { signal } = new AbortController();
    const waiting = codeOf(collect(store.subscribeToAll({ after: 'start', signal })));
    await new Promise((resolve) => setImmediate(resolve));
    await store.close();
    expect(await waiting).toBe('Closed');
  });

  it('serves many followers at once, each at its own pace', async () => {
    await put('thing-1', 20);
    const all = await Promise.all(
      Array.from({ length: 10 }, () =>
        followUntil(store, { after: 'start' }, (so) => eventsOf(so).length === 21),
      ).concat(store.append('thing-2', [newEvent()], { expectedRevision: 'no_stream' }).then(() => [])),
    );
    const log = idsOf(await collect(store.readAll()));
    for (const messages of all.slice(0, 10)) expect(eventsOf(messages)).toEqual(log);
  });
}
