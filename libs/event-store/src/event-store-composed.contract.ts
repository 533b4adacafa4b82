// Contract: what the engine builds on the port - a lease with an epoch, a reserved value, an aggregate.
import { randomUUID } from 'node:crypto';
import type { Decider, RequestContext } from '@app/kernel';
import { anonymousActor, isRefusal, refuse, streamName } from '@app/kernel';
import { RandomIdSource, SystemClock } from '@app/kernel/nest';
import { AggregateStore } from './aggregate-store.js';
import type { EventStore } from './event-store.js';
import { Reservations } from './reservations.js';
import type { Subject, SubjectFactory } from './subject.contract.js';
import { codeOf, collect, newEvent } from './subject.contract.js';

const context: RequestContext = { actor: anonymousActor, channel: 'rest', correlationId: randomUUID() };

type CounterEvent = { readonly type: 'Counted'; readonly data: { readonly by: number } };
const counter: Decider<number, number, CounterEvent> = {
  category: 'system',
  initial: 0,
  decide: (by, total) =>
    total + by > 100 ? refuse('conflict', 'FULL', 'over 100') : by === 0 ? [] : [{ type: 'Counted', data: { by } }],
  evolve: (total, event) => total + event.data.by,
};

/** Takes the lease when its last event is the one that the candidate saw: the epoch is the revision it wrote. */
async function elect(store: EventStore, stream: string, seen: number): Promise<number | undefined> {
  const expectedRevision = seen === -1 ? ('no_stream' as const) : seen;
  const outcome = store.append(stream, [newEvent({}, 'LeaseTaken')], { expectedRevision });
  return (await codeOf(outcome)) === 'none' ? (await outcome).lastRevision : undefined;
}

export function composedContract(start: SubjectFactory): void {
  let subject: Subject;
  let store: EventStore;
  let aggregates: AggregateStore;

  beforeEach(async () => {
    subject = await start();
    ({ store } = subject);
    aggregates = new AggregateStore(store, new RandomIdSource(), new SystemClock());
  });
  afterEach(() => subject.end());

  it('elects one holder of a lease among 10, time and again', async () => {
    for (let round = 0; round < 5; round += 1) {
      const epochs = await Promise.all(Array.from({ length: 10 }, () => elect(store, 'lease-runner', round - 1)));
      expect(epochs.filter((epoch) => epoch !== undefined)).toEqual([round]);
    }
  });

  it('fences a holder that was paused while another took the lease', async () => {
    const stream = 'lease-runner';
    const paused = await elect(store, stream, -1);
    const next = await elect(store, stream, paused ?? -1);
    expect([paused, next]).toEqual([0, 1]);
    const renewal = store.append(stream, [newEvent({}, 'LeaseRenewed')], { expectedRevision: paused ?? 0 });
    expect(await codeOf(renewal)).toBe('WrongExpectedRevision');
    expect((await collect(store.readStream(stream))).map((event) => event.type)).toEqual(['LeaseTaken', 'LeaseTaken']);
  });

  it('gives a value that 20 want at the same time to one of them', async () => {
    const owners = Array.from({ length: 20 }, () => streamName('workflow', randomUUID()));
    const claims = owners.map((ownerStream) => {
      const own = new AggregateStore(store, new RandomIdSource(), new SystemClock());
      const reservations = new Reservations(own, new SystemClock());
      return reservations.claim(
        { scope: 'workflow.name', value: 'Onboarding', ownerStream },
        context,
        async () => true,
      );
    });
    const outcomes = await Promise.all(claims);
    const winners = owners.filter((_, index) => outcomes[index] === undefined);
    expect(winners).toHaveLength(1);
    const reservations = new Reservations(aggregates, new SystemClock());
    expect(await reservations.holder('workflow.name', 'Onboarding')).toBe(winners[0]);
    expect(outcomes.filter((outcome) => isRefusal(outcome) && outcome.kind === 'conflict')).toHaveLength(19);
  });

  it('lets no decision be made on a state that is not the last', async () => {
    const id = randomUUID();
    const servers = [0, 1, 2].map(() => new AggregateStore(store, new RandomIdSource(), new SystemClock()));
    const asked = Array.from({ length: 60 }, async (_, index) => servers[index % 3]?.execute(counter, id, 3, context));
    const outcomes = await Promise.all(asked);
    const counted = outcomes.filter((outcome) => outcome && !isRefusal(outcome)).length;
    const { state, revision } = await aggregates.loadAt(counter, id, {});
    expect(state).toBe(3 * counted);
    expect(revision).toBe(counted - 1);
    expect(state).toBeLessThanOrEqual(100);
  });
}
