// The one owner of timers, back-off and draining.
import { StoreError } from '@app/event-store';
import type { FaultLog } from './fault-log.js';
import type { Ticking, WorkerCondition, WorkerStatus } from './ticking.js';

const BACKOFF_FIRST_MS = 50;
const BACKOFF_MAX_MS = 5_000;

/** Lets workers tick, each on its own, and stops them in the reverse order of their start. */
export class Heartbeat {
  private readonly beats: Beat[] = [];

  /** @param begun false: workers are only gathered until `begin` is called. */
  constructor(
    private readonly log: FaultLog,
    private begun = true,
  ) {}

  start(worker: Ticking): void {
    const beat = new Beat(worker, this.log);
    this.beats.push(beat);
    if (this.begun) beat.start();
  }

  begin(): void {
    if (this.begun) return;
    this.begun = true;
    for (const beat of this.beats) beat.start();
  }

  status(): readonly WorkerStatus[] {
    return this.beats.map((beat) => beat.status());
  }

  /** Resolves once no tick is under way and every worker has drained, or after `graceMs`. Returns who did not end. */
  async stop(graceMs: number): Promise<readonly string[]> {
    const unfinished = new Set(this.beats.map((beat) => beat.name));
    for (const beat of this.beats) beat.halt();
    const inOrder = async (): Promise<void> => {
      for (const beat of [...this.beats].reverse()) {
        await beat.ended();
        unfinished.delete(beat.name);
      }
    };
    await within(graceMs, inOrder());
    return [...unfinished];
  }
}

class Beat {
  private condition: WorkerCondition = 'running';
  private reason: string | undefined;
  private timer: NodeJS.Timeout | undefined;
  private current: Promise<void> = Promise.resolve();
  private ticking = false;
  private woken = false;
  private failures = 0;

  constructor(
    private readonly worker: Ticking,
    private readonly log: FaultLog,
  ) {}

  get name(): string {
    return this.worker.name;
  }

  start(): void {
    this.worker.wakeBy?.(() => this.wake());
    this.schedule(0);
  }

  status(): WorkerStatus {
    const { name, condition, reason } = this;
    return reason === undefined ? { name, condition } : { name, condition, reason };
  }

  halt(): void {
    clearTimeout(this.timer);
    if (this.condition !== 'failed') this.condition = 'stopped';
  }

  async ended(): Promise<void> {
    await this.current;
    try {
      await this.worker.drain?.();
    } catch (error) {
      this.log.error('a worker did not drain', { worker: this.name, error });
    }
  }

  private wake(): void {
    if (this.ticking) this.woken = true;
    else if (this.condition === 'running') this.schedule(0);
  }

  private schedule(inMs: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.beat(), inMs);
  }

  private beat(): void {
    if (this.isOver()) return;
    this.ticking = true;
    this.woken = false;
    this.current = this.worker
      .tick()
      .then((next) => this.succeeded(next.againInMs))
      .catch((error: unknown) => this.missed(error))
      .finally(() => (this.ticking = false));
  }

  private isOver(): boolean {
    return this.condition === 'failed' || this.condition === 'stopped';
  }

  private succeeded(againInMs: number | 'idle'): void {
    this.failures = 0;
    this.reason = undefined;
    if (this.isOver()) return;
    this.condition = 'running';
    if (this.woken) this.schedule(0);
    else if (againInMs !== 'idle') this.schedule(againInMs);
  }

  private missed(error: unknown): void {
    this.reason = error instanceof Error ? error.message : String(error);
    if (!(error instanceof StoreError && error.retryable)) {
      this.condition = 'failed';
      this.log.error('a worker met a bug and stopped', { worker: this.name, error });
      return;
    }
    this.failures += 1;
    if (this.failures === 1) this.log.error('a worker met a fault and goes on', { worker: this.name, error });
    if (this.isOver()) return;
    this.condition = 'retrying';
    this.schedule(backOffMs(this.failures));
  }
}

/** Full jitter: anything up to 50 ms, 100 ms, 200 ms ... 5 s. */
function backOffMs(failures: number): number {
  return Math.random() * Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** Math.min(failures - 1, 10));
}

/** Runs once, `ms` from now, unless the returned function is called before. Does not keep the process alive. */
export function after(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms);
  timer.unref();
  return () => clearTimeout(timer);
}

/** Whether the work ended within `ms`; it is not interrupted when it did not. Its error is thrown. */
export async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => (timer = setTimeout(() => resolve(false), ms)));
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
