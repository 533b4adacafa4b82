import type { RecordedEvent, RequestContext } from '@app/kernel';
import { anonymousActor, Clock } from '@app/kernel';
import { RandomIdSource } from '@app/kernel/nest';
import type { EventStore } from '@app/event-store';
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

const open = () => {
  const clock = new TestClock();
  const events = new MemoryEventStore({ clock });
  return { clock, events, log: new EventLogRefusalLog(events, new RandomIdSource(), clock) };
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
    const { clock, events, log } = open();
    const other = new EventLogRefusalLog(events, new RandomIdSource(), clock);
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
});
