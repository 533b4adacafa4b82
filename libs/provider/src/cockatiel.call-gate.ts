// What stands between the runs and one provider configuration: a limit of calls at the same time, and a circuit breaker.
import type { CircuitBreakerPolicy } from 'cockatiel';
import { BrokenCircuitError, circuitBreaker, CircuitState, ConsecutiveBreaker, handleWhenResult } from 'cockatiel';

/** How a call ended, as the breaker sees it: `neutral` says nothing about the provider. */
export type GateVerdict = 'success' | 'failure' | 'neutral';

export type GateRefusal = 'breaker_open' | 'no_slot' | 'cancelled';

export interface GateOptions {
  /** Consecutive failures that open the breaker; default 5. */
  readonly failuresMax?: number;
  /** How long it stays open before one call is tried; default 30 000. */
  readonly openMs?: number;
}

interface Judged<T> {
  readonly value: T;
  readonly verdict: GateVerdict;
}

/** Carries a neutral outcome past the breaker, which counts every value. */
class Neutral<T> extends Error {
  constructor(readonly value: T) {
    super('neutral');
  }
}

export class CallGate {
  private running = 0;
  private readonly waiting = new Set<() => void>();
  private readonly breaker: CircuitBreakerPolicy;

  constructor(options: GateOptions = {}) {
    const isFailure = handleWhenResult((judged) => (judged as Judged<unknown>).verdict === 'failure');
    this.breaker = circuitBreaker(isFailure, {
      halfOpenAfter: options.openMs ?? 30_000,
      breaker: new ConsecutiveBreaker(options.failuresMax ?? 5),
    });
  }

  /**
   * Waits for one of `concurrencyMax` slots, at most `timeoutMs`, then makes the call unless the breaker is open. While
   * the one trial call of a half-open breaker is under way, every other call is refused.
   */
  async pass<T>(
    limits: { readonly concurrencyMax: number; readonly timeoutMs: number; readonly signal: AbortSignal },
    call: () => Promise<{ readonly value: T; readonly verdict: GateVerdict }>,
  ): Promise<{ readonly value: T } | GateRefusal> {
    if (this.running >= limits.concurrencyMax) {
      const refused = await this.slot(limits.timeoutMs, limits.signal);
      if (refused) return refused;
    } else this.running += 1;
    try {
      return await this.guarded(call);
    } finally {
      this.leave(limits.concurrencyMax);
    }
  }

  private async guarded<T>(call: () => Promise<Judged<T>>): Promise<{ readonly value: T } | GateRefusal> {
    if (this.breaker.state === CircuitState.HalfOpen) return 'breaker_open';
    try {
      return await this.breaker.execute(async () => this.judge(await call()));
    } catch (error) {
      if (error instanceof Neutral) return { value: error.value as T };
      if (error instanceof BrokenCircuitError) return 'breaker_open';
      throw error;
    }
  }

  /** A neutral outcome must not count; but as the trial of a half-open breaker it has shown nothing, so it stays open. */
  private judge<T>(judged: Judged<T>): Judged<T> {
    if (judged.verdict !== 'neutral') return judged;
    if (this.breaker.state === CircuitState.HalfOpen) return { ...judged, verdict: 'failure' };
    throw new Neutral(judged.value);
  }

  private slot(timeoutMs: number, signal: AbortSignal): Promise<GateRefusal | undefined> {
    if (signal.aborted) return Promise.resolve('cancelled');
    return new Promise((resolve) => {
      const end = (refusal: GateRefusal | undefined): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        this.waiting.delete(enter);
        resolve(refusal);
      };
      const enter = (): void => {
        this.running += 1;
        end(undefined);
      };
      const onAbort = (): void => end('cancelled');
      const timer = setTimeout(() => end('no_slot'), timeoutMs);
      signal.addEventListener('abort', onAbort, { once: true });
      this.waiting.add(enter);
    });
  }

  private leave(concurrencyMax: number): void {
    this.running -= 1;
    while (this.running < concurrencyMax) {
      const [next] = this.waiting;
      if (!next) return;
      next();
    }
  }
}
