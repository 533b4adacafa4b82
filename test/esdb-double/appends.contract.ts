// What both the double and a real node answer to appends: run against each, this is what makes the double worth having.
import esdb, { type EventStoreDBClient } from '@eventstore/db-client';
import { closeClients, collect, numbered, openClient, rejection, streamName, type Expected } from './clients.js';

const { jsonEvent } = esdb;
/** Own credentials send the client by the unary route; an insecure node does not look at them. */
const routes = { batch: {}, unary: { credentials: { username: 'admin', password: 'changeit' } } } as const;

export function describeAppends(name: string, url: () => string): void {
  describe.each(Object.entries(routes))(`${name}: appends by the %s route`, (_, route) => {
    let client: EventStoreDBClient;
    beforeEach(() => (client = openClient(url())));
    afterEach(closeClients);

    const append = (stream: string, events: ReturnType<typeof numbered>, expectedRevision: Expected) =>
      client.appendToStream(stream, events, { expectedRevision, ...route });
    const ids = async (stream: string) => (await collect(client.readStream(stream))).map(({ event }) => event?.id);

    it('counts revisions from 0', async () => {
      const stream = streamName();
      expect((await append(stream, numbered(1), 'no_stream')).nextExpectedRevision).toBe(0n);
      expect((await append(stream, numbered(3), 0n)).nextExpectedRevision).toBe(3n);
    });

    it.each<[Expected, bigint | 'no_stream', number]>([
      ['no_stream', 1n, 2],
      [0n, 1n, 2],
      [7n, 1n, 2],
      ['stream_exists', 'no_stream', 0],
      [4n, 'no_stream', 0],
    ])('refuses %s and names the actual revision', async (expectedRevision, actual, written) => {
      const stream = streamName();
      if (written > 0) await append(stream, numbered(written), 'no_stream');
      const error = await rejection(append(stream, numbered(1), expectedRevision));
      expect(error).toMatchObject({
        type: 'wrong-expected-version',
        message: '',
        streamName: stream,
        expectedVersion: expectedRevision,
        actualVersion: actual,
      });
    });

    it('takes any and stream_exists', async () => {
      const stream = streamName();
      expect((await append(stream, numbered(1), 'any')).nextExpectedRevision).toBe(0n);
      expect((await append(stream, numbered(1), 'stream_exists')).nextExpectedRevision).toBe(1n);
    });

    it('answers the identical batch with its first success, at once and after the stream moved on', async () => {
      const stream = streamName();
      const [first, second] = [numbered(2), numbered(3)];
      const original = await append(stream, first, 'no_stream');
      expect(await append(stream, first, 'no_stream')).toEqual(original);
      const later = await append(stream, second, 1n);
      expect(await append(stream, first, 'no_stream')).toEqual(original);
      expect(await append(stream, second, 1n)).toEqual(later);
      expect(await ids(stream)).toEqual([...first, ...second].map(({ id }) => id));
    });

    it('takes the beginning of a batch for a repetition, too', async () => {
      const stream = streamName();
      const batch = numbered(3);
      await append(stream, batch, 'no_stream');
      expect((await append(stream, batch.slice(0, 2), 'no_stream')).nextExpectedRevision).toBe(1n);
    });

    it('refuses a batch that begins with a known id and goes on with a new one', async () => {
      const stream = streamName();
      const batch = numbered(2);
      await append(stream, batch, 'no_stream');
      for (const longer of [
        [...batch, ...numbered(1)],
        [batch[0]!, ...numbered(1)],
      ]) {
        const error = await rejection(append(stream, longer, 'no_stream'));
        expect(error).toMatchObject({ type: 'wrong-expected-version', actualVersion: 1n });
      }
      expect(await ids(stream)).toHaveLength(2);
    });

    it('writes a known id again at the current revision, and in another stream', async () => {
      const [stream, other] = [streamName(), streamName()];
      const batch = numbered(1);
      await append(stream, batch, 'no_stream');
      expect((await append(stream, batch, 0n)).nextExpectedRevision).toBe(1n);
      expect((await append(other, batch, 'no_stream')).nextExpectedRevision).toBe(0n);
    });

    it('recognises a repetition with any, while it remembers the id', async () => {
      const stream = streamName();
      const batch = numbered(2);
      await append(stream, batch, 'any');
      await append(stream, batch, 'any');
      expect(await ids(stream)).toHaveLength(2);
      expect(await rejection(append(stream, [...batch, ...numbered(1)], 'any'))).toMatchObject({
        type: 'wrong-expected-version',
      });
    });

    it('gives one of many with the same expected revision the stream', async () => {
      const stream = streamName();
      const results = await Promise.allSettled(
        Array.from({ length: 20 }, () => append(stream, numbered(1), 'no_stream')),
      );
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(await ids(stream)).toHaveLength(1);
    });

    it('writes a batch contiguously, at positions that grow', async () => {
      const streams = [streamName(), streamName(), streamName()];
      await Promise.all(streams.map((stream) => append(stream, numbered(50), 'no_stream')));
      const all = (await collect(client.readAll())).map(({ event }) => event!);
      for (const stream of streams) {
        const places = all.flatMap(({ streamId }, place) => (streamId === stream ? [place] : []));
        expect(places).toEqual(places.map((_place, index) => places[0]! + index));
        expect(places).toHaveLength(50);
      }
      const commits = all.map(({ position }) => position.commit);
      expect(commits).toEqual([...new Set(commits)].sort((a, b) => (a < b ? -1 : 1)));
    });

    it('calls an empty append a success', async () => {
      expect((await append(streamName(), [], 'no_stream')).nextExpectedRevision).toBe(0n);
    });

    it('refuses more than 1 MiB, takes less, and goes on', async () => {
      const stream = streamName();
      const sized = (bytes: number) => [jsonEvent({ type: 'large', data: { text: 'x'.repeat(bytes) } })];
      expect(await rejection(append(stream, sized(1_048_600), 'no_stream'))).toMatchObject({
        type: 'maximum-append-size-exceeded',
        maxAppendSize: 1_048_576,
      });
      expect((await append(stream, sized(1_000_000), 'no_stream')).nextExpectedRevision).toBe(0n);
    });

    it('refuses an id that is none', async () => {
      const bad = { ...numbered(1)[0]!, id: 'not-a-uuid' };
      expect(await rejection(append(streamName(), [bad], 'any'))).toBeInstanceOf(Error);
    });
  });
}
