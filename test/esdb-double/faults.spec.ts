// Each fault strikes what it says, says that it has, and ends; what the plain client makes of it stands here, too.
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import esdb, { type EventStoreDBClient, type Position } from '@eventstore/db-client';
import { until } from '../support/until.js';
import { closeClients, collect, numbered, openClient, rejection, streamName } from './clients.js';
import { startDouble, type EsdbDouble } from './index.js';

const { streamNameFilter } = esdb;
/** Credentials send the client by the unary route, which has a deadline. */
const unary = { credentials: { username: 'u', password: 'p' } };

let double: EsdbDouble;
let client: EventStoreDBClient;
beforeEach(async () => {
  double = await startDouble();
  client = openClient(double.url);
});
afterEach(async () => {
  await double.close();
  await closeClients();
});

const written = (stream: string) => double.log.filter((event) => event.stream === stream).length;
const append = (stream: string, events = numbered(1)) =>
  client.appendToStream(stream, events, { expectedRevision: 'no_stream', ...unary });

describe('loseReply', () => {
  it.each([
    [true, 1],
    [false, 0],
  ])('stays silent, applied %s; the identical retry leaves one copy', async (applied, copies) => {
    const stream = streamName();
    const events = numbered(1);
    const fault = double.faults.loseReply({ applied });
    const lost = client.appendToStream(stream, events, { expectedRevision: 'no_stream', deadline: 300, ...unary });
    expect(await rejection(lost)).toMatchObject({ type: 'deadline-exceeded' });
    expect(fault.fired).toBe(1);
    expect(written(stream)).toBe(copies);
    expect(await append(stream, events)).toMatchObject({ success: true, nextExpectedRevision: 0n });
    expect(written(stream)).toBe(1);
    expect(double.counters.appendsRepeated).toBe(copies);
  });

  it('cuts the connection instead, on the batch route', async () => {
    const stream = streamName();
    const fault = double.faults.loseReply({ applied: true, then: 'cut' });
    expect(await rejection(client.appendToStream(stream, numbered(1)))).toBeInstanceOf(Error);
    expect([fault.fired, written(stream)]).toEqual([1, 1]);
  });

  it('spares streams that it is not aimed at', async () => {
    const fault = double.faults.loseReply({ applied: false, streamPrefix: 'aimed-' });
    await append(streamName('spared'));
    expect(fault.fired).toBe(0);
  });
});

describe('the connections', () => {
  it('are cut: a subscription ends with an error, and a new one is accepted', async () => {
    const subscription = client.subscribeToAll({ fromPosition: 'end' });
    await once(subscription, 'caughtUp');
    const failed = once(subscription, 'error');
    expect(double.faults.cutConnections().fired).toBe(1);
    expect((await failed)[0]).toMatchObject({ type: 'unavailable' });
    expect(await append(streamName())).toMatchObject({ success: true });
    expect(double.counters.connections).toBe(2);
    expect(double.counters.openSubscriptions).toBe(0);
  });

  it('lead into a black hole: accepted, never answered; held back requests arrive when it ends', async () => {
    const stream = streamName();
    const hole = double.faults.blackHole();
    const lost = client.appendToStream(stream, numbered(1), { deadline: 300, ...unary });
    expect(await rejection(lost)).toMatchObject({ type: 'deadline-exceeded' });
    expect(hole.fired).toBeGreaterThan(1);
    expect([double.counters.openConnections, double.counters.appends]).toEqual([1, 0]);
    hole.clear();
    expect(await append(streamName())).toMatchObject({ success: true });
  });

  it('hold a request back that is applied after its caller stopped waiting', async () => {
    const stream = streamName();
    await append(streamName());
    const hole = double.faults.blackHole();
    const pending = client.appendToStream(stream, numbered(1));
    await hole.struck(2);
    expect(await Promise.race([pending, sleep(100, 'stopped waiting')])).toBe('stopped waiting');
    expect(written(stream)).toBe(0);
    hole.clear();
    expect(await pending).toMatchObject({ success: true });
    expect(written(stream)).toBe(1);
  });

  it('are refused after stop, and answered again on the same port after start, with the log as it was', async () => {
    const [stream, { port }] = [streamName(), double];
    await append(stream);
    await double.stop();
    expect(await rejection(append(streamName()))).toMatchObject({ type: 'unavailable' });
    await double.start();
    expect(double.port).toBe(port);
    expect(await collect(openClient(double.url).readStream(stream))).toHaveLength(1);
  });

  it('find an empty log where a restart lost it', async () => {
    const stream = streamName();
    await append(stream);
    await double.restart({ keepLog: false });
    const error = await rejection(collect(openClient(double.url).readStream(stream)));
    expect(error).toMatchObject({ type: 'stream-not-found' });
  });

  it('answer the health page', async () => {
    const { status } = await fetch(`http://127.0.0.1:${double.port}/health/live`);
    expect(status).toBe(204);
  });
});

describe('answers', () => {
  it('come late, in their order', async () => {
    const fault = double.faults.slowAnswers({ delayMs: 50, operations: ['append', 'read'], times: 4 });
    const stream = streamName();
    const answers: number[] = [];
    await Promise.all(
      [1, 2, 3].map(async (number) => append(streamName(), numbered(1)).then(() => answers.push(number))),
    );
    expect(answers).toEqual([1, 2, 3]);
    await append(stream);
    expect(fault.fired).toBe(4);
    await append(streamName());
    expect(fault.fired).toBe(4);
  });

  it.each([
    ['batch', {}],
    ['unary', unary],
  ])('refuse the expected version on the %s route, whatever the log says', async (_, route) => {
    const fault = double.faults.wrongExpectedVersion({ times: 1, actual: 41 });
    const stream = streamName();
    const options = { expectedRevision: 'no_stream', ...route } as const;
    expect(await rejection(client.appendToStream(stream, numbered(1), options))).toMatchObject({
      type: 'wrong-expected-version',
      expectedVersion: 'no_stream',
      actualVersion: 41n,
    });
    expect([fault.fired, written(stream)]).toEqual([1, 0]);
    expect(await client.appendToStream(stream, numbered(1), options)).toMatchObject({ success: true });
  });

  it.each([
    ['batch', {}, false],
    ['batch', {}, true],
    ['unary', unary, false],
    ['unary', unary, true],
  ])('give up on the %s route %j, applied %s', async (_, route, applied) => {
    const fault = double.faults.deadlineExceeded({ applied, times: 1 });
    const stream = streamName();
    const error = await rejection(client.appendToStream(stream, numbered(1), route));
    expect(error).toMatchObject({ type: 'deadline-exceeded' });
    expect([fault.fired, written(stream)]).toEqual([1, applied ? 1 : 0]);
  });

  it.each([
    ['batch', {}],
    ['unary', unary],
  ])('name the leader on the %s route, and the client goes there', async (_, route) => {
    const leader = await startDouble();
    try {
      const fault = double.faults.notLeader({ host: '127.0.0.1', port: leader.port, times: 1 });
      const stream = streamName();
      expect(await rejection(client.appendToStream(stream, numbered(1), route))).toMatchObject({
        type: 'not-leader',
        leader: { address: '127.0.0.1', port: leader.port },
      });
      expect(fault.fired).toBe(1);
      expect(await client.appendToStream(stream, numbered(1), route)).toMatchObject({ success: true });
      expect([written(stream), leader.log.filter((event) => event.stream === stream).length]).toEqual([0, 1]);
    } finally {
      await closeClients();
      await leader.close();
    }
  });

  it.each([
    ['batch', {}, { type: 'unknown', message: 'Could not recognize Server Is Not Ready' }],
    ['unary', unary, { type: 'unavailable', message: '14 UNAVAILABLE: Server Is Not Ready' }],
  ])('say that the server is not ready on the %s route', async (_, route, expected) => {
    const fault = double.faults.notReady({ times: 1 });
    expect(await rejection(client.appendToStream(streamName(), numbered(1), route))).toMatchObject(expected);
    expect(fault.fired).toBe(1);
  });

  it('say unavailable to what is aimed at', async () => {
    const fault = double.faults.unavailable({ operations: ['read'] });
    await append(streamName());
    expect(await rejection(collect(client.readAll()))).toMatchObject({ type: 'unavailable' });
    expect(fault.fired).toBe(1);
    fault.clear();
    expect(await collect(client.readAll())).not.toHaveLength(0);
  });

  it.each([
    ['an append', () => append(streamName())],
    ['a read', () => collect(client.readAll())],
    ['a subscription', () => collect(client.subscribeToAll())],
    ['a deletion', () => client.deleteStream('some')],
  ])('deny access to %s', async (_, call) => {
    const fault = double.faults.accessDenied({ operations: ['append', 'read', 'subscribe', 'delete'], times: 1 });
    expect(await rejection(call())).toMatchObject({ type: 'access-denied' });
    expect(double.faults.firedOf('accessDenied')).toBe(fault.fired);
    expect(fault.fired).toBe(1);
  });
});

describe('subscriptions', () => {
  it.each([
    ['slow', { type: 'timeout', code: 10 }],
    ['gone', { type: 'unavailable', code: 14 }],
  ] as const)('are dropped: %s', async (how, expected) => {
    const subscription = client.subscribeToAll({ fromPosition: 'end' });
    await once(subscription, 'caughtUp');
    const failed = once(subscription, 'error');
    expect(double.faults.dropSubscriptions(how).fired).toBe(1);
    expect((await failed)[0]).toMatchObject(expected);
  });

  it('end without an error', async () => {
    const subscription = client.subscribeToAll({ fromPosition: 'end' });
    await once(subscription, 'caughtUp');
    expect(double.faults.dropSubscriptions('ended').fired).toBe(1);
    expect(await collect(subscription)).toEqual([]);
  });

  it('get checkpoints late, behind what they have', async () => {
    const stream = streamName();
    await client.appendToStream(stream, numbered(40));
    const fault = double.faults.lateCheckpoints({ events: 20, times: 1 });
    const seen: bigint[] = [];
    const checkpoints: { readonly position: Position; readonly after: bigint | undefined }[] = [];
    const filter = streamNameFilter({
      prefixes: [stream],
      maxSearchWindow: 10,
      checkpointReached: (_, position) => void checkpoints.push({ position, after: seen.at(-1) }),
    });
    const subscription = client.subscribeToAll({ fromPosition: 'start', filter });
    subscription.on('data', ({ event }) => seen.push(event?.position?.commit ?? 0n));
    await once(subscription, 'caughtUp');
    await until(() => seen.length === 40);
    await subscription.unsubscribe();
    expect(fault.fired).toBe(1);
    expect(double.counters.checkpointsSent).toBe(checkpoints.length);
    expect(checkpoints[0]!.position.commit < checkpoints[0]!.after!).toBe(true);
  });
});

it('refuses a fault that could never strike', () => {
  expect(() => double.faults.notReady({ times: 0 })).toThrow(RangeError);
});
