import { announce } from '../../../test/support/announce.js';
import type { EsdbDouble } from '../../../test/esdb-double/index.js';
import { startDouble } from '../../../test/esdb-double/index.js';
import { LatePartOfLog } from './esdb-subject.contract.js';
import { EsdbEventStore } from './esdb.event-store.js';
import type { Subject } from './event-store.contract.js';
import { eventStoreContract } from './event-store.contract.js';

describe('the event store in EventStoreDB', () => {
  describe('on the test double', () => {
    let double: EsdbDouble;
    beforeAll(async () => {
      double = await startDouble();
    });
    afterAll(() => double.close());

    eventStoreContract(async (): Promise<Subject> => {
      await double.restart({ keepLog: false });
      const store = await EsdbEventStore.open({ connectionString: double.url });
      return {
        store,
        async appendLosingReply(stream, events, expectedRevision) {
          const fault = double.faults.loseReply({ applied: true, then: 'cut', times: 1 });
          try {
            return await store.append(stream, events, { expectedRevision });
          } finally {
            expect(fault.fired).toBe(1);
          }
        },
        end: () => store.close(),
      };
    });
  });

  const real = process.env['EVENTSTORE_URL'];
  if (real === undefined) {
    announce('EVENTSTORE_URL is not set: the EventStoreDB adapter was tested on the double ALONE, on no real node.');
    return;
  }
  describe('on a real node', () => {
    eventStoreContract(async (): Promise<Subject> => {
      const store = await LatePartOfLog.of(await EsdbEventStore.open({ connectionString: real }));
      return {
        store,
        async appendLosingReply(stream, events, expectedRevision) {
          const giver = new AbortController();
          const appended = store.append(stream, events, { expectedRevision, signal: giver.signal });
          await new Promise((resolve) => setImmediate(resolve));
          giver.abort();
          return appended;
        },
        end: () => store.close(),
      };
    });
  });
});
