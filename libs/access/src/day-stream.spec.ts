import fc from 'fast-check';
import type { NewEvent, RequestContext } from '@app/kernel';
import { anonymousActor, Clock } from '@app/kernel';
import { RandomIdSource } from '@app/kernel/nest';
import type { AppendOptions, AppendResult } from '@app/event-store';
import { StoreError } from '@app/event-store';
import { MemoryEventStore } from '@app/event-store/nest';
import { BACKLOG_MAX, DayStream } from './day-stream.js';

class TestClock extends Clock {
  ms = Date.parse('2026-05-02T23:59:59Z');
  nowMs(): number {
    return this.ms;
  }
}

/** away: takes nothing; silent: takes nothing and cannot say so; mute: takes everything and cannot say so. */
const conditions = ['up', 'away', 'silent', 'mute'] as const;

class ShakyStore extends MemoryEventStore {
  condition: (typeof conditions)[number] = 'up';

  override async append(stream: string, events: readonly NewEvent[], options: AppendOptions): Promise<AppendResult> {
    if (this.condition === 'away') throw new StoreError('StoreUnavailable', 'no room');
    if (this.condition === 'silent') throw new StoreError('AppendOutcomeUnknown', 'no answer');
    const result = await super.append(stream, events, options);
    if (this.condition === 'mute') throw new StoreError('AppendOutcomeUnknown', 'no answer');
    return result;
  }
}

const context: RequestContext = { actor: anonymousActor, channel: 'rest', correlationId: 'c' };
const event = (message: string) => ({ type: 'AccessDenied', data: { message } }) as const;

function open() {
  const clock = new TestClock();
  const store = new ShakyStore({ clock });
  const stream = new DayStream('access', store, new RandomIdSource(), clock);
  const recorded = async (): Promise<string[]> => {
    const found: string[] = [];
    for await (const { data } of store.readAll()) found.push((data as { message: string }).message);
    return found;
  };
  return { clock, store, stream, recorded };
}

describe('the stream of a day', () => {
  it('keeps what the log does not take, and brings it in its order once it does', async () => {
    const { store, stream, recorded } = open();
    store.condition = 'away';
    expect(await Promise.all(['a', 'b'].map((text) => stream.keep(event(text), context)))).toEqual(['kept', 'kept']);
    expect(await stream.keep(event('c'), context)).toBe('kept');
    expect(stream.behind).toBe(3);
    await expect(stream.retry()).rejects.toMatchObject({ code: 'StoreUnavailable' });
    store.condition = 'up';
    await stream.retry();
    expect([stream.behind, await recorded()]).toEqual([0, ['a', 'b', 'c']]);
    expect(await stream.keep(event('d'), context)).toBe('recorded');
    expect(await recorded()).toEqual(['a', 'b', 'c', 'd']);
  });

  it('says when an event happened, not when the log came back', async () => {
    const { clock, store, stream } = open();
    store.condition = 'away';
    await stream.keep(event('a'), context);
    clock.ms += 60_000;
    store.condition = 'up';
    await stream.retry();
    for await (const { stream: name, metadata } of store.readAll()) {
      expect([name, metadata.occurredAt]).toEqual(['access-20260503', '2026-05-02T23:59:59.000Z']);
    }
  });

  it('never keeps what must be durable before anything else happens', async () => {
    const { store, stream, recorded } = open();
    store.condition = 'away';
    await expect(stream.record(event('export'), context)).rejects.toMatchObject({ code: 'StoreUnavailable' });
    const both = [stream.keep(event('refusal'), context), stream.record(event('export'), context)];
    const outcomes = await Promise.allSettled(both);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    store.condition = 'up';
    await stream.record(event('next'), context);
    expect(await recorded()).toEqual(['refusal', 'next']);
  });

  it('takes a bounded number, and says so', async () => {
    const { store, stream, recorded } = open();
    store.condition = 'away';
    for (let index = 0; index < BACKLOG_MAX; index += 1) await stream.keep(event(String(index)), context);
    await expect(stream.keep(event('one too many'), context)).rejects.toMatchObject({ code: 'StoreUnavailable' });
    store.condition = 'up';
    await stream.retry();
    expect(await recorded()).toEqual(Array.from({ length: BACKLOG_MAX }, (_, index) => String(index)));
  });

  it('records every event once and in order, whatever the log does and whatever it says of it', async () => {
    const step = fc.oneof(
      fc.constantFrom(...conditions).map((condition) => ({ condition })),
      fc.integer({ min: 1, max: 3 }).map((together) => ({ together })),
      fc.constant({ retries: true }),
      fc.constant({ daysPass: true }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { clock, store, stream, recorded } = open();
        let sent = 0;
        for (const what of steps) {
          if ('condition' in what) store.condition = what.condition;
          else if ('retries' in what) await stream.retry().catch(() => undefined);
          else if ('daysPass' in what) clock.ms += 86_400_000;
          else {
            const texts = Array.from({ length: what.together }, () => String((sent += 1)));
            await Promise.all(texts.map((text) => stream.keep(event(text), context)));
          }
        }
        store.condition = 'up';
        await stream.retry();
        expect(await recorded()).toEqual(Array.from({ length: sent }, (_, index) => String(index + 1)));
      }),
      { numRuns: 300 },
    );
  });
});
