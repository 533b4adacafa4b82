import type { RecordedEvent, RequestContext } from '@app/kernel';
import { RefusalError } from '@app/kernel';
import { RandomIdSource, SystemClock } from '@app/kernel/nest';
import type { AppendOptions, AppendResult } from '@app/event-store';
import { EventStore, StoreError } from '@app/event-store';
import { MemoryBlobStore, MemoryEventStore } from '@app/event-store/nest';
import type { CallOutcome, ProviderCall } from '@app/provider';
import { ProviderCaller } from '@app/provider';
import { Heartbeat } from '@app/shell/nest';
import type { CompiledDefinition } from './compiled-definition.js';
import { definitionOf, edge, executor, startCommand } from './run-fixtures.contract.js';
import type { RunState } from './execution-state.js';
import { readRun } from './run-reader.js';
import { RunOwnership, SoleOwnership } from './run-ownership.js';
import { RunNews } from './run-news.worker.js';
import { Runner } from './runner.worker.js';

const ana: RequestContext = {
  actor: { type: 'api_key', id: 'key-1', name: 'Ana', via: 'api_key' },
  channel: 'rest',
  ip: '203.0.113.7',
  requestId: 'request-1',
  correlationId: 'correlation-1',
};
const ok: CallOutcome = {
  ok: true,
  envelope: { status: 200, status_text: 'OK', url: 'http://p/', headers: {}, body: { fine: true } },
  call: { method: 'POST', url: 'http://p/', status: 200, durationMs: 1 },
};
const retryable: CallOutcome = {
  ok: false,
  error: { code: 'timeout', message: 'executor error: timeout', retryable: true },
};

/** Answers what the script says; keeps every call. */
class ScriptedCaller extends ProviderCaller {
  readonly calls: ProviderCall[] = [];
  onPrepared: (call: Parameters<ProviderCaller['prepare']>[0]) => void = () => undefined;

  constructor(private readonly script: (call: ProviderCall, index: number) => CallOutcome | Promise<CallOutcome>) {
    super();
  }

  prepare(call: Parameters<ProviderCaller['prepare']>[0]): void {
    this.onPrepared(call);
  }

  async call(call: ProviderCall): Promise<CallOutcome> {
    this.calls.push(call);
    return this.script(call, this.calls.length - 1);
  }
}

/** A log whose appends fail as told, before or after they really happened. */
class FaultyEventStore extends MemoryEventStore {
  faults: ('before' | 'after' | 'under way')[] = [];
  met = 0;
  /** Appends that nobody was told of, which the log has not got yet. */
  readonly underWay: (() => Promise<unknown>)[] = [];
  /** So many reads of streams fail. */
  unreadable = 0;

  override readStream(...asked: Parameters<EventStore['readStream']>): AsyncIterable<RecordedEvent> {
    if (this.unreadable === 0) return super.readStream(...asked);
    this.unreadable -= 1;
    throw new StoreError('StoreUnavailable', 'away');
  }

  override async append(
    stream: string,
    events: Parameters<EventStore['append']>[1],
    options: AppendOptions,
  ): Promise<AppendResult> {
    const fault = this.faults.shift();
    if (fault === undefined) return super.append(stream, events, options);
    this.met += 1;
    if (fault === 'before') throw new StoreError('StoreUnavailable', 'away');
    if (fault === 'after') await super.append(stream, events, options);
    else this.underWay.push(() => super.append(stream, events, options));
    throw new StoreError('AppendOutcomeUnknown', 'the answer was lost');
  }
}

interface Bench {
  readonly runner: Runner;
  readonly events: FaultyEventStore;
  readonly caller: ScriptedCaller;
  readonly heartbeat: Heartbeat;
  readonly faults: unknown[];
  started(definition?: CompiledDefinition, runId?: string): Promise<RunState>;
  ended(runId: string): Promise<RunState>;
  types(runId: string): Promise<string[]>;
}

const sequence = definitionOf([executor('a'), executor('b')], [edge('in', 'a'), edge('a', 'b')]);
const heartbeats: Heartbeat[] = [];
afterEach(async () => {
  for (const heartbeat of heartbeats.splice(0)) await heartbeat.stop(2_000);
});

function bench(
  script: (call: ProviderCall, index: number) => CallOutcome | Promise<CallOutcome>,
  about: {
    definition?: CompiledDefinition;
    events?: FaultyEventStore;
    blobs?: MemoryBlobStore;
    steps?: number;
    runs?: number;
    ownership?: RunOwnership;
  } = {},
): Bench {
  const definition = about.definition ?? sequence;
  const events = about.events ?? new FaultyEventStore();
  const blobs = about.blobs ?? new MemoryBlobStore();
  const caller = new ScriptedCaller(script);
  const faults: unknown[] = [];
  const runner = new Runner({
    events,
    blobs,
    caller,
    definitionOf: () => Promise.resolve(definition),
    ownership: about.ownership ?? new SoleOwnership(),
    clock: new SystemClock(),
    ids: new RandomIdSource(),
    random: () => 0.1,
    limits: { liveRunsMax: about.runs ?? 100, stepConcurrencyMax: about.steps ?? 100, drainMs: 500 },
    onFault: (_runId, error) => faults.push(error),
  });
  const heartbeat = new Heartbeat({ error: (_message, details) => faults.push(details) });
  heartbeat.start(runner);
  heartbeats.push(heartbeat);
  return {
    runner,
    events,
    caller,
    heartbeat,
    faults,
    started: (given = definition, runId = 'run') => runner.start(runId, startCommand(), given, ana),
    async ended(runId) {
      const live = await runner.whenEnded(runId, 5_000);
      const read = live ?? (await readRun(events, blobs, runId))?.state;
      if (!read) throw new Error('no such run');
      return read;
    },
    async types(runId) {
      const found: string[] = [];
      for await (const event of events.readStream(`execution-${runId}`)) found.push(event.type);
      return found;
    },
  };
}

const straight = [
  'ExecutionStarted',
  'StepStarted',
  'StepCompleted',
  'StepStarted',
  'StepCompleted',
  'ExecutionCompleted',
];

describe('the runner', () => {
  it('runs to the end by itself, each step claimed in the log before its call is made', async () => {
    const claimedFirst: boolean[] = [];
    const b: Bench = bench(async (call) => {
      const nodeId = call.idempotencyKey.split(':')[1];
      const claims: unknown[] = [];
      for await (const event of b.events.readStream('execution-run')) {
        if (event.type === 'StepStarted') claims.push((event.data as { nodeId: string }).nodeId);
      }
      claimedFirst.push(claims.includes(nodeId));
      return ok;
    });
    expect((await b.started()).status).toBe('running');
    expect((await b.ended('run')).status).toBe('completed');
    expect(await b.types('run')).toEqual(straight);
    expect(claimedFirst).toEqual([true, true]);
    expect(b.faults).toEqual([]);
  });

  it('has each call prepared while its claim is on its way to the log, as of when the run was asked for', async () => {
    const b = bench(() => ok);
    const prepared: { readonly askedForMs: number; readonly claims: Promise<number> }[] = [];
    const claims = async (): Promise<number> =>
      (await b.types('run').catch(() => [])).filter((type) => type === 'StepStarted').length;
    b.caller.onPrepared = ({ askedForMs }) => prepared.push({ askedForMs, claims: claims() });
    await b.runner.start('run', startCommand(), sequence, ana, 4_711);
    await b.ended('run');
    expect(await Promise.all(prepared.map((one) => one.claims))).toEqual([0, 1]);
    expect([...prepared, ...b.caller.calls].map(({ askedForMs }) => askedForMs)).toEqual([4_711, 4_711, 4_711, 4_711]);
  });

  it('records the start as the deed of its caller and the rest as its own, on the behalf of the caller', async () => {
    const b = bench(() => ok);
    await b.started();
    await b.ended('run');
    const metadata = [];
    for await (const event of b.events.readStream('execution-run')) metadata.push(event.metadata);
    expect(metadata[0]).toMatchObject({ actor: ana.actor, ip: '203.0.113.7', requestId: 'request-1', channel: 'rest' });
    for (const later of metadata.slice(1)) {
      expect(later).toMatchObject({ actor: { type: 'system' }, onBehalfOf: ana.actor, correlationId: 'correlation-1' });
      expect(later.channel).toBe('engine');
    }
  });

  it('makes one run of two simultaneous starts with one id', async () => {
    const b = bench(() => ok);
    const outcomes = await Promise.allSettled([b.started(), b.started()]);
    expect(outcomes.map((outcome) => outcome.status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(outcomes.find((outcome) => outcome.status === 'rejected')).toMatchObject({
      reason: { code: 'WrongExpectedRevision' },
    });
    await b.ended('run');
    expect(b.caller.calls).toHaveLength(2);
  });

  it('tries again by itself after a retryable failure', async () => {
    const b = bench((_call, index) => (index === 0 ? retryable : ok));
    await b.started();
    expect((await b.ended('run')).status).toBe('completed');
    expect(b.caller.calls.map((call) => call.idempotencyKey)).toEqual(['run:a', 'run:a', 'run:b']);
  });

  it.each(['before', 'after'] as const)(
    'loses nothing and repeats no call when the log fails %s an append',
    async (fault) => {
      const events = new FaultyEventStore();
      const b = bench(
        (_call, index) => {
          if (index === 0) events.faults = [fault, fault];
          return ok;
        },
        { events },
      );
      await b.started();
      expect((await b.ended('run')).status).toBe('completed');
      expect(events.met).toBe(2);
      expect(await b.types('run')).toEqual(straight);
      expect(b.caller.calls).toHaveLength(2);
    },
  );

  it('leaves nothing behind of a start that the log refused', async () => {
    const events = new FaultyEventStore();
    events.faults = ['before'];
    const b = bench(() => ok, { events });
    await expect(b.started()).rejects.toMatchObject({ code: 'StoreUnavailable' });
    expect(b.runner.liveRuns).toBe(0);
    expect(b.runner.stepsUnderWay).toBe(0);
    await b.started();
    expect((await b.ended('run')).status).toBe('completed');
  });

  it('makes no call after a cancel was answered, and ends those under way', async () => {
    let aborted = false;
    const b = bench(
      (call) =>
        new Promise((resolve) => {
          call.signal.addEventListener('abort', () => {
            aborted = true;
            resolve(ok);
          });
        }),
    );
    await b.started();
    const state = await b.runner.command('run', { kind: 'CancelRun', reason: 'enough' }, ana);
    expect(state.status).toBe('cancelled');
    expect(aborted).toBe(true);
    const calls = b.caller.calls.length;
    await new Promise((resolve) => setImmediate(resolve));
    expect(b.caller.calls).toHaveLength(calls);
    expect(b.runner.liveRuns).toBe(0);
    expect(b.runner.stepsUnderWay).toBe(0);
    expect((await b.types('run')).at(-1)).toBe('ExecutionCancelled');
  });

  it('notices that somebody else wrote to its run, and decides again on what stands there', async () => {
    const events = new FaultyEventStore();
    const other = bench(() => ok, { events });
    const b = bench(
      async (_call, index) => {
        if (index === 0) await other.runner.command('run', { kind: 'CancelRun' }, ana);
        return ok;
      },
      { events },
    );
    await b.started();
    expect((await b.ended('run')).status).toBe('cancelled');
    expect(b.caller.calls).toHaveLength(1);
    expect(b.faults).toEqual([]);
  });

  it('takes over a run that another server left, without repeating its finished step', async () => {
    const events = new FaultyEventStore();
    const first = bench((call) => (call.idempotencyKey === 'run:a' ? ok : new Promise(() => undefined)), { events });
    await first.started();
    while (first.caller.calls.length < 2) await new Promise((resolve) => setImmediate(resolve));
    const second = bench(() => ok, { events });
    await second.runner.resume('run');
    expect((await second.ended('run')).status).toBe('completed');
    expect(second.caller.calls.map((call) => call.idempotencyKey)).toEqual(['run:b']);
  });

  it('keeps to its limit of calls, and still ends every run', async () => {
    let now = 0;
    let most = 0;
    const b = bench(
      async () => {
        now += 1;
        most = Math.max(most, now);
        await new Promise((resolve) => setImmediate(resolve));
        now -= 1;
        return ok;
      },
      { steps: 3 },
    );
    const ids = Array.from({ length: 40 }, (_, index) => `run-${index}`);
    await Promise.all(ids.map((id) => b.started(sequence, id)));
    const states = await Promise.all(ids.map((id) => b.ended(id)));
    expect(states.map((state) => state.status)).toEqual(ids.map(() => 'completed'));
    expect(most).toBe(3);
    expect(b.runner.stepsUnderWay).toBe(0);
  });

  it('refuses a start when too many runs are under way', async () => {
    const b = bench(() => new Promise(() => undefined), { runs: 1 });
    await b.started();
    await expect(b.started(sequence, 'another')).rejects.toBeInstanceOf(RefusalError);
  });

  it('lets calls under way finish when it drains, and claims no further step', async () => {
    let finish: (outcome: CallOutcome) => void = () => undefined;
    const b = bench(() => new Promise((resolve) => (finish = resolve)));
    await b.started();
    const drained = b.heartbeat.stop(2_000);
    finish(ok);
    await drained;
    expect(b.caller.calls).toHaveLength(1);
    expect(await b.types('run')).toEqual(['ExecutionStarted', 'StepStarted', 'StepCompleted']);
  });

  it('puts content too large for an event beside the log and still knows it after a restart', async () => {
    const large = 'x'.repeat(200_000);
    const events = new FaultyEventStore();
    const blobs = new MemoryBlobStore();
    const b = bench(() => ok, { events });
    const runner = new Runner({
      events,
      blobs,
      caller: new ScriptedCaller(() => ({ ...ok, envelope: { ...ok.envelope, body: { large } } })),
      definitionOf: () => Promise.resolve(sequence),
      ownership: new SoleOwnership(),
      clock: new SystemClock(),
      ids: new RandomIdSource(),
      random: () => 0.5,
      limits: { liveRunsMax: 5, stepConcurrencyMax: 5, drainMs: 100 },
      onFault: (_runId, error) => b.faults.push(error),
    });
    await runner.start('large', startCommand({ large }), sequence, ana);
    await runner.whenEnded('large', 5_000);
    for await (const event of events.readStream('execution-large')) {
      expect(JSON.stringify(event.data).length).toBeLessThan(100_000);
    }
    const read = await readRun(events, blobs, 'large');
    expect(read?.state).toMatchObject({
      status: 'completed',
      input: { large },
      outputs: { a: { large }, b: { large } },
    });
    expect(b.faults).toEqual([]);
  });

  it('claims a slot that came free while the run was on its way into the line', async () => {
    let finish: (outcome: CallOutcome) => void = () => undefined;
    const events = new FaultyEventStore();
    const single = definitionOf([executor('a')], [edge('in', 'a')]);
    const b = bench(() => (b.caller.calls.length === 1 ? new Promise((resolve) => (finish = resolve)) : ok), {
      definition: single,
      events,
      steps: 1,
    });
    await b.started(single, 'first');
    const append = events.append.bind(events);
    events.append = async (stream, ...rest) => {
      if (stream === 'execution-second') {
        finish(ok);
        await b.ended('first');
      }
      return append(stream, ...rest);
    };
    await b.started(single, 'second');
    expect((await b.ended('second')).status).toBe('completed');
  });

  it('answers every one of many simultaneous starts of one id, also when the first of them fails', async () => {
    const events = new FaultyEventStore();
    events.faults = ['before'];
    const b = bench(() => ok, { events });
    const outcomes = await Promise.allSettled([b.started(), b.started(), b.started()]);
    expect(outcomes).toMatchObject([
      { status: 'rejected', reason: { code: 'StoreUnavailable' } },
      { status: 'fulfilled' },
      { status: 'rejected', reason: { code: 'WrongExpectedRevision' } },
    ]);
    expect(await readRun(events, new MemoryBlobStore(), 'run')).toBeDefined();
  });

  it('takes over a run although somebody asks, at the same time, to start it again', async () => {
    const events = new FaultyEventStore();
    const first = bench(() => new Promise(() => undefined), { events });
    await first.started();
    const b = bench(() => ok, { events });
    const again = expect(b.started()).rejects.toMatchObject({ code: 'WrongExpectedRevision' });
    await b.runner.resume('run');
    await again;
    expect((await b.ended('run')).status).toBe('completed');
  });

  it('drives a run that it finds left alone, also when it refuses what was asked', async () => {
    const events = new FaultyEventStore();
    const first = bench(() => new Promise(() => undefined), { events });
    await first.started();
    const b = bench(() => ok, { events });
    const retry = { kind: 'RetryRun', runTimeoutMs: 60_000 } as const;
    await expect(b.runner.command('run', retry, ana)).rejects.toBeInstanceOf(RefusalError);
    await b.runner.resume('run');
    expect((await b.ended('run')).status).toBe('completed');
    expect(b.faults).toEqual([]);
  });

  it('goes on after its contents could not be kept for a while', async () => {
    const blobs = new MemoryBlobStore();
    const put = blobs.put.bind(blobs);
    let refusals = 2;
    blobs.put = (content) => {
      refusals -= 1;
      return refusals < 0 ? put(content) : Promise.reject(new StoreError('StoreUnavailable', 'the disk is full'));
    };
    const large = { ...ok, envelope: { ...ok.envelope, body: { large: 'x'.repeat(200_000) } } };
    const b = bench(() => large, { blobs });
    await b.started();
    expect((await b.ended('run')).status).toBe('completed');
    expect(b.caller.calls).toHaveLength(2);
    expect(b.faults).toEqual([]);
  });

  it('records an answer of which JSON makes six times as much', async () => {
    const garbage = { ...ok, envelope: { ...ok.envelope, body: '\u0000'.repeat(60_000) } };
    const b = bench((_call, index) => (index === 0 ? garbage : ok));
    await b.started();
    expect((await b.ended('run')).status).toBe('completed');
    expect(b.faults).toEqual([]);
  });

  it('lets a person cancel a run that met a bug', async () => {
    const broken = executor('b', {
      input: {
        references: [],
        evaluate: () => {
          throw new Error('a bug');
        },
      },
    });
    const b = bench(() => ok, { definition: definitionOf([executor('a'), broken], [edge('in', 'a'), edge('a', 'b')]) });
    await b.started();
    while (b.faults.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect((await b.runner.command('run', { kind: 'CancelRun' }, ana)).status).toBe('cancelled');
    await new Promise((resolve) => setImmediate(resolve));
    expect(b.runner.liveRuns).toBe(0);
    expect(b.runner.stepsUnderWay).toBe(0);
  });

  it('answers those who ask something of a run that the log does not take', async () => {
    const events = new FaultyEventStore();
    const b = bench(
      () => {
        events.faults = ['before', 'before', 'before'];
        return ok;
      },
      { events, definition: definitionOf([executor('a')], [edge('in', 'a')]) },
    );
    await b.started();
    while (events.met === 0) await new Promise((resolve) => setImmediate(resolve));
    const cancel = b.runner.command('run', { kind: 'CancelRun' }, ana);
    await expect(cancel).rejects.toMatchObject({ code: 'StoreUnavailable' });
    expect((await b.ended('run')).status).toBe('completed');
  });

  it('carries out no command later that it could not record when it was asked', async () => {
    const events = new FaultyEventStore();
    let finish: (outcome: CallOutcome) => void = () => undefined;
    const definition = definitionOf([executor('a')], [edge('in', 'a')]);
    const b = bench(() => new Promise((resolve) => (finish = resolve)), { events, definition });
    await b.started();
    events.faults = ['before'];
    const cancel = b.runner.command('run', { kind: 'CancelRun' }, ana);
    await expect(cancel).rejects.toMatchObject({ code: 'StoreUnavailable' });
    finish(ok);
    expect((await b.ended('run')).status).toBe('completed');
    expect(await b.types('run')).not.toContain('ExecutionCancelled');
    expect(b.faults).toEqual([]);
  });

  it('claims no slot for a retry that it could not record', async () => {
    const events = new FaultyEventStore();
    let outcome: CallOutcome = { ok: false, error: { code: 'http_status', message: 'no', retryable: false } };
    const definition = definitionOf([executor('a')], [edge('in', 'a')]);
    const b = bench(() => outcome, { events, definition });
    await b.started();
    expect((await b.ended('run')).status).toBe('failed');
    outcome = ok;
    const retry = { kind: 'RetryRun', runTimeoutMs: 60_000 } as const;
    events.faults = ['before'];
    await expect(b.runner.command('run', retry, ana)).rejects.toMatchObject({ code: 'StoreUnavailable' });
    await new Promise((resolve) => setImmediate(resolve));
    expect([b.runner.liveRuns, b.runner.stepsUnderWay, b.caller.calls.length]).toEqual([0, 0, 1]);
    await b.runner.command('run', retry, ana);
    expect((await b.ended('run')).status).toBe('completed');
    expect(b.caller.calls).toHaveLength(2);
  });

  it('rests while a failed run waits for its last call, although a retry would be due', async () => {
    let finish: (outcome: CallOutcome) => void = () => undefined;
    const final: CallOutcome = { ok: false, error: { code: 'http_status', message: 'no', retryable: false } };
    const parallel = definitionOf(
      [executor('failing'), executor('waiting'), executor('long')],
      [edge('in', 'failing'), edge('in', 'waiting'), edge('in', 'long')],
    );
    const b = bench(
      (call) => {
        if (call.idempotencyKey === 'run:long') return new Promise((resolve) => (finish = resolve));
        return call.idempotencyKey === 'run:waiting' ? retryable : final;
      },
      { definition: parallel },
    );
    let ticks = 0;
    const tick = b.runner.tick.bind(b.runner);
    b.runner.tick = () => {
      ticks += 1;
      return tick();
    };
    await b.started();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(ticks).toBeLessThan(10);
    finish(ok);
    expect((await b.ended('run')).status).toBe('failed');
  });

  it('takes over the other runs when one cannot be taken over', async () => {
    const events = new FaultyEventStore();
    const left = bench(() => new Promise(() => undefined), { events });
    await left.started();
    const b = bench(() => ok, { events });
    const runner = new Runner({
      events,
      blobs: new MemoryBlobStore(),
      caller: b.caller,
      definitionOf: () => Promise.reject(new Error('no such version')),
      ownership: new SoleOwnership(),
      clock: new SystemClock(),
      ids: new RandomIdSource(),
      random: () => 0.5,
      limits: { liveRunsMax: 5, stepConcurrencyMax: 5, drainMs: 100 },
      onFault: (_runId, error) => b.faults.push(error),
    });
    await runner.resume('run');
    expect(b.faults).toMatchObject([{ message: 'no such version' }]);
    expect(runner.liveRuns).toBe(0);
  });
});

/** One of several servers of a log, which never looks for others that are gone. */
class NamedOwnership extends RunOwnership {
  readonly lookEveryMs = undefined;
  readonly gone = new Set<string>();

  constructor(readonly self: string) {
    super();
  }

  owns(server: string | undefined): boolean {
    return server === this.self || (server !== undefined && this.gone.has(server));
  }

  takeOver(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  settled(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

describe('runners of two servers on one log', () => {
  function pair(script: (call: ProviderCall) => CallOutcome | Promise<CallOutcome>) {
    const events = new FaultyEventStore();
    const [first, second] = [new NamedOwnership('first'), new NamedOwnership('second')];
    return {
      first,
      second,
      a: bench(script, { events, ownership: first }),
      b: bench(() => ok, { events, ownership: second }),
    };
  }

  it('leave each other the runs that they began', async () => {
    const { a, b } = pair(() => new Promise(() => undefined));
    expect((await a.started()).server).toBe('first');
    await b.runner.resume('run');
    expect(b.runner.liveRuns).toBe(0);
    expect(b.caller.calls).toEqual([]);
    expect(await b.types('run')).toEqual(['ExecutionStarted', 'StepStarted']);
  });

  it('take over what a server left that is gone', async () => {
    const { a, b, second } = pair(() => new Promise(() => undefined));
    await a.started();
    second.gone.add('first');
    await b.runner.resume('run');
    expect((await b.ended('run')).status).toBe('completed');
  });

  it("cancel each other's runs: the one that drives it notices and makes no further call", async () => {
    let finish: (outcome: CallOutcome) => void = () => undefined;
    const { a, b } = pair(() => new Promise((resolve) => (finish = resolve)));
    await a.started();
    const cancelled = await b.runner.command('run', { kind: 'CancelRun' }, ana);
    expect(cancelled.status).toBe('cancelled');
    const ended = a.runner.whenEnded('run', 5_000);
    finish(ok);
    expect((await ended)?.status).toBe('cancelled');
    expect(a.caller.calls).toHaveLength(1);
    expect((await a.types('run')).at(-1)).toBe('ExecutionCancelled');
    expect(b.runner.liveRuns).toBe(0);
  });

  it('learn at once from the news that a run was cancelled on the other, and end its call', async () => {
    const { a, b, first } = pair(() => new Promise(() => undefined));
    const news = await RunNews.open(a.events, a.runner, first);
    await a.started();
    await b.runner.command('run', { kind: 'CancelRun' }, ana);
    expect(a.runner.stateOf('run')?.state.status).toBe('running');
    const ended = a.runner.whenEnded('run', 5_000);
    await news.tick();
    expect((await ended)?.status).toBe('cancelled');
    expect(a.caller.calls[0]?.signal.aborted).toBe(true);
    expect([a.runner.liveRuns, a.runner.stepsUnderWay]).toEqual([0, 0]);
  });

  it('learn of it later when the log cannot be read at first', async () => {
    const { a, b } = pair(() => new Promise(() => undefined));
    await a.started();
    const revision = (await b.types('run')).length;
    await b.runner.command('run', { kind: 'CancelRun' }, ana);
    a.events.unreadable = 2;
    const ended = a.runner.whenEnded('run', 5_000);
    a.runner.hear('run', revision);
    expect((await ended)?.status).toBe('cancelled');
    expect(a.events.unreadable).toBe(0);
  });

  it('do not drive what they only answered a question about', async () => {
    const { a, b } = pair(() => new Promise(() => undefined));
    await a.started();
    await expect(b.runner.command('run', { kind: 'RetryRun', runTimeoutMs: 1_000 }, ana)).rejects.toMatchObject({
      refusal: { code: 'FLK-0501' },
    });
    expect(b.runner.liveRuns).toBe(0);
    expect(await b.types('run')).toEqual(['ExecutionStarted', 'StepStarted']);
  });

  it('own a failed run that they open again', async () => {
    const { a, b } = pair(() => refusedForGood);
    await a.started();
    expect((await a.ended('run')).status).toBe('failed');
    const reopened = await b.runner.command('run', { kind: 'RetryRun', runTimeoutMs: 60_000 }, ana);
    expect(reopened).toMatchObject({ status: 'running', server: 'second' });
    expect((await b.ended('run')).status).toBe('completed');
  });
});

describe('a start of unknown outcome', () => {
  it.each<[string, FaultyEventStore['faults']]>([
    ['is in the log', ['after']],
    ['is in the log, which is away for a while', ['after', 'before', 'after']],
    ['never arrives', ['under way']],
  ])('which %s: the run goes on, and each call is made once', async (_what, faults) => {
    const events = new FaultyEventStore();
    events.faults = [...faults];
    const b = bench(() => ok, { events });
    await expect(b.started()).rejects.toMatchObject({ code: 'AppendOutcomeUnknown' });
    expect(b.caller.calls).toEqual([]);
    expect((await b.ended('run')).status).toBe('completed');
    expect(events.met).toBe(faults.length);
    expect(await b.types('run')).toEqual(straight);
    expect(b.caller.calls).toHaveLength(2);
    expect([b.runner.liveRuns, b.runner.stepsUnderWay, b.faults]).toEqual([0, 0, []]);
  });

  it.each(['before', 'after'] as const)(
    'which arrives %s it was repeated: there is one run all the same',
    async (when) => {
      const events = new FaultyEventStore();
      events.faults = when === 'before' ? ['under way', 'before'] : ['under way'];
      const b = bench(() => ok, { events });
      await expect(b.started()).rejects.toMatchObject({ code: 'AppendOutcomeUnknown' });
      const arrive = () => Promise.all(events.underWay.map((arrives) => arrives()));
      if (when === 'before') await arrive();
      expect((await b.ended('run')).status).toBe('completed');
      if (when === 'after') await arrive();
      expect(await b.types('run')).toEqual(straight);
      expect(b.caller.calls).toHaveLength(2);
    },
  );

  it('is no start for whoever asks again, until the log has said so', async () => {
    const events = new FaultyEventStore();
    events.faults = ['under way'];
    const b = bench(() => ok, { events });
    await expect(b.started()).rejects.toMatchObject({ code: 'AppendOutcomeUnknown' });
    await expect(b.started()).rejects.toMatchObject({ code: 'AppendOutcomeUnknown' });
    await b.ended('run');
    await expect(b.started()).rejects.toMatchObject({ code: 'WrongExpectedRevision' });
    expect(await b.types('run')).toEqual(straight);
  });

  it('gives its slots back when there was such a run already, which is taken over if nobody drives it', async () => {
    const events = new FaultyEventStore();
    const gone = bench(() => new Promise(() => undefined), { events });
    await gone.started();
    events.faults = ['under way'];
    const b = bench(() => ok, { events, steps: 1 });
    await expect(b.started()).rejects.toMatchObject({ code: 'AppendOutcomeUnknown' });
    while (b.runner.liveRuns > 0 || b.caller.calls.length === 0) await new Promise((later) => setTimeout(later, 5));
    expect((await b.ended('run')).status).toBe('completed');
    expect((await b.types('run')).filter((type) => type === 'ExecutionStarted')).toHaveLength(1);
    expect([b.runner.stepsUnderWay, b.faults]).toEqual([0, []]);
  });

  it('leaves a run that another server began meanwhile to that one', async () => {
    const events = new FaultyEventStore();
    const [first, second] = [new NamedOwnership('first'), new NamedOwnership('second')];
    const a = bench(() => new Promise(() => undefined), { events, ownership: first });
    const b = bench(() => ok, { events, ownership: second });
    events.faults = ['under way'];
    await expect(b.started()).rejects.toMatchObject({ code: 'AppendOutcomeUnknown' });
    await a.started();
    while (b.runner.liveRuns > 0) await new Promise((later) => setTimeout(later, 5));
    await b.runner.tick();
    expect([b.runner.liveRuns, b.runner.stepsUnderWay, b.caller.calls]).toEqual([0, 0, []]);
    expect(await a.types('run')).toEqual(['ExecutionStarted', 'StepStarted']);
  });
});

it('a repeated append that is refused while its stream cannot be read does not end the driving of a run', async () => {
  const events = new FaultyEventStore();
  const other = bench(() => ok, { events });
  const b = bench(() => ((events.faults = ['before']), ok), { events });
  await b.started();
  while (events.met === 0) await new Promise((later) => setImmediate(later));
  await other.runner.command('run', { kind: 'CancelRun' }, ana);
  events.unreadable = 2;
  expect((await b.runner.whenEnded('run', 5_000))?.status).toBe('cancelled');
  while (b.runner.liveRuns > 0) await new Promise((later) => setImmediate(later));
  expect([events.unreadable, b.runner.liveRuns, b.runner.stepsUnderWay, b.faults]).toEqual([0, 0, 0, []]);
});

const refusedForGood: CallOutcome = { ok: false, error: { code: 'http_status', message: 'no', retryable: false } };
