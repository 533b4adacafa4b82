import { StoreError } from '@app/event-store';
import type { NextTick, Ticking } from './ticking.js';
import { Heartbeat, within } from './loops.worker.js';

const silent = { error: () => undefined };

/** Ticks through a list of outcomes, then stays idle. */
class Scripted implements Ticking {
  ticks = 0;
  drained = 0;
  wake: () => void = () => undefined;
  private waiting: (() => void) | undefined;

  constructor(
    readonly name: string,
    private readonly script: (NextTick | Error)[],
    private readonly journal: string[] = [],
  ) {}

  wakeBy(wake: () => void): void {
    this.wake = wake;
  }

  async tick(): Promise<NextTick> {
    this.ticks += 1;
    const next = this.script.shift() ?? { againInMs: 'idle' };
    if (this.script.length === 0) this.waiting?.();
    await Promise.resolve();
    if (next instanceof Error) throw next;
    return next;
  }

  drain(): Promise<void> {
    this.drained += 1;
    this.journal.push(this.name);
    return Promise.resolve();
  }

  /** Resolves at the start of the last scripted tick. */
  finished(): Promise<void> {
    if (this.script.length === 0) return Promise.resolve();
    return new Promise((resolve) => (this.waiting = resolve));
  }
}

describe('the heartbeat', () => {
  it('ticks as often as the worker asks, then leaves it idle until it is woken', async () => {
    const heartbeat = new Heartbeat(silent);
    const worker = new Scripted('w', [{ againInMs: 0 }, { againInMs: 1 }, { againInMs: 'idle' }]);
    heartbeat.start(worker);
    await worker.finished();
    expect(worker.ticks).toBe(3);
    const woken = new Promise<void>((resolve) => {
      worker.tick = () => {
        resolve();
        return Promise.resolve({ againInMs: 'idle' });
      };
    });
    await new Promise((resolve) => setImmediate(resolve));
    worker.wake();
    await expect(woken).resolves.toBeUndefined();
    await heartbeat.stop(1_000);
  });

  it('ticks again when it was woken during a tick', async () => {
    const heartbeat = new Heartbeat(silent);
    let ticks = 0;
    let wake: () => void = () => undefined;
    const twice = new Promise<void>((resolve) => {
      heartbeat.start({
        name: 'w',
        wakeBy: (call) => (wake = call),
        tick: () => {
          ticks += 1;
          if (ticks === 1) wake();
          else resolve();
          return Promise.resolve({ againInMs: 'idle' });
        },
      });
    });
    await twice;
    expect(ticks).toBe(2);
    await heartbeat.stop(1_000);
  });

  it('meets a fault of the store with patience', async () => {
    const heartbeat = new Heartbeat(silent);
    const worker = new Scripted('w', [new StoreError('StoreUnavailable', 'away'), { againInMs: 'idle' }]);
    heartbeat.start(worker);
    await worker.finished();
    await heartbeat.stop(1_000);
    expect(worker.ticks).toBe(2);
    expect(heartbeat.status()).toEqual([{ name: 'w', condition: 'stopped' }]);
  });

  it('stops a worker that met a bug, says so, and lets the others go on', async () => {
    const told: string[] = [];
    const heartbeat = new Heartbeat({ error: (message) => told.push(message) });
    const broken = new Scripted('broken', [new TypeError('x is not a function')]);
    const sound = new Scripted('sound', [{ againInMs: 1 }, { againInMs: 1 }, { againInMs: 1 }]);
    heartbeat.start(broken);
    heartbeat.start(sound);
    await sound.finished();
    expect(heartbeat.status()).toEqual([
      { name: 'broken', condition: 'failed', reason: 'x is not a function' },
      { name: 'sound', condition: 'running' },
    ]);
    expect(told).toEqual(['a worker met a bug and stopped']);
    expect(broken.ticks).toBe(1);
    await heartbeat.stop(1_000);
  });

  it('drains workers in the reverse order of their start', async () => {
    const journal: string[] = [];
    const heartbeat = new Heartbeat(silent);
    for (const name of ['first', 'second', 'third']) heartbeat.start(new Scripted(name, [], journal));
    expect(await heartbeat.stop(1_000)).toEqual([]);
    expect(journal).toEqual(['third', 'second', 'first']);
  });

  it('names the workers that did not end in time', async () => {
    const heartbeat = new Heartbeat(silent);
    const hangs = { name: 'hangs', tick: () => new Promise<NextTick>(() => undefined) };
    heartbeat.start(hangs);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await heartbeat.stop(5)).toEqual(['hangs']);
  });
});

describe('within', () => {
  it('tells whether the work ended in time', async () => {
    expect(await within(1_000, Promise.resolve())).toBe(true);
    expect(await within(1, new Promise(() => undefined))).toBe(false);
  });

  it('throws what the work threw', async () => {
    await expect(within(1_000, Promise.reject(new Error('no')))).rejects.toThrow('no');
  });
});
