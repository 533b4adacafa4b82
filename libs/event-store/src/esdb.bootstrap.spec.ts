import type { EsdbDouble } from '../../../test/esdb-double/index.js';
import { startDouble } from '../../../test/esdb-double/index.js';
import { bootstrapEsdb } from './esdb.bootstrap.js';
import { EsdbEventStore } from './esdb.event-store.js';
import { codeOf, collect, newEvent } from './subject.contract.js';

const ENGINE = 'engine';

describe('the rules of who may do what on a node', () => {
  let double: EsdbDouble;
  let store: EsdbEventStore;
  const bootstrap = async (): Promise<readonly boolean[]> =>
    (await bootstrapEsdb({ connectionString: double.url, engineUser: ENGINE })).map(({ changed }) => changed);

  beforeEach(async () => {
    double = await startDouble();
    store = await EsdbEventStore.open({ connectionString: double.url });
  });
  afterEach(async () => {
    await store.close();
    await double.close();
  });

  it('are missing at first: the engine may not read the log, and is told why', async () => {
    expect(await store.accessProblem()).toBe('no access rules are set');
    double.actAs(ENGINE);
    expect(await codeOf(store.append('thing-1', [newEvent()], { expectedRevision: 'no_stream' }))).toBe('none');
    expect(await codeOf(collect(store.readAll()))).toBe('AccessDenied');
    expect(await store.accessProblem()).toBe('no access rules are set that this user may read');
    expect(await store.health()).toMatchObject({ status: 'down', reason: 'reading the log is not allowed' });
  });

  it('once set, let the engine append, read and follow, and a stranger do nothing', async () => {
    expect(await bootstrap()).toEqual([true, true, true]);
    double.actAs(ENGINE);
    expect(await codeOf(store.append('thing-1', [newEvent()], { expectedRevision: 'no_stream' }))).toBe('none');
    expect(await collect(store.readAll())).toHaveLength(1);
    expect(await collect(store.readStream('thing-1'))).toHaveLength(1);
    for await (const message of store.subscribeToAll({ after: 'start', signal: new AbortController().signal })) {
      if (message.kind === 'caughtUp') break;
    }
    expect(await store.accessProblem()).toContain('without TLS');
    double.actAs('stranger');
    expect(await codeOf(store.append('thing-1', [newEvent()], { expectedRevision: 0 }))).toBe('AccessDenied');
    expect(await codeOf(collect(store.readAll()))).toBe('AccessDenied');
    expect(await codeOf(collect(store.readStream('thing-1')))).toBe('AccessDenied');
  });

  it('once set, let neither the engine nor a stranger delete, truncate or change the rules', async () => {
    await bootstrap();
    await store.append('thing-1', [newEvent()], { expectedRevision: 'no_stream' });
    const { EventStoreDBClient } = await import('@eventstore/db-client');
    for (const role of [ENGINE, 'stranger']) {
      double.actAs(role);
      const client = EventStoreDBClient.connectionString(double.url);
      const denied = { type: 'access-denied' };
      await expect(client.deleteStream('thing-1')).rejects.toMatchObject(denied);
      await expect(client.tombstoneStream('thing-1')).rejects.toMatchObject(denied);
      await expect(client.setStreamMetadata('thing-1', { truncateBefore: 1 })).rejects.toMatchObject(denied);
      await expect(client.setStreamMetadata('$all', {})).rejects.toMatchObject(denied);
      await client.dispose();
      const again = bootstrapEsdb({ connectionString: double.url, engineUser: role });
      expect(await codeOf(again)).toBe('AccessDenied');
    }
    double.actAs('$admins');
    expect(await collect(store.readStream('thing-1'))).toHaveLength(1);
  });

  it('are set once: repeating it changes nothing, and another user is let in beside', async () => {
    await bootstrap();
    const size = double.log.length;
    expect(await bootstrap()).toEqual([false, false, false]);
    expect(double.log).toHaveLength(size);
    await bootstrapEsdb({ connectionString: double.url, engineUser: 'other' });
    const metadata = double.log.filter(({ stream }) => stream === '$$$all').at(-1)?.data ?? new Uint8Array();
    expect(JSON.parse(Buffer.from(metadata).toString())).toEqual({ $acl: { $r: [ENGINE, '$admins', 'other'] } });
  });

  it.each([
    ['$admins', 'esdb://127.0.0.1:1?tls=false'],
    ['', 'esdb://127.0.0.1:1?tls=false'],
    ['with blank', 'esdb://127.0.0.1:1?tls=false'],
    ['engine', 'esdb://127.0.0.1:1'],
    ['engine', 'http://127.0.0.1:1'],
  ])('are not set for the user %j at %s', async (engineUser, connectionString) => {
    expect(await codeOf(bootstrapEsdb({ connectionString, engineUser }))).toBe('InvalidArgument');
  });

  it('are not set on a node that is not there', async () => {
    const attempt = bootstrapEsdb({ connectionString: 'esdb://127.0.0.1:1?tls=false', engineUser: ENGINE });
    expect(await codeOf(attempt)).toBe('StoreUnavailable');
  });
});
