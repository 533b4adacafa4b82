// What the vendor's client does against the double when it is used naively: each of these is what our adapter guards against.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import esdb, { type EventStoreDBClient } from '@eventstore/db-client';
import { until } from '../support/until.js';
import { closeClients, collect, numbered, openClient, rejection, streamName } from './clients.js';
import { startDouble, type EsdbDouble } from './index.js';
import { appendRaw } from './raw-client.js';

const { jsonEvent, streamNameFilter } = esdb;
const root = fileURLToPath(new URL('../../', import.meta.url));

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

/** Runs the naive process; `code` is null where it had to be ended. */
function misuse(name: string, ...urls: string[]): Promise<{ code: number | null; said: string[]; stderr: string }> {
  const args = [
    '--no-warnings',
    '--import',
    './test/support/typescript.mjs',
    'test/esdb-double/misuse.ts',
    name,
    ...urls,
  ];
  return new Promise((resolve) => {
    const child = execFile(process.execPath, args, { cwd: root }, (_, stdout, stderr) => {
      resolve({ code: child.exitCode, said: stdout.trim().split('\n'), stderr });
    });
    // A process that has said it is done has nothing to do any more; it gets a while to end by itself.
    child.stdout?.on('data', (text: string) => {
      if (text.includes('done')) setTimeout(() => child.kill(), 1_000);
    });
  });
}

describe('appends', () => {
  it('have no deadline on the batch route, which is the default', async () => {
    const fault = double.faults.loseReply({ applied: true });
    const pending = client.appendToStream(streamName(), numbered(1), { deadline: 50 });
    await fault.struck();
    expect(await Promise.race([pending, sleep(400, 'still pending')])).toBe('still pending');
    void pending.catch(() => undefined);
  });

  it('of one client are rejected by another one, and a late reply ends the process', async () => {
    const other = await startDouble();
    try {
      const slow = double.faults.slowAnswers({ delayMs: 600 });
      const cut = other.faults.loseReply({ applied: false, then: 'cut' });
      const { code, said, stderr } = await misuse('lateReply', double.url, other.url);
      expect([slow.fired, cut.fired]).toEqual([1, 1]);
      expect(double.log.filter(({ stream }) => stream === 'innocent')).toHaveLength(1);
      expect(said.sort()).toEqual(['guilty: refused', 'innocent: refused']);
      expect(code).not.toBe(0);
      expect(stderr).toContain('TypeError');
    } finally {
      await other.close();
    }
  });

  it('of what JSON cannot hold end the process', async () => {
    const { code, said, stderr } = await misuse('unserialisable', double.url);
    expect(code).not.toBe(0);
    expect(said).toEqual(['']);
    expect(stderr).toContain('BigInt');
    expect(double.counters.appendsWritten).toBe(0);
  });

  it('keep the process alive after all is done', async () => {
    const { code, said } = await misuse('forgotten', double.url);
    expect(said).toEqual(['done']);
    expect(code).toBeNull();
  });

  it('answer with a wrong revision when they do not throw', async () => {
    const stream = streamName();
    await client.appendToStream(stream, numbered(8));
    const lenient = openClient(`${double.url}&throwOnAppendFailure=false`);
    const refused = await lenient.appendToStream(stream, numbered(1), { expectedRevision: 'no_stream' });
    expect(refused).toMatchObject({ success: false, nextExpectedRevision: 1n });
  });

  it('of nothing succeed at revision 0 of a stream that is not there', async () => {
    const stream = streamName();
    expect(await client.appendToStream(stream, [])).toMatchObject({ success: true, nextExpectedRevision: 0n });
    expect(await rejection(collect(client.readStream(stream)))).toMatchObject({ type: 'stream-not-found' });
  });

  it('tell two writers with the same id and expected revision that both have won', async () => {
    const stream = streamName();
    const [event] = numbered(1);
    const claim = (by: string) =>
      client.appendToStream(stream, { ...event!, data: { by } }, { expectedRevision: 'no_stream' });
    expect([await claim('a'), await claim('b')]).toMatchObject([{ success: true }, { success: true }]);
    const [only] = await collect(client.readStream(stream));
    expect(only!.event!.data).toEqual({ by: 'a' });
  });

  it('remember a failed probe of the features for as long as the client lives', async () => {
    const fault = double.faults.accessDenied({ operations: ['features'], times: 1 });
    for (const _ of [1, 2])
      expect(await rejection(client.appendToStream(streamName(), numbered(1)))).toBeInstanceOf(Error);
    expect([fault.fired, double.counters.featureProbes]).toEqual([1, 1]);
    expect(await openClient(double.url).appendToStream(streamName(), numbered(1))).toMatchObject({ success: true });
  });

  it('go by the unary route where the node has no other', async () => {
    const old = await startDouble({ batchAppend: false });
    try {
      await openClient(old.url).appendToStream(streamName(), numbered(1));
      expect([old.counters.appends, old.counters.batchAppends]).toEqual([1, 0]);
    } finally {
      await closeClients();
      await old.close();
    }
  });
});

describe('reads', () => {
  it('leave the call open at the node after break, until they are cancelled', async () => {
    // More than the buffers on the way hold.
    for (let batch = 0; batch < 10; batch += 1) await client.appendToStream(streamName(), numbered(500));
    const reading = client.readAll();
    for await (const _ of reading) break;
    await sleep(100);
    expect(double.counters.openReads).toBe(1);
    await reading.cancel();
    await until(() => double.counters.openReads === 0);
  });

  it('of the whole log ignore a filter', async () => {
    await client.appendToStream('wanted', numbered(1));
    const filter = streamNameFilter({ prefixes: ['wanted'] });
    const all = await collect(client.readAll({ filter } as Parameters<EventStoreDBClient['readAll']>[0]));
    expect(all.length).toBeGreaterThan(1);
  });

  it('give what is not JSON back as text, though it was said to be JSON', async () => {
    const stream = streamName();
    await appendRaw(`127.0.0.1:${double.port}`, stream, Buffer.from('{"cut":'));
    const [read] = await collect(client.readStream(stream));
    expect(read!.event).toMatchObject({ isJson: true, data: '{"cut":' });
  });

  it('cut times to milliseconds', async () => {
    const stream = streamName();
    await client.appendToStream(stream, numbered(1));
    const [read] = await collect(client.readStream(stream));
    expect(BigInt(read!.event!.created.getTime())).toBe(double.log.at(-1)!.createdTicks / 10_000n);
  });

  it('show an object of numbers where a Buffer was written as metadata', async () => {
    const stream = streamName();
    const metadata = Buffer.from('ab') as never;
    await client.appendToStream(stream, { ...jsonEvent({ type: 'buffer', data: {} }), metadata });
    const [read] = await collect(client.readStream(stream));
    expect(read!.event!.metadata).toEqual({ type: 'Buffer', data: [97, 98] });
  });

  it('call a position the revision of the metadata', async () => {
    const stream = streamName();
    await client.setStreamMetadata(stream, { owner: 'us' });
    const { metastreamRevision } = await client.getStreamMetadata(stream);
    expect(metastreamRevision).toBe(double.log.at(-1)!.commit);
    expect(double.log.at(-1)!.revision).toBe(0);
  });
});

describe('subscriptions', () => {
  it('report caughtUp and checkpoints before the events ahead of them were handled', async () => {
    const stream = streamName();
    await client.appendToStream(stream, numbered(10));
    let checkpoints = 0;
    const filter = streamNameFilter({
      prefixes: [stream],
      maxSearchWindow: 4,
      checkpointReached: () => void (checkpoints += 1),
    });
    const subscription = client.subscribeToAll({ fromPosition: 'start', filter });
    await once(subscription, 'caughtUp');
    expect(subscription.readableLength).toBe(10);
    expect(checkpoints).toBeGreaterThan(0);
    await subscription.unsubscribe();
  });

  it('are dropped by a burst of events: the reader gets what was on its way, then an error', async () => {
    const subscription = client.subscribeToAll({ fromPosition: 'end' });
    await once(subscription, 'caughtUp');
    const numbers: number[] = [];
    const consumed = (async () => {
      for await (const { event } of subscription) numbers.push((event!.data as { number: number }).number);
    })();
    await client.appendToStream(streamName(), numbered(200));
    expect(await rejection(consumed)).toMatchObject({ type: 'timeout', code: 10 });
    expect(double.counters.slowConsumersDropped).toBe(1);
    expect(numbers).toEqual(numbers.map((_, index) => index));
    expect(numbers).toHaveLength(32);
  });

  it('hold only so many events of a reader that stands still, however much it is sent', async () => {
    const subscription = client.subscribeToAll({ fromPosition: 'end' });
    await once(subscription, 'caughtUp');
    subscription.on('error', () => undefined);
    const large = jsonEvent({ type: 'large', data: { text: 'x'.repeat(20_000) } });
    for (let count = 0; count < 150 && double.counters.slowConsumersDropped === 0; count += 1) {
      await client.appendToStream(streamName(), { ...large, id: crypto.randomUUID() });
    }
    expect(double.counters.slowConsumersDropped).toBe(1);
  });

  it('are not resumed by the client', async () => {
    const subscription = client.subscribeToAll({ fromPosition: 'end' });
    await once(subscription, 'caughtUp');
    const failed = once(subscription, 'error');
    double.faults.dropSubscriptions('slow');
    await failed;
    await client.appendToStream(streamName(), numbered(1));
    expect(double.counters.subscriptions).toBe(1);
  });

  it('stay open at the node after break, until they are ended', async () => {
    const stream = streamName();
    await client.appendToStream(stream, numbered(3));
    const subscription = client.subscribeToAll({ filter: streamNameFilter({ prefixes: [stream] }) });
    for await (const _ of subscription) break;
    await sleep(100);
    expect(double.counters.openSubscriptions).toBe(1);
    await subscription.unsubscribe();
    await until(() => double.counters.openSubscriptions === 0);
  });
});

it.each([
  ['a subscription to one stream', () => collect(client.subscribeToStream('some'))],
  ['resolved links', () => collect(client.readStream('some', { resolveLinkTos: true }))],
])('the double refuses what it does not know: %s', async (_, call) => {
  expect((await rejection(call())).message).toContain('The test double knows no');
});

describe('access lists', () => {
  it('let any user delete streams and only admins read the log, until settings say otherwise', async () => {
    await client.appendToStream('mine', numbered(1));
    double.actAs('engine');
    expect(await rejection(collect(client.readAll()))).toMatchObject({ type: 'access-denied' });
    expect(await client.deleteStream('mine')).toHaveProperty('position');
    double.actAs('$admins');
    const engine = ['engine', '$admins'];
    const userStreamAcl = { $r: engine, $w: engine, $d: '$admins', $mr: engine, $mw: '$admins' };
    await client.appendToStream('$settings', jsonEvent({ type: 'update', data: { $userStreamAcl: userStreamAcl } }));
    await client.setStreamMetadata('$all', { acl: { readRoles: engine } });
    double.actAs('engine');
    await client.appendToStream('mine', numbered(1));
    expect(await collect(client.readAll())).not.toHaveLength(0);
    expect(await rejection(client.deleteStream('mine'))).toMatchObject({ type: 'access-denied' });
    expect(await rejection(client.setStreamMetadata('mine', { maxCount: 1 }))).toMatchObject({ type: 'access-denied' });
    double.actAs('anonymous');
    expect(await rejection(client.appendToStream('mine', numbered(1)))).toMatchObject({ type: 'access-denied' });
  });
});
