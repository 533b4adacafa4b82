// Tells the runner of runs that were cancelled through another server: one that waits for a provider would learn of it late.
import type { GlobalPosition } from '@app/kernel';
import { keyOf } from '@app/kernel';
import type { EventStore } from '@app/event-store';
import type { NextTick, Ticking } from '@app/shell';
import type { RunOwnership } from './run-ownership.js';
import type { Runner } from './runner.worker.js';

const LOOK_EVERY_MS = 1_000;
const cancelled = { typePrefixes: ['ExecutionCancelled'] };

export class RunNews implements Ticking {
  readonly name = 'run news';

  private constructor(
    private readonly events: EventStore,
    private readonly runner: Pick<Runner, 'hear'>,
    private readonly shares: boolean,
    private after: GlobalPosition | undefined,
  ) {}

  /** To be opened before the runner drives anything: it tells of what happens from now on. Throws StoreError. */
  static async open(events: EventStore, runner: Pick<Runner, 'hear'>, ownership: RunOwnership): Promise<RunNews> {
    const shares = ownership.self !== undefined;
    return new RunNews(events, runner, shares, shares ? await events.head() : undefined);
  }

  async tick(): Promise<NextTick> {
    if (!this.shares) return { againInMs: 'idle' };
    const head = await this.events.head();
    if (head !== this.after) {
      const news = this.events.readAll({
        filter: cancelled,
        ...(this.after === undefined ? {} : { after: this.after }),
      });
      for await (const { stream, revision } of news) this.runner.hear(keyOf(stream), revision);
      this.after = head;
    }
    return { againInMs: LOOK_EVERY_MS };
  }
}
