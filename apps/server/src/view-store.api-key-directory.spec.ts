import type { RequestContext } from '@app/kernel';
import { Clock, engineActor } from '@app/kernel';
import { RandomIdSource } from '@app/kernel/nest';
import { MemoryEventStore } from '@app/event-store/nest';
import { AggregateStore } from '@app/event-store';
import { SqliteViews } from '@app/read-model/nest';
import { apiKey } from '@app/access';
import { apiKeyDirectoryContract } from './api-key-directory.contract.js';
import { projections } from './projections.js';
import { ViewStoreApiKeyDirectory } from './view-store.api-key-directory.js';

const context: RequestContext = { actor: engineActor, channel: 'engine', correlationId: 'c' };

/** A millisecond passes with every look at it, so that keys have an order. */
class TickingClock extends Clock {
  private ms = Date.parse('2026-05-02T12:00:00Z');
  nowMs(): number {
    this.ms += 1;
    return this.ms;
  }
}

apiKeyDirectoryContract('the view', async () => {
  const clock = new TickingClock();
  const ids = new RandomIdSource();
  const events = new MemoryEventStore();
  const aggregates = new AggregateStore(events, ids, clock);
  const views = await SqliteViews.openInProcess({ directory: ':memory:', events, projections });
  const nowIso = '2026-05-02T12:00:00.000Z';
  return {
    directory: new ViewStoreApiKeyDirectory(views, events),
    create: async (name) => {
      const id = ids.next();
      await aggregates.execute(apiKey, id, { kind: 'CreateApiKey', name, keyedHash: 'h', nowIso }, context);
      return id;
    },
    revoke: async (id) => {
      await aggregates.execute(apiKey, id, { kind: 'RevokeApiKey', nowIso, locksEverybodyOut: false }, context);
    },
  };
});
