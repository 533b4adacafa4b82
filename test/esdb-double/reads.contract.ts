// What both the double and a real node answer to reads, subscriptions and deletions.
import { once } from 'node:events';
import esdb, {
  type AllStreamSubscription,
  type EventStoreDBClient,
  type Position,
  type SubscribeToAllOptions,
} from '@eventstore/db-client';
import { closeClients, collect, numbered, openClient, rejection, streamName } from './clients.js';
import { readFilteredRaw } from './raw-client.js';

const { streamNameFilter, eventTypeFilter, jsonEvent } = esdb;

async function pull(subscription: AllStreamSubscription, count: number): Promise<number[]> {
  try {
    const seen = await collect(subscription, count);
    return seen.map(({ event }) => (event!.data as { number: number }).number);
  } finally {
    await subscription.unsubscribe();
  }
}

export function describeReads(name: string, url: () => string): void {
  describe(`${name}: reads`, () => {
    let client: EventStoreDBClient;
    beforeEach(() => (client = openClient(url())));
    afterEach(closeClients);

    const write = async (count: number, stream = streamName()) => {
      await client.appendToStream(stream, numbered(count));
      return stream;
    };
    const numbersOf = async (stream: string, options: Parameters<EventStoreDBClient['readStream']>[1]) =>
      (await collect(client.readStream(stream, options))).map(({ event }) => Number(event!.revision));

    it('gives a stream either way, from a revision, up to a count', async () => {
      const stream = await write(5);
      expect(await numbersOf(stream, {})).toEqual([0, 1, 2, 3, 4]);
      expect(await numbersOf(stream, { fromRevision: 3n })).toEqual([3, 4]);
      expect(await numbersOf(stream, { fromRevision: 1n, maxCount: 2 })).toEqual([1, 2]);
      expect(await numbersOf(stream, { direction: 'backwards', fromRevision: 'end' })).toEqual([4, 3, 2, 1, 0]);
      expect(await numbersOf(stream, { direction: 'backwards', fromRevision: 2n, maxCount: 2 })).toEqual([2, 1]);
      expect(await numbersOf(stream, { direction: 'backwards', fromRevision: 99n })).toEqual([4, 3, 2, 1, 0]);
      expect(await numbersOf(stream, { fromRevision: 99n })).toEqual([]);
      expect(await rejection(numbersOf(stream, { fromRevision: 'end' }))).toMatchObject({ type: 'unknown' });
      expect(await rejection(numbersOf(stream, { maxCount: 0 }))).toMatchObject({ type: 'unknown' });
    });

    it('has no stream where nothing was written', async () => {
      const stream = streamName();
      expect(await rejection(collect(client.readStream(stream)))).toMatchObject({
        type: 'stream-not-found',
        streamName: stream,
      });
    });

    it('reads the whole log inclusively forwards and exclusively backwards', async () => {
      const stream = await write(3);
      const all = (await collect(client.readStream(stream))).map(({ event }) => event!);
      const from = async (fromPosition: Position, direction: 'forwards' | 'backwards') =>
        (await collect(client.readAll({ fromPosition, direction, maxCount: 1 })))[0]?.event?.id;
      expect(await from(all[1]!.position!, 'forwards')).toBe(all[1]!.id);
      expect(await from(all[1]!.position!, 'backwards')).toBe(all[0]!.id);
    });

    it('refuses a position where no record begins, and finds nothing beyond the end', async () => {
      const [{ event } = {}] = await collect(client.readStream(await write(1)));
      const { commit } = event!.position!;
      const between = { commit: commit + 3n, prepare: commit + 3n };
      const beyond = { commit: commit + 10n ** 12n, prepare: commit + 10n ** 12n };
      await write(1);
      expect(await rejection(collect(client.readAll({ fromPosition: between })))).toMatchObject({ type: 'unknown' });
      const lost = client.subscribeToAll({ fromPosition: between });
      expect(await rejection(collect(lost))).toMatchObject({ type: 'unknown' });
      expect(await collect(client.readAll({ fromPosition: beyond }))).toEqual([]);
      const past = client.subscribeToAll({ fromPosition: beyond });
      await once(past, 'caughtUp');
      await past.unsubscribe();
    });

    it('shows system events among the others', async () => {
      await write(1);
      const all = await collect(client.readAll());
      expect(all.some(({ event }) => event!.streamId.startsWith('$'))).toBe(true);
      expect(all.some(({ event }) => !event!.streamId.startsWith('$'))).toBe(true);
    });

    it('subscribes exclusively from a position, then goes live', async () => {
      const stream = await write(3);
      const second = (await collect(client.readStream(stream)))[1]!.event!;
      const filter = streamNameFilter({ prefixes: [stream] });
      const subscription = client.subscribeToAll({ fromPosition: second.position!, filter });
      const live = once(subscription, 'caughtUp').then(() => client.appendToStream(stream, numbered(2, 3)));
      expect(await pull(subscription, 3)).toEqual([2, 3, 4]);
      await live;
    });

    it('subscribes from the end', async () => {
      const stream = await write(2);
      const subscription = client.subscribeToAll({
        fromPosition: 'end',
        filter: streamNameFilter({ prefixes: [stream] }),
      });
      await once(subscription, 'caughtUp');
      await client.appendToStream(stream, numbered(1, 9));
      expect(await pull(subscription, 1)).toEqual([9]);
    });

    it('filters by prefix and by expression, of the stream and of the type', async () => {
      const mark = crypto.randomUUID();
      const written = [`a%${mark}`, `a_${mark}`, `b%${mark}`];
      for (const [number, stream] of written.entries()) {
        await client.appendToStream(stream, [jsonEvent({ type: `type-${number}-${mark}`, data: { number } })]);
      }
      const seen = (filter: SubscribeToAllOptions['filter'] & {}, count: number) =>
        pull(client.subscribeToAll({ fromPosition: 'start', filter }), count);
      expect(await seen(streamNameFilter({ prefixes: [`a%${mark}`, `b%${mark}`] }), 2)).toEqual([0, 2]);
      expect(await seen(eventTypeFilter({ prefixes: [`type-1-${mark}`] }), 1)).toEqual([1]);
      expect(await seen(streamNameFilter({ regex: `^[ab]%${mark}$` }), 2)).toEqual([0, 2]);
    });

    it('sends checkpoints while nothing matches', async () => {
      await write(100);
      const positions: Position[] = [];
      const filter = streamNameFilter({
        prefixes: [streamName('never')],
        checkpointInterval: 1,
        maxSearchWindow: 10,
        checkpointReached: (_, position) => void positions.push(position),
      });
      const subscription = client.subscribeToAll({ fromPosition: 'start', filter });
      await once(subscription, 'caughtUp');
      await subscription.unsubscribe();
      expect(positions.length).toBeGreaterThan(5);
      const commits = positions.map(({ commit }) => commit);
      expect(commits).toEqual([...commits].sort((a, b) => (a < b ? -1 : 1)));
    });

    it('filters a read of the whole log where the protocol asks for it', async () => {
      const stream = await write(3);
      await write(40);
      await client.appendToStream(stream, numbered(2, 3));
      const target = new URL(url()).host;
      const ids = (await collect(client.readStream(stream))).map(({ event }) => event!.id);
      expect(await readFilteredRaw(target, stream, 'forwards', 100)).toEqual(ids);
      expect(await readFilteredRaw(target, stream, 'forwards', 2)).toEqual(ids.slice(0, 2));
      expect(await readFilteredRaw(target, stream, 'backwards', 4)).toEqual([...ids].reverse().slice(0, 4));
    });

    it('keeps metadata in a stream of its own, and obeys $maxCount', async () => {
      const stream = await write(5);
      await client.setStreamMetadata(stream, { maxCount: 2, owner: 'us' });
      expect((await client.getStreamMetadata(stream)).metadata).toEqual({ maxCount: 2, owner: 'us' });
      expect(await numbersOf(stream, {})).toEqual([3, 4]);
      expect(await numbersOf(`$$${stream}`, {})).toEqual([0]);
    });

    it('deletes a stream so that it may be written again with growing revisions, or for ever', async () => {
      const stream = await write(2);
      for (const refused of [
        client.deleteStream(stream, { expectedRevision: 7n }),
        client.deleteStream(streamName()),
      ]) {
        expect(await rejection(refused)).toMatchObject({ type: 'wrong-expected-version' });
      }
      await client.deleteStream(stream);
      expect(await rejection(collect(client.readStream(stream)))).toMatchObject({ type: 'stream-not-found' });
      const again = await client.appendToStream(stream, numbered(1, 7), { expectedRevision: 'no_stream' });
      expect(again.nextExpectedRevision).toBe(2n);
      expect(await numbersOf(stream, {})).toEqual([2]);
      await client.tombstoneStream(stream);
      expect(await rejection(collect(client.readStream(stream)))).toMatchObject({ type: 'stream-deleted' });
      expect(await rejection(client.appendToStream(stream, numbered(1)))).toMatchObject({ type: 'stream-deleted' });
    });

    it('finds the node by discovery, too', async () => {
      const discovering = openClient(url().replace('esdb://', 'esdb+discover://'));
      expect(await discovering.appendToStream(streamName(), numbered(1))).toMatchObject({ success: true });
    });
  });
}
