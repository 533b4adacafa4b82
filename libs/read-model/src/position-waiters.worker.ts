// Who waits until the views have passed a position of the log.
import type { GlobalPosition } from '@app/kernel';

interface Waiter {
  readonly position: GlobalPosition;
  readonly resolve: (passed: boolean) => void;
}

export class PositionWaiters {
  private reached: GlobalPosition | undefined;
  private readonly waiters = new Set<Waiter>();

  get position(): GlobalPosition | undefined {
    return this.reached;
  }

  get waiting(): number {
    return this.waiters.size;
  }

  hasPassed(position: GlobalPosition): boolean {
    return this.reached !== undefined && this.reached >= position;
  }

  /** Also backwards, when the views begin anew. */
  reach(position: GlobalPosition | undefined): void {
    this.reached = position;
    if (position === undefined) return;
    for (const waiter of this.waiters) if (waiter.position <= position) waiter.resolve(true);
  }

  /** True once the views are there, false after `timeoutMs`. */
  wait(position: GlobalPosition, timeoutMs: number): Promise<boolean> {
    if (this.hasPassed(position)) return Promise.resolve(true);
    if (timeoutMs <= 0) return Promise.resolve(false);
    return new Promise((done) => {
      const timer = setTimeout(() => waiter.resolve(false), timeoutMs);
      const waiter: Waiter = {
        position,
        resolve: (passed) => {
          clearTimeout(timer);
          this.waiters.delete(waiter);
          done(passed);
        },
      };
      this.waiters.add(waiter);
    });
  }

  giveUp(): void {
    for (const waiter of this.waiters) waiter.resolve(false);
  }
}
