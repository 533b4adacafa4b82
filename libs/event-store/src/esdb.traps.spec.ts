// The traps of EventStoreDB and of its client, one by one; docs/eventstoredb.md tells of each.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setImmediate as nextTick } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { NewEvent } from '@app/kernel';
import type { EsdbDouble } from '../../../test/esdb-double/index.js';
import { startDouble } from '../../../test/esdb-double/index.js';
import type { EsdbEventStoreOptions } from './esdb.event-store.js';
import { EsdbEventStore } from './esdb.event-store.js';
import type { EventFilter, SubscriptionMessage } from './event-store.js';
import { codeOf, collect, idsOf, newEvent, newEvents } from './subject.contract.js';

let double: EsdbDouble;
const opened: EsdbEventStore[] = [];

async function open(options: Partial<EsdbEventStoreOptions> = {}): Promise<EsdbEventStore> {
  const store = await EsdbEventStore.open({ connectionString: double.url, ...options });
  opened.push(store);
  return store;
}

const first = { expectedRevision: 'no_stream' } as const;

/** As every caller has to: what may have happened is repeated identically. */
async function surely(store: EsdbEventStore, stream: string, events: readonly NewEvent[]): Promise<void> {
  let code: string = 'AppendOutcomeUnknown';
  while (code === 'AppendOutcomeUnknown') code = await codeOf(store.append(stream, events, first));
  expect(code).toBe('none');
}

/** Follows in the background from the start; `until` resolves once so many events have come. */
function follow(
  store: EsdbEventStore,
  filter?: EventFilter,
): {
  readonly messages: SubscriptionMessage[];
  ids(): string[];
  until(count: number): Promise<void>;
  caughtUp(): Promise<void>;
  stop(): Promise<void>;
} {
  const messages: SubscriptionMessage[] = [];
  const stop = new AbortController();
  let look = (): void => undefined;
  const ids = (): string[] => messages.flatMap((message) => (message.kind === 'event' ? [message.event.id] : []));
  const ended = (async () => {
    const from = { after: 'start', signal: stop.signal, ...(filter ? { filter } : {}) } as const;
    for await (const message of store.subscribeToAll(from)) {
      messages.push(message);
      look();
    }
  })();
  const once = (isSo: () => boolean): Promise<void> =>
    new Promise((resolve, reject) => {
      look = () => {
        if (isSo()) resolve();
      };
      ended.catch(reject);
      look();
    });
  return {
    messages,
    ids,
    until: (count) => once(() => ids().length >= count),
    caughtUp: () => once(() => messages.some(({ kind }) => kind === 'caughtUp')),
    async stop() {
      stop.abort();
      await ended;
    },
  };
}

/** A process of its own from the sources. */
async function child(code: string, environment: Record<string, string>): Promise<{ status: number; output: string }> {
  const loader = new URL('../../../test/support/typescript.mjs', import.meta.url).href;
  const running = spawn(process.execPath, ['--no-warnings', '--import', loader, '--input-type=module', '-e', code], {
    cwd: fileURLToPath(new URL('../../..', import.meta.url)),
    env: { ...process.env, ...environment },
  });
  let output = '';
  running.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  running.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [status] = (await once(running, 'close')) as [number];
  return { status, output };
}

beforeAll(async () => {
  double = await startDouble();
});
afterAll(() => double.close());
beforeEach(() => double.restart({ keepLog: false }));
afterEach(async () => {
  double.faults.clear();
  await Promise.all(opened.splice(0).map((store) => store.close()));
});

describe('a node that says nothing', () => {
  it('holds an append up no longer than its deadline, and the outcome is unknown', async () => {
    const store = await open();
    await store.append('thing-1', [newEvent()], first);
    const hole = double.faults.blackHole();
    const events = newEvents(2);
    const given = store.append('thing-1', events, { expectedRevision: 0, timeoutMs: 300 });
    expect(await codeOf(given)).toBe('AppendOutcomeUnknown');
    expect(hole.fired).toBeGreaterThan(0);
    hole.clear();
    expect(await store.append('thing-1', events, { expectedRevision: 0 })).toMatchObject({ lastRevision: 2 });
    expect(await collect(store.readStream('thing-1'))).toHaveLength(3);
  });

  it('leaves neither the next appends hanging nor an unhandled rejection behind when its answers come late', async () => {
    const slow = double.faults.slowAnswers({ delayMs: 600, times: 20 });
    const code = `
      import { EsdbEventStore } from '@app/event-store/nest';
      const store = await EsdbEventStore.open({ connectionString: process.env.TARGET });
      const append = (stream, timeoutMs) => store.append(stream,
        [{ id: crypto.randomUUID(), type: 'T', data: {}, metadata: {} }], { expectedRevision: 'no_stream', timeoutMs })
        .then(() => 'in', (error) => error.code);
      const late = await Promise.all(Array.from({ length: 20 }, (_, index) => append('late-' + index, 200)));
      await new Promise((resolve) => setTimeout(resolve, 1000));
      const next = await Promise.all(Array.from({ length: 16 }, (_, index) => append('next-' + index, 20000)));
      await store.close();
      console.log(JSON.stringify([...new Set(late), ...new Set(next)]));`;
    const { status, output } = await child(code, { TARGET: double.url });
    expect({ status, output: output.trim() }).toEqual({ status: 0, output: '["AppendOutcomeUnknown","in"]' });
    expect(slow.fired).toBe(20);
  });

  it('is down to `health` in time, and fails a read in time', async () => {
    const store = await open({ readTimeoutMs: 300 });
    expect(await store.health()).toMatchObject({ status: 'up' });
    double.faults.blackHole();
    const health = await store.health(200);
    expect(health).toMatchObject({ status: 'down', reason: 'the event store did not answer within 200 ms' });
    expect(await codeOf(store.head())).toBe('StoreUnavailable');
    expect(await codeOf(collect(store.readStream('thing-1')))).toBe('StoreUnavailable');
  });

  it('is left for a new connection once it has answered nothing for a while', async () => {
    const store = await open();
    await store.append('thing-1', [newEvent()], first);
    const before = double.counters.connections;
    const hole = double.faults.blackHole();
    await codeOf(store.append('thing-1', [newEvent()], { expectedRevision: 0, timeoutMs: 1_200 }));
    hole.clear();
    await store.append('thing-2', [newEvent()], first);
    expect(double.counters.connections).toBeGreaterThan(before);
  });

  it('does not keep a follower that wants to leave', async () => {
    const store = await open();
    const following = follow(store);
    double.faults.blackHole();
    await following.stop();
    const other = follow(store);
    await new Promise((resolve) => setImmediate(resolve));
    await other.stop();
    expect(other.messages).toEqual([]);
  });
});

describe('the connection', () => {
  it('of one store is no business of another: a cut there fails no append here', async () => {
    const other = await startDouble();
    const here = await open();
    const there = await open({ connectionString: other.url });
    await there.append('thing-1', [newEvent()], first);
    double.faults.slowAnswers({ delayMs: 300 });
    const pending = codeOf(here.append('thing-1', [newEvent()], first));
    other.faults.slowAnswers({ delayMs: 5_000 });
    const lost = codeOf(there.append('thing-1', [newEvent()], { expectedRevision: 0 }));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(other.faults.cutConnections().fired).toBeGreaterThan(0);
    expect([await lost, await pending]).toEqual(['AppendOutcomeUnknown', 'none']);
    await there.close();
    await other.close();
  });

  it('that is cut under 50 appends leaves each in or unknown, and repeating the unknown ones leaves one copy', async () => {
    const store = await open();
    const batches = Array.from({ length: 50 }, () => newEvents(2));
    const slow = double.faults.slowAnswers({ delayMs: 50 });
    const tries = batches.map((batch, index) => codeOf(store.append(`thing-${index}`, batch, first)));
    await slow.struck(10);
    double.faults.cutConnections();
    const codes = await Promise.all(tries);
    expect(codes.filter((code) => code !== 'none' && code !== 'AppendOutcomeUnknown')).toEqual([]);
    expect(codes).toContain('AppendOutcomeUnknown');
    slow.clear();
    for (const [index, batch] of batches.entries()) await store.append(`thing-${index}`, batch, first);
    expect(await collect(store.readAll())).toHaveLength(100);
  });

  it('for appends is another than for reads, and another than for subscriptions', async () => {
    const before = double.counters.connections;
    const store = await open();
    const following = follow(store);
    await Promise.all([store.append('thing-1', [newEvent()], first), store.head(), following.until(1)]);
    expect(double.counters.connections - before).toBe(3);
    await following.stop();
  });

  it('is no call longer than its reader stays: nothing is open after 200 early leaves', async () => {
    const store = await open();
    await store.append('thing-1', newEvents(100), first);
    for (let time = 0; time < 100; time += 1) {
      for await (const event of store.readAll()) if (event.revision === 3) break;
      for await (const message of store.subscribeToAll({ after: 'start', signal: new AbortController().signal })) {
        if (message.kind === 'event') break;
      }
    }
    expect(await codeOf(store.head())).toBe('none');
    while (double.counters.openReads + double.counters.openSubscriptions > 0) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(double.counters).toMatchObject({ openReads: 0, openSubscriptions: 0 });
  });
});

describe('a node that is not there', () => {
  it('does not keep the store from being opened; every call says so, and all goes on once it is there', async () => {
    await double.stop();
    const store = await open();
    expect(await store.health()).toMatchObject({ status: 'down', reason: expect.stringContaining('cannot be read') });
    expect(await codeOf(store.append('thing-1', [newEvent()], first))).toBe('StoreUnavailable');
    expect(await codeOf(store.head())).toBe('StoreUnavailable');
    const following = follow(store);
    await double.start();
    const event = newEvent();
    expect(await codeOf(store.append('thing-1', [event], first))).toBe('none');
    await following.until(1);
    expect(following.ids()).toEqual([event.id]);
    expect(await store.health()).toMatchObject({ status: 'up' });
    await following.stop();
  });

  it('comes back to a follower that has neither missed nor seen twice anything', async () => {
    const store = await open();
    const following = follow(store);
    const written: string[] = [];
    for (let round = 0; round < 5; round += 1) {
      const events = newEvents(20);
      await surely(store, `thing-${round}`, events);
      written.push(...idsOf(events));
      if (round % 2 === 0) await following.until(written.length);
      await double.restart();
    }
    await following.until(written.length);
    expect(following.ids()).toEqual(written);
    expect(following.messages.filter(({ kind }) => kind === 'reconnected').length).toBeGreaterThan(0);
    await following.stop();
  });
});

describe('a node that refuses', () => {
  it('because it is not ready has not done it: the same append works a moment later', async () => {
    const store = await open();
    const fault = double.faults.notReady({ times: 1 });
    expect(await codeOf(store.append('thing-1', [newEvent()], first))).toBe('StoreUnavailable');
    expect(fault.fired).toBe(1);
    expect(await codeOf(store.append('thing-1', [newEvent()], first))).toBe('none');
  });

  it('because it gave up waiting is asked again with the same events, and they are in once', async () => {
    const store = await open();
    const events = newEvents(2);
    const fault = double.faults.deadlineExceeded({ times: 1, applied: true });
    expect(await codeOf(store.append('thing-1', events, first))).toBe('none');
    expect(fault.fired).toBe(1);
    expect(idsOf(await collect(store.readAll()))).toEqual(idsOf(events));
    const endless = double.faults.deadlineExceeded();
    expect(await codeOf(store.append('thing-2', events, first))).toBe('AppendOutcomeUnknown');
    expect(endless.fired).toBe(3);
  });

  it('because it gave up, and is not ready for the repetition, leaves the outcome unknown', async () => {
    const store = await open();
    const gaveUp = double.faults.deadlineExceeded({ times: 1, applied: true });
    const notReady = gaveUp.struck().then(() => double.faults.notReady({ times: 1 }));
    const events = newEvents(2);
    expect(await codeOf(store.append('thing-1', events, first))).toBe('AppendOutcomeUnknown');
    expect([gaveUp.fired, (await notReady).fired]).toEqual([1, 1]);
    expect(await codeOf(store.append('thing-1', events, first))).toBe('none');
    expect(await collect(store.readStream('thing-1'))).toHaveLength(2);
  });

  it('because the caller may not is AccessDenied, and is not tried again', async () => {
    const store = await open();
    const fault = double.faults.accessDenied({ operations: ['append', 'read', 'subscribe'] });
    expect(await codeOf(store.append('thing-1', [newEvent()], first))).toBe('AccessDenied');
    expect(await codeOf(store.head())).toBe('AccessDenied');
    const { signal } = new AbortController();
    expect(await codeOf(collect(store.subscribeToAll({ after: 'start', signal })))).toBe('AccessDenied');
    expect(fault.fired).toBe(3);
  });

  it('because the append is too large for it says how large it may be', async () => {
    const small = await startDouble({ appendBytesMax: 10_000 });
    const store = await open({ connectionString: small.url });
    const given = store.append('thing-1', [newEvent({ text: 'x'.repeat(20_000) })], first);
    await expect(given).rejects.toMatchObject({ code: 'AppendTooLarge', message: expect.stringContaining('10000') });
    await store.close();
    await small.close();
  });

  it('because it is not the leader sends the reader to the one that is', async () => {
    const leader = await startDouble();
    const store = await open();
    const onLeader = await open({ connectionString: leader.url });
    const event = newEvent();
    await onLeader.append('thing-1', [event], first);
    const fault = double.faults.notLeader({ operations: ['read'], host: '127.0.0.1', port: leader.port });
    expect(idsOf(await collect(store.readStream('thing-1')))).toEqual([event.id]);
    expect(fault.fired).toBe(1);
    await Promise.all([store.close(), onLeader.close()]);
    await leader.close();
  });
});

describe('a subscription', () => {
  it("with a filter is the leader's, whose end it is measured against: another node may lag behind", async () => {
    const leader = await startDouble();
    const onLeader = await open({ connectionString: leader.url });
    await onLeader.append('thing-1', newEvents(3), first);
    const redirected = (operation: 'read' | 'subscribe') =>
      double.faults.notLeader({ operations: [operation], host: '127.0.0.1', port: leader.port, times: 10 });
    const faults = [redirected('read'), redirected('subscribe')];
    const store = await open();
    const following = follow(store, { streamPrefixes: ['thing-'] });
    await following.caughtUp();
    expect(following.ids()).toEqual(idsOf(await collect(onLeader.readAll())));
    expect(faults.map(({ fired }) => fired > 0)).toEqual([true, true]);
    await following.stop();
    await Promise.all([store.close(), onLeader.close()]);
    await leader.close();
  });

  it.each(['slow', 'gone', 'ended'] as const)('that the node drops (%s) is taken up where it was', async (how) => {
    const store = await open();
    const following = follow(store);
    const written: string[] = [];
    for (let round = 0; round < 6; round += 1) {
      const events = newEvents(40);
      await store.append(`thing-${round}`, events, first);
      written.push(...idsOf(events));
      if (round % 2 === 1) await following.until(written.length - 20);
      expect(double.faults.dropSubscriptions(how).name).toBe('dropSubscriptions');
    }
    await following.until(written.length);
    expect(following.ids()).toEqual(written);
    expect(double.faults.firedOf('dropSubscriptions')).toBeGreaterThan(0);
    await following.stop();
  });

  it('is dropped for slowness under many writers: the log is read until it is quiet, and the consumer does not notice', async () => {
    const narrow = await startDouble({ subscriptionBuffer: 1 });
    const store = await open({ connectionString: narrow.url });
    const following = follow(store);
    await following.caughtUp();
    const write = async (writer: number): Promise<void> => {
      for (let part = 0; part < 10; part += 1) {
        await store.append(`thing-${writer}-${part}`, newEvents(20), first);
      }
    };
    await Promise.all(Array.from({ length: 8 }, (_, writer) => write(writer)));
    await following.until(1_600);
    const { slowConsumersDropped, reads, subscriptions } = narrow.counters;
    expect(slowConsumersDropped).toBeGreaterThan(0);
    expect(reads).toBeGreaterThan(0);
    expect(subscriptions).toBeLessThanOrEqual(slowConsumersDropped + 1);
    while (narrow.counters.openSubscriptions === 0) await nextTick();
    await store.append('thing-late', newEvents(1), first);
    await following.until(1_601);
    expect(following.ids()).toEqual(idsOf(await collect(store.readAll())));
    await following.stop();
    await store.close();
    await narrow.close();
  });

  it('gives no checkpoint that lies behind what was given, however late the node sends it', async () => {
    const store = await open();
    double.faults.lateCheckpoints({ events: 30 });
    for (let part = 0; part < 10; part += 1) {
      await store.append(`wanted-${part}`, newEvents(5), first);
      await store.append(`other-${part}`, newEvents(200), first);
    }
    const stop = new AbortController();
    const positions: string[] = [];
    const filter = { streamPrefixes: ['wanted-'] };
    for await (const message of store.subscribeToAll({ after: 'start', filter, signal: stop.signal })) {
      if (message.kind === 'event') positions.push(message.event.position);
      if (message.kind === 'checkpoint') positions.push(message.position);
      if (message.kind === 'caughtUp') stop.abort();
    }
    expect(positions).toEqual([...new Set(positions)].sort());
    expect(positions.length).toBeGreaterThan(50);
  });
});

describe('what is read', () => {
  it('bears the time of the node, to the millisecond', async () => {
    const store = await open();
    await store.append('thing-1', [newEvent()], first);
    const [event] = await collect(store.readAll());
    const ticks = double.log.find(({ id }) => id === event?.id)?.createdTicks ?? 0n;
    expect(event?.recordedAt).toBe(new Date(Number(ticks / 10_000n)).toISOString());
  });

  it('was written by this store: anything else is Corrupt and says where, without its text', async () => {
    const { EventStoreDBClient, binaryEvent } = await import('@eventstore/db-client');
    const stranger = EventStoreDBClient.connectionString(double.url);
    const event = binaryEvent({ type: 'Foreign', data: Buffer.from('not ours'), metadata: Buffer.from('{') });
    await stranger.appendToStream('foreign-1', event);
    const store = await open();
    const read = collect(store.readAll());
    await expect(read).rejects.toMatchObject({ code: 'Corrupt', message: expect.stringContaining('0 of foreign-1') });
    await expect(read).rejects.not.toThrow('not ours');
    expect(await codeOf(store.head())).toBe('none');
    await stranger.dispose();
  });
});

describe('the process', () => {
  it('ends once the store is closed, also with a follower, a reader and a lost node', async () => {
    const code = `
      import { EsdbEventStore } from '@app/event-store/nest';
      const store = await EsdbEventStore.open({ connectionString: process.env.TARGET });
      await store.append('thing-1', [{ id: crypto.randomUUID(), type: 'T', data: {}, metadata: {} }],
        { expectedRevision: 'no_stream' });
      const lost = await EsdbEventStore.open({ connectionString: 'esdb://127.0.0.1:1?tls=false' });
      for (const one of [store, lost]) void (async () => {
        for await (const m of one.subscribeToAll({ after: 'start', signal: new AbortController().signal })) void m;
      })().catch((error) => console.log(error.code));
      const reading = store.readAll()[Symbol.asyncIterator]();
      await reading.next();
      await Promise.all([store.close(), lost.close()]);`;
    const { status, output } = await child(code, { TARGET: double.url });
    expect({ status, output: output.trim().split('\n') }).toEqual({ status: 0, output: ['Closed', 'Closed'] });
  });

  it('shows the password nowhere, whatever is asked of the client by DEBUG', async () => {
    const code = `
      import { EsdbEventStore } from '@app/event-store/nest';
      const lines = [];
      const store = await EsdbEventStore.open({ connectionString: process.env.TARGET, log: (line) => lines.push(line) });
      const stop = new AbortController();
      setTimeout(() => stop.abort(), 500);
      for await (const m of store.subscribeToAll({ after: 'start', signal: stop.signal })) void m;
      const event = { id: crypto.randomUUID(), type: 'T', data: {}, metadata: {} };
      const failed = await store.append('thing-1', [event], { expectedRevision: 'no_stream' }).catch((error) => error);
      console.log(lines, await store.health(500), failed, await store.head().catch((error) => error));
      await store.close();`;
    for (const target of [
      `esdb://engine:s3cret%3Aword@127.0.0.1:${double.port}`,
      'esdb://engine:s3cret%3Aword@127.0.0.1:1',
    ]) {
      const { status, output } = await child(code, { TARGET: target, DEBUG: '*,-babel*' });
      expect(status).toBe(0);
      expect(output).toContain('StoreUnavailable');
      expect(output).not.toMatch(/s3cret|czNjcmV0|ZW5naW5l/);
    }
  });
});

describe('a cluster', () => {
  it('that has no leader for a moment only makes its callers wait', async () => {
    const store = await open({ connectionString: double.discoverUrl });
    await store.append('thing-1', [newEvent()], first);
    await double.stop();
    const started = follow(store);
    const both = Promise.all([surely(store, 'thing-2', [newEvent()]), collect(store.readStream('thing-1'))]);
    await new Promise((resolve) => setTimeout(resolve, 700));
    await double.start();
    expect((await both)[1]).toHaveLength(1);
    await started.until(2);
    await started.stop();
  });

  it('is found by asking one of its members', async () => {
    const store = await open({ connectionString: double.discoverUrl });
    expect(await codeOf(store.append('thing-1', [newEvent()], first))).toBe('none');
    expect(double.counters.gossips).toBeGreaterThan(0);
  });

  it('of which no member answers is StoreUnavailable', async () => {
    await double.stop();
    const url = `${double.discoverUrl}&maxDiscoverAttempts=2&discoveryInterval=10&gossipTimeout=1`;
    const store = await open({ connectionString: url });
    expect(await codeOf(store.append('thing-1', [newEvent()], { ...first, timeoutMs: 1_000 }))).toBe(
      'StoreUnavailable',
    );
    await double.start();
    expect(await codeOf(store.append('thing-1', [newEvent()], first))).toBe('none');
  });
});
