// A cluster that lost its leader chooses another within seconds. A call that surely did nothing waits for that; while the
// store stays away for longer, calls fail at once.
import { later } from './event-loop.thread.js';
import { isStoreError } from './store-error.js';

const PAUSE_MS = 100;

export class EsdbPatience {
  /** Since when no call has worked. */
  private lostMs: number | undefined;

  /** `limitMs`: how long calls are tried again once none works; 0: never. */
  constructor(private readonly limitMs: number) {}

  /** Whether a call that failed with `error` is to be made again; waits a little before it says so. */
  async allows(error: unknown, untilMs: number, signals: readonly AbortSignal[]): Promise<boolean> {
    if (this.limitMs === 0 || !isStoreError(error, 'StoreUnavailable')) return false;
    const nowMs = performance.now();
    this.lostMs ??= nowMs;
    if (nowMs >= Math.min(untilMs, this.lostMs + this.limitMs)) return false;
    await pause(PAUSE_MS, signals);
    return !signals.some(({ aborted }) => aborted);
  }

  worked(): void {
    this.lostMs = undefined;
  }
}

/** Ends early when a signal aborts. */
export async function pause(delayMs: number, signals: readonly AbortSignal[]): Promise<void> {
  if (signals.some(({ aborted }) => aborted)) return;
  await new Promise<void>((resolve) => {
    const wake = (): void => {
      callOff();
      for (const signal of signals) signal.removeEventListener('abort', wake);
      resolve();
    };
    const callOff = later(delayMs, wake);
    for (const signal of signals) signal.addEventListener('abort', wake);
  });
}
