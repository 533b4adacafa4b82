import type { RecordedEvent, RequestContext } from '@app/kernel';
import { anonymousActor, Clock } from '@app/kernel';
import { RandomIdSource } from '@app/kernel/nest';
import type { AppendResult, EventStore } from '@app/event-store';
import { StoreError } from '@app/event-store';
import type { FaultLog } from '@app/shell';
import { MemoryEventStore } from '@app/event-store/nest';
import { EventLogRefusalLog } from './event-log.refusal-log.js';
import { refusalLogContract } from './refusal-log.contract.js';

class TestClock extends Clock {
  ms = Date.parse('2026-05-02T23:59:59Z');
  nowMs(): number {
    return this.ms;
  }
}

async function eventsIn(events: EventStore): Promise<RecordedEvent[]> {
  const found: RecordedEvent[] = [];
  for await (const event of events.readAll()) found.push(event);
  return found;
}

class FillingStore extends MemoryEventStore {
  isFull = false;

  override append(...args: Parameters<EventStore['append']>): Promise<AppendResult> {
    if (this.isFull) return Promise.reject(new StoreError('StoreUnavailable', 'the disk is full'));
    return super.append(...args);
  }
}

const open = () => {
  const clock = new TestClock();
  const events = new FillingStore({ clock });
  const faults: { message: string; details: object }[] = [];
  const faultLog: FaultLog = { error: (message, details) => faults.push({ message, details }) };
  const log = new EventLogRefusalLog(events, new RandomIdSource(), clock, faultLog);
  return { clock, events, faults, faultLog, log };
};

refusalLogContract('the event log', async () => {
  const { events, log } = open();
  const recorded = async () =>
    (await eventsIn(events)).map(({ type, data, metadata }) => {
      const { code, message } = data as { code: string; message: string };
      return { type: type as 'AccessDenied', code, message, requestId: metadata.requestId };
    });
  return { log, recorded };
});

describe('the record of refusals', () => {
  const context: RequestContext = { actor: anonymousActor, channel: 'rest', correlationId: 'c' };
  const entry = { kind: 'state' as const, method: 'POST', path: '/', status: 422, code: 'X', message: 'm' };

  it('begins a stream with each day', async () => {
    const { clock, events, log } = open();
    await log.record(entry, context);
    clock.ms += 2_000;
    await log.record(entry, context);
    expect((await eventsIn(events)).map(({ stream }) => stream)).toEqual(['access-20260502', 'access-20260503']);
  });

  it('goes on where another writer left the stream', async () => {
    const { clock, events, faultLog, log } = open();
    const other = new EventLogRefusalLog(events, new RandomIdSource(), clock, faultLog);
    for (const writer of [log, other, log, other]) await writer.record(entry, context);
    await Promise.all([log, other, log, other].map((writer) => writer.record(entry, context)));
    expect((await eventsIn(events)).map(({ revision }) => revision)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('says when it cannot record, and goes on afterwards', async () => {
    const { events, log } = open();
    await events.close();
    await expect(log.record(entry, context)).rejects.toMatchObject({ code: 'Closed' });
    await expect(log.record(entry, context)).rejects.toMatchObject({ code: 'Closed' });
  });

  it('writes what it counted when the server stops', async () => {
    const { events, log } = open();
    const denied = { ...entry, kind: 'unauthenticated' as const, status: 401 };
    await Promise.all(Array.from({ length: 70 }, () => log.record(denied, context)));
    await log.drain();
    const all = await eventsIn(events);
    expect(all).toHaveLength(61);
    expect(all.at(-1)?.data).toMatchObject({ count: 10 });
  });

  describe('while the log is away', () => {
    const denied = { ...entry, kind: 'unauthenticated' as const, status: 401, code: 'UNAUTHORIZED' };
    const by = (requestId: string): RequestContext => ({ ...context, requestId, ip: '198.51.100.7' });

    it('keeps refusals, tells the operator of each, and records them once it is back', async () => {
      const { events, faults, log } = open();
      let wakes = 0;
      log.wakeBy(() => (wakes += 1));
      events.isFull = true;
      await log.record(entry, by('r1'));
      await log.record(denied, by('r2'));
      expect(wakes).toBeGreaterThan(0);
      const line = { path: '/', actor: 'anonymous', ip: '198.51.100.7' };
      expect(faults).toEqual([
        { message: 'a refusal waits for the log', details: expect.objectContaining({ ...line, requestId: 'r1' }) },
        { message: 'a refusal waits for the log', details: expect.objectContaining({ ...line, requestId: 'r2' }) },
      ]);
      await expect(log.tick()).rejects.toMatchObject({ code: 'StoreUnavailable' });
      events.isFull = false;
      await log.tick();
      const recorded = await eventsIn(events);
      expect(recorded.map(({ type, metadata }) => [type, metadata.requestId])).toEqual([
        ['CommandRefused', 'r1'],
        ['AccessDenied', 'r2'],
      ]);
    });

    it('goes on counting a flood beyond its minute', async () => {
      const { clock, events, log } = open();
      events.isFull = true;
      const storm = () => Promise.all(Array.from({ length: 100 }, (_, index) => log.record(denied, by(`r${index}`))));
      await storm();
      clock.ms += 120_000;
      await expect(log.tick()).rejects.toMatchObject({ code: 'StoreUnavailable' });
      await storm();
      events.isFull = false;
      await log.tick();
      const recorded = await eventsIn(events);
      expect(recorded).toHaveLength(61);
      expect(recorded.at(-1)?.data).toMatchObject({ count: 140 });
    });

    it('tells the operator at the stop what the log did not take', async () => {
      const { events, faults, log } = open();
      events.isFull = true;
      await log.record(entry, by('r1'));
      await log.drain();
      expect(faults.at(-1)).toMatchObject({ details: { count: 1 } });
      events.isFull = false;
      await log.drain();
      expect(await eventsIn(events)).toHaveLength(1);
    });
  });
});
