import { randomUUID } from 'node:crypto';
import type { NewEvent, RecordedEvent } from '@app/kernel';
import type { AppendOptions, AppendResult } from './event-store.js';
import { eventDigest, LogDigest } from './log-digest.js';
import type { LogCopyOptions } from './log-copy.worker.js';
import { copyLog, LogsDiffer } from './log-copy.worker.js';
import { MemoryEventStore } from './memory.event-store.js';
import { StoreError } from './store-error.js';
import { codeOf, collect, metadata, newEvent } from './subject.contract.js';

/** Streams that take turns, some events in batches, one stream of leases. */
async function filled(store = new MemoryEventStore()): Promise<MemoryEventStore> {
  const ends = new Map<string, number>();
  for (let number = 0; number < 40; number += 1) {
    const stream = number % 7 === 3 ? 'lease-a' : `thing-${number % 5}`;
    const events = Array.from({ length: (number % 3) + 1 }, () =>
      newEvent({ number, text: `\u20ac ${'x'.repeat(number)}` }),
    );
    const end = ends.get(stream);
    await store.append(stream, events, { expectedRevision: end ?? 'no_stream' });
    ends.set(stream, (end ?? -1) + events.length);
  }
  return store;
}

/** Fails as it is told before or after an append is done, and counts. */
class Troubled extends MemoryEventStore {
  appends = 0;
  trouble: ((append: number) => { readonly error: Error; readonly done: boolean } | undefined) | undefined;

  override async append(stream: string, events: readonly NewEvent[], options: AppendOptions): Promise<AppendResult> {
    this.appends += 1;
    const trouble = this.trouble?.(this.appends);
    if (trouble && !trouble.done) throw trouble.error;
    const result = await super.append(stream, events, options);
    if (trouble) throw trouble.error;
    return result;
  }
}

const comparable = (events: readonly RecordedEvent[]): unknown[] =>
  events.map(({ position, firstPosition, ...rest }) => ({ ...rest, first: firstPosition ?? position }));

async function expectSame(a: MemoryEventStore, b: MemoryEventStore): Promise<void> {
  expect(comparable(await collect(b.readAll()))).toEqual(comparable(await collect(a.readAll())));
}

describe('a copy of a log', () => {
  let source: MemoryEventStore;
  let target: Troubled;
  const copy = (options: Partial<LogCopyOptions> = {}) => copyLog({ source, target, ...options });
  beforeEach(async () => {
    source = await filled();
    target = new Troubled();
  });

  it('holds the same events in the same order, each with its first time and position', async () => {
    const { events, appended, digest } = await copy();
    expect([events, appended]).toEqual([79, 79]);
    await expectSame(source, target);
    const own = new LogDigest();
    for (const event of await collect(source.readAll())) own.take(eventDigest(event));
    expect(digest).toBe(own.text);
    expect((await collect(target.readAll())).every(({ firstPosition }) => firstPosition !== undefined)).toBe(true);
  });

  it('of a copy names the store that was the first', async () => {
    await copy();
    const third = new MemoryEventStore();
    const { digest } = await copyLog({ source: target, target: third });
    expect(digest).toBe((await copy()).digest);
    await expectSame(source, third);
  });

  it('of an empty log is empty', async () => {
    source = new MemoryEventStore();
    expect(await copy()).toEqual({ events: 0, appended: 0, digest: '0'.repeat(64) });
  });

  it('made twice appends nothing the second time', async () => {
    const first = await copy();
    const appends = target.appends;
    expect(await copy()).toEqual({ ...first, appended: 0 });
    expect(target.appends).toBe(appends);
  });

  it('goes on with what the source has got since', async () => {
    await copy();
    await source.append('thing-new', [newEvent(), newEvent()], { expectedRevision: 'no_stream' });
    expect((await copy()).appended).toBe(2);
    await expectSame(source, target);
  });

  it('goes on wherever it was interrupted, also in the middle of what stood together', async () => {
    await copy();
    const appends = target.appends;
    for (let stop = 1; stop <= appends; stop += 1) {
      target = new Troubled();
      const fault = new StoreError('AccessDenied', 'planted');
      target.trouble = (append) => (append === stop ? { error: fault, done: stop % 2 === 0 } : undefined);
      await expect(copy()).rejects.toBe(fault);
      await copy();
      await expectSame(source, target);
    }
    target = new Troubled();
    const [first] = await collect(source.readAll({ limit: 1 }));
    await target.append(first!.stream, [carriedBy(first!)], { expectedRevision: 'no_stream' });
    await source.append(first!.stream, [newEvent(), newEvent()], { expectedRevision: 'stream_exists' });
    await copy();
    await expectSame(source, target);
  });

  it('repeats what was not answered, and what could not be done, and has nothing twice', async () => {
    let troubles = 0;
    target.trouble = (append) => {
      if (append % 2 === 0) return undefined;
      troubles += 1;
      const done = append % 4 === 1;
      return { error: new StoreError(done ? 'AppendOutcomeUnknown' : 'StoreUnavailable', 'planted'), done };
    };
    await copy();
    expect(troubles).toBeGreaterThan(20);
    await expectSame(source, target);
  });

  it('gives up when a store stays away', async () => {
    target.trouble = () => ({ error: new StoreError('StoreUnavailable', 'planted'), done: false });
    expect(await codeOf(copy({ failuresMax: 3 }))).toBe('StoreUnavailable');
    expect(target.appends).toBe(3);
  });

  it('stops between two appends when it is told to, and goes on later', async () => {
    const stop = new AbortController();
    const onProgress = (_: string, events: number): void => {
      if (events >= 20) stop.abort();
    };
    expect(await codeOf(copy({ onProgress, signal: stop.signal }))).toBe('Cancelled');
    expect((await collect(target.readAll())).length).toBeGreaterThanOrEqual(20);
    await copy();
    await expectSame(source, target);
  });

  it('tells every event of the source, and every event of the target, once and in order', async () => {
    const told: Record<'source' | 'target', string[]> = { source: [], target: [] };
    const phases = new Set<string>();
    await copy();
    await source.append('thing-new', [newEvent()], { expectedRevision: 'no_stream' });
    await copy({
      onSource: ({ id }) => told.source.push(id),
      onTarget: ({ id }) => told.target.push(id),
      onProgress: (phase) => phases.add(phase),
    });
    const ids = (await collect(source.readAll())).map(({ id }) => id);
    expect(told).toEqual({ source: ids, target: ids });
    expect([...phases]).toEqual(['comparing', 'copying', 'proving']);
  });

  it('splits what is too large for one append of the target', async () => {
    const stream = `big-${randomUUID()}`;
    const big = (): NewEvent => newEvent({ text: 'x'.repeat(200_000) });
    await source.append(stream, [big(), big(), big()], { expectedRevision: 'no_stream' });
    await source.append(stream, [big(), big(), big()], { expectedRevision: 2 });
    await copy();
    await expectSame(source, target);
  });

  it('is refused a target that holds other events', async () => {
    await target.append('thing-0', [newEvent()], { expectedRevision: 'no_stream' });
    await expect(copy()).rejects.toThrow(LogsDiffer);
    await expect(copy()).rejects.toThrow(/event 1 differs: the target holds another event ThingHappened, revision 0/);
    expect(await collect(target.readAll())).toHaveLength(1);
  });

  it('is refused a target that holds the same events with another content, time or origin', async () => {
    const [first] = await collect(source.readAll({ limit: 1 }));
    const changes: NewEvent[] = [
      { ...carriedBy(first!), data: { number: 1 } },
      { ...carriedBy(first!), metadata: { ...metadata, reason: 'another' } },
      { ...carriedBy(first!), carried: { position: first!.position, recordedAt: '2020-01-01T00:00:00.000Z' } },
      { ...carriedBy(first!), carried: { position: 'sql:1', recordedAt: first!.recordedAt } },
    ];
    for (const event of changes) {
      target = new Troubled();
      await target.append(first!.stream, [event], { expectedRevision: 'no_stream' });
      await expect(copy()).rejects.toThrow(LogsDiffer);
    }
  });

  it('is refused a target that holds more than the source', async () => {
    await copy();
    await target.append('thing-new', [newEvent()], { expectedRevision: 'no_stream' });
    await expect(copy()).rejects.toThrow('the target holds more than the 79 events of the source');
  });

  it('notices that the source is still in use', async () => {
    let added = false;
    const onTarget = (): void => {
      if (added) return;
      added = true;
      void source.append('thing-new', [newEvent()], { expectedRevision: 'no_stream' });
    };
    await expect(copy({ onTarget })).rejects.toThrow('the source has got more events meanwhile');
    expect((await copy()).appended).toBe(1);
  });

  it('notices somebody else who appends meanwhile', async () => {
    target.trouble = (append) => {
      if (append === 5)
        void MemoryEventStore.prototype.append.call(target, 'other-1', [newEvent()], { expectedRevision: 'no_stream' });
      return undefined;
    };
    await expect(copy()).rejects.toThrow(/does not hold the same in the end: 80 events/);
    target = new Troubled();
    const [event] = (await collect(source.readAll())).slice(-1);
    target.trouble = (append) => {
      if (append === 5)
        void MemoryEventStore.prototype.append.call(target, event!.stream, [newEvent()], { expectedRevision: 'any' });
      return undefined;
    };
    await expect(copy()).rejects.toThrow(/somebody else has appended to/);
  });
});

function carriedBy({ id, type, data, metadata: own, position, recordedAt }: RecordedEvent): NewEvent {
  return { id, type, data: data as object, metadata: own, carried: { position, recordedAt } };
}
