import { randomUUID } from 'node:crypto';
import type { Decider, NewEvent, RequestContext } from '@app/kernel';
import { anonymousActor, isRefusal, refuse, streamName } from '@app/kernel';
import { RandomIdSource } from '@app/kernel/nest';
import { AggregateStore } from './aggregate-store.js';
import type { AppendOptions, AppendResult } from './event-store.js';
import { MemoryEventStore } from './memory.event-store.js';
import { StoreError } from './store-error.js';
import { codeOf, collect } from './subject.contract.js';

type DoorEvent = { readonly type: 'DoorOpened' | 'DoorClosed'; readonly data: Record<string, never> };
type DoorCommand = 'open' | 'close' | 'forbid';
let decisions = 0;
const door: Decider<DoorCommand, { readonly open: boolean }, DoorEvent> = {
  category: 'system',
  initial: { open: false },
  decide(command, state) {
    decisions += 1;
    if (command === 'forbid') return refuse('state', 'FLK-0001', 'never');
    if (state.open === (command === 'open')) return [];
    return [{ type: command === 'open' ? 'DoorOpened' : 'DoorClosed', data: {} }];
  },
  evolve: (_state, event) => ({ open: event.type === 'DoorOpened' }),
};

const context: RequestContext = { actor: anonymousActor, channel: 'rest', correlationId: randomUUID(), reason: 'test' };

/** A log that can lose answers and fail. */
class FaultyEventStore extends MemoryEventStore {
  faults: StoreError[] = [];
  repliesToLose = 0;

  override async append(stream: string, events: readonly NewEvent[], options: AppendOptions): Promise<AppendResult> {
    const fault = this.faults.shift();
    if (fault) throw fault;
    const result = await super.append(stream, events, options);
    if (this.repliesToLose > 0) {
      this.repliesToLose -= 1;
      throw new StoreError('AppendOutcomeUnknown', 'lost');
    }
    return result;
  }
}

let nowMs: number;
let log: FaultyEventStore;
let id: string;
const clock = { nowMs: () => nowMs };
const server = (): AggregateStore => new AggregateStore(log, new RandomIdSource(), clock);

beforeEach(() => {
  nowMs = 1_000;
  decisions = 0;
  log = new FaultyEventStore({ clock });
  id = randomUUID();
});

describe('the aggregate store', () => {
  it('knows an aggregate without a stream as its initial state at revision -1', async () => {
    expect(await server().load(door, id)).toEqual({ state: { open: false }, revision: -1 });
  });

  it('records what was decided, by whom and when, and answers with what has become true', async () => {
    const aggregates = server();
    const done = await aggregates.execute(door, id, 'open', context);
    expect(done).toEqual({
      state: { open: true },
      revision: 0,
      createdAt: '1970-01-01T00:00:01.000Z',
      updatedAt: '1970-01-01T00:00:01.000Z',
      events: [{ type: 'DoorOpened', data: {} }],
    });
    const [event] = await collect(log.readStream(streamName('system', id)));
    expect(event).toMatchObject({
      type: 'DoorOpened',
      metadata: { ...context, occurredAt: '1970-01-01T00:00:01.000Z', schemaVersion: 1 },
    });
    nowMs = 5_000;
    expect(await aggregates.execute(door, id, 'close', context)).toMatchObject({
      revision: 1,
      createdAt: '1970-01-01T00:00:01.000Z',
      updatedAt: '1970-01-01T00:00:05.000Z',
    });
  });

  it('appends nothing when it is so already, or when the answer is no', async () => {
    const aggregates = server();
    expect(await aggregates.execute(door, id, 'close', context)).toMatchObject({ revision: -1, events: [] });
    expect(isRefusal(await aggregates.execute(door, id, 'forbid', context))).toBe(true);
    expect(await log.head()).toBeUndefined();
  });

  it('refuses a revision that the caller did not see, and takes the one it saw', async () => {
    const aggregates = server();
    await aggregates.execute(door, id, 'open', context);
    expect(await aggregates.execute(door, id, 'close', context, { expectedRevision: 7 })).toMatchObject({
      refused: true,
      kind: 'conflict',
      code: 'FLK-0350',
    });
    expect(await aggregates.execute(door, id, 'close', context, { expectedRevision: 0 })).toMatchObject({
      revision: 1,
    });
  });

  it('decides again when another was faster', async () => {
    const [one, two] = [server(), server()];
    await one.execute(door, id, 'open', context);
    await two.load(door, id);
    await one.execute(door, id, 'close', context);
    decisions = 0;
    expect(await two.execute(door, id, 'close', context)).toMatchObject({
      state: { open: false },
      revision: 1,
      events: [],
    });
    expect(decisions).toBe(2);
    expect(await two.execute(door, id, 'open', context)).toMatchObject({ revision: 2 });
  });

  it('does not decide again for a caller that named a revision', async () => {
    const [one, two] = [server(), server()];
    await one.execute(door, id, 'open', context);
    await two.load(door, id);
    await one.execute(door, id, 'close', context);
    await one.execute(door, id, 'open', context);
    const late = await two.execute(door, id, 'close', context, { expectedRevision: 0 });
    expect(late).toMatchObject({ refused: true, code: 'FLK-0350' });
  });

  it('repeats an append whose answer was lost, and leaves one copy', async () => {
    log.repliesToLose = 2;
    expect(await server().execute(door, id, 'open', context)).toMatchObject({ revision: 0 });
    expect(await collect(log.readAll())).toHaveLength(1);
  });

  it('forgets what it believed when an append fails, for it may have happened', async () => {
    const aggregates = server();
    await aggregates.execute(door, id, 'open', context);
    log.repliesToLose = 99;
    expect(await codeOf(aggregates.execute(door, id, 'close', context))).toBe('AppendOutcomeUnknown');
    log.repliesToLose = 0;
    expect(await aggregates.load(door, id)).toMatchObject({ state: { open: false }, revision: 1 });
  });

  it('does not take an append for undone because its repetition was not possible', async () => {
    log.faults = [new StoreError('AppendOutcomeUnknown', 'lost'), new StoreError('StoreUnavailable', 'gone')];
    expect(await codeOf(server().execute(door, id, 'open', context))).toBe('AppendOutcomeUnknown');
  });

  it('passes a fault of the log on', async () => {
    log.faults = [new StoreError('StoreUnavailable', 'no room')];
    expect(await codeOf(server().execute(door, id, 'open', context))).toBe('StoreUnavailable');
  });

  it('knows an aggregate as it stood after a revision or at an instant', async () => {
    const aggregates = server();
    for (const command of ['open', 'close', 'open'] as const) {
      await aggregates.execute(door, id, command, context);
      nowMs += 1_000;
    }
    expect(await aggregates.loadAt(door, id, { revision: 1 })).toMatchObject({ state: { open: false }, revision: 1 });
    expect(await aggregates.loadAt(door, id, { atMs: 1_999 })).toMatchObject({ state: { open: true }, revision: 0 });
    expect(await aggregates.loadAt(door, id, { atMs: 2_000 })).toMatchObject({ state: { open: false }, revision: 1 });
    expect(await aggregates.loadAt(door, id, { atMs: 0 })).toMatchObject({ revision: -1 });
  });

  it('knows a change at the time that it answered for it, though the log recorded it later', async () => {
    log = new FaultyEventStore({ clock: { nowMs: () => nowMs + 5 } });
    await server().execute(door, id, 'open', context);
    const { updatedAt = '' } = await server().load(door, id);
    const then = await server().loadAt(door, id, { atMs: Date.parse(updatedAt) });
    expect(then).toMatchObject({ state: { open: true }, revision: 0 });
  });

  it('is not set back by a read that began before an append', async () => {
    const aggregates = server();
    await server().execute(door, id, 'open', context);
    const reading = aggregates.load(door, id);
    const writing = aggregates.execute(door, id, 'close', context);
    await Promise.all([reading, writing]);
    expect(await aggregates.load(door, id)).toMatchObject({ state: { open: false }, revision: 1 });
  });

  describe('where others write too', () => {
    class SharedEventStore extends FaultyEventStore {
      override readonly singleWriter = false;
      reads = 0;
      away = false;

      override readStream(
        ...asked: Parameters<MemoryEventStore['readStream']>
      ): ReturnType<MemoryEventStore['readStream']> {
        this.reads += 1;
        if (this.away) throw new StoreError('StoreUnavailable', 'away');
        return super.readStream(...asked);
      }
    }

    let shared: SharedEventStore;
    let mine: AggregateStore;
    let theirs: AggregateStore;

    beforeEach(async () => {
      shared = new SharedEventStore({ clock });
      log = shared;
      [mine, theirs] = [server(), server()];
      await mine.execute(door, id, 'open', context);
      shared.reads = 0;
    });

    it('looks at the stream each time, and so sees what another has just done', async () => {
      await theirs.execute(door, id, 'close', context);
      expect((await mine.load(door, id)).state).toEqual({ open: false });
      const reads = shared.reads;
      await mine.load(door, id);
      expect(shared.reads).toBe(reads + 1);
    });

    it('does not look again for who is content with what was seen after he asked, and lately', async () => {
      nowMs = 2_000;
      await mine.load(door, id, 1_500);
      await theirs.execute(door, id, 'close', context);
      shared.reads = 0;
      nowMs = 2_249;
      expect((await mine.load(door, id, 1_500)).state).toEqual({ open: true });
      expect(shared.reads).toBe(0);
      nowMs = 2_250;
      expect((await mine.load(door, id, 1_500)).state).toEqual({ open: false });
      expect(shared.reads).toBe(1);
    });

    it('does not look again while it looks, for who asked before that', async () => {
      nowMs = 2_000;
      const looking = mine.load(door, id);
      shared.reads = 0;
      nowMs = 2_001;
      const [content, later] = [mine.load(door, id, 1_999), mine.load(door, id, 2_000)];
      expect((await Promise.all([looking, content, later])).map(({ revision }) => revision)).toEqual([0, 0, 0]);
      expect(shared.reads).toBe(1);
    });

    it('looks before it is asked, when it is told to and does not know', async () => {
      nowMs = 2_000;
      mine.prefetch(door, id, 1_999);
      const reads = shared.reads;
      nowMs = 2_001;
      expect((await mine.load(door, id, 1_999)).revision).toBe(0);
      mine.prefetch(door, id, 1_999);
      expect([reads, shared.reads]).toEqual([1, 1]);
    });

    it('meets what failed while it looked ahead when it is asked', async () => {
      shared.away = true;
      mine.prefetch(door, id, 5_000);
      expect(await codeOf(mine.load(door, id))).toBe('StoreUnavailable');
    });

    it('looks again for who asked in the same millisecond or later, and when the clock was set back', async () => {
      nowMs = 2_000;
      await mine.load(door, id);
      await theirs.execute(door, id, 'close', context);
      expect((await mine.load(door, id, 2_000)).state).toEqual({ open: false });
      await theirs.execute(door, id, 'open', context);
      nowMs = 1_990;
      expect((await mine.load(door, id, 1_900)).state).toEqual({ open: true });
    });

    it('takes what it wrote itself for seen when it decided to write it', async () => {
      nowMs = 2_000;
      await mine.execute(door, id, 'close', context);
      shared.reads = 0;
      nowMs = 2_100;
      expect(await mine.load(door, id, 1_999)).toMatchObject({ state: { open: false }, revision: 1 });
      expect(shared.reads).toBe(0);
      await mine.load(door, id, 2_000);
      expect(shared.reads).toBe(1);
    });
  });
});
