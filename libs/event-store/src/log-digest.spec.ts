import fc from 'fast-check';
import type { RecordedEvent } from '@app/kernel';
import { eventDigest, LogDigest } from './log-digest.js';
import { metadata } from './subject.contract.js';

const event: RecordedEvent = {
  id: '0190a1b2-0000-7000-8000-000000000001',
  type: 'ThingHappened',
  stream: 'thing-1',
  revision: 3,
  position: 'sql:00000000000000000009',
  recordedAt: '2026-01-02T03:04:05.678Z',
  data: { amount: 1, list: [null, 'x'] },
  metadata,
};

const digestOf = (events: readonly RecordedEvent[]): string => {
  const digest = new LogDigest();
  for (const one of events) digest.take(eventDigest(one));
  return digest.text;
};

describe('the digest of a log', () => {
  it('is 64 zeroes for an empty log', () => {
    expect(digestOf([])).toBe('0'.repeat(64));
  });

  it('does not ask where a carried event stands now, nor how its JSON is spelled', () => {
    const carried = {
      ...event,
      position: 'esdb:1',
      firstPosition: event.position,
      data: { list: [null, 'x'], amount: 1 },
    };
    expect(digestOf([carried])).toBe(digestOf([event]));
  });

  it.each<[keyof RecordedEvent, Partial<RecordedEvent>]>([
    ['id', { id: '0190a1b2-0000-7000-8000-000000000002' }],
    ['type', { type: 'ThingHappene' }],
    ['stream', { stream: 'thing-2' }],
    ['revision', { revision: 4 }],
    ['position', { position: 'sql:00000000000000000010' }],
    ['firstPosition', { firstPosition: 'mem:1' }],
    ['recordedAt', { recordedAt: '2026-01-02T03:04:05.679Z' }],
    ['data', { data: { amount: 1, list: ['x'] } }],
    ['metadata', { metadata: { ...metadata, reason: 'why not' } }],
  ])('is another one for another %s', (_, change) => {
    expect(digestOf([{ ...event, ...change }])).not.toBe(digestOf([event]));
  });

  it('is another one for another order, a repetition, an omission', () => {
    const revisions = fc.uniqueArray(fc.nat(), { minLength: 2, maxLength: 8 });
    fc.assert(
      fc.property(revisions, fc.nat(), (list, chosen) => {
        const events = list.map((revision) => ({ ...event, revision }));
        const at = chosen % events.length;
        const whole = digestOf(events);
        expect(digestOf(events.toReversed())).not.toBe(whole);
        expect(digestOf(events.toSpliced(at, 1))).not.toBe(whole);
        expect(digestOf(events.toSpliced(at, 0, events[at]!))).not.toBe(whole);
      }),
    );
  });

  it('goes on from where it is', () => {
    const digest = new LogDigest();
    digest.take(eventDigest(event));
    expect([digest.events, digest.text]).toEqual([1, digestOf([event])]);
  });
});
