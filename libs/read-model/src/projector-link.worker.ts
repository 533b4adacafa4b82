// The main thread's end of the projector's thread: what is known of the views, and who waits for them.
import type { Worker } from 'node:worker_threads';
import type { GlobalPosition } from '@app/kernel';
import { PositionWaiters } from './position-waiters.worker.js';
import type { FromProjector, ToProjector } from './view-messages.js';
import type { RebuiltView, ViewStatus } from './view-store.js';

export const WAIT_MS = 2_000;

export interface ProjectorListener {
  /** Called with the views that were made anew; the server records it. */
  readonly onRebuilt?: (views: readonly RebuiltView[]) => void;
  /** Called when folding stops or goes on, with the new status. */
  readonly onStatus?: (status: ViewStatus) => void;
}

export class ProjectorLink {
  /** Resolves once the thread has begun; rejects when it cannot, for good. */
  readonly opened: Promise<void>;
  private readonly waiters = new PositionWaiters();
  private current: ViewStatus = { position: undefined, rebuilding: [] };
  private closing = false;
  private hurried = false;

  constructor(
    private readonly thread: Worker,
    private readonly listener: ProjectorListener,
  ) {
    this.opened = this.listen();
  }

  get status(): ViewStatus {
    return this.current;
  }

  get position(): GlobalPosition | undefined {
    return this.waiters.position;
  }

  waitFor(position: GlobalPosition | undefined, timeoutMs: number): Promise<boolean> {
    if (position === undefined || this.waiters.hasPassed(position)) return Promise.resolve(true);
    this.hurry();
    return this.waiters.wait(position, timeoutMs);
  }

  /** Something besides the projector went wrong. */
  fail(failed: string): void {
    this.take({ ...this.current, failed });
  }

  async close(): Promise<void> {
    this.closing = true;
    this.waiters.giveUp();
    await stopThread(this.thread);
  }

  private listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.thread.on('message', (message: FromProjector) => {
        if (message.kind === 'rebuilt') this.listener.onRebuilt?.(message.views);
        else this.take(message.status);
        if (message.kind === 'opened') resolve();
      });
      this.thread.on('error', (error) => {
        this.fail(`the projector died: ${error.message}`);
        reject(error);
      });
      this.thread.on('exit', () => {
        if (!this.closing) this.take({ failed: 'the projector ended', ...this.current });
        reject(new Error('the projector ended before it was ready'));
      });
    });
  }

  /** Once until the next progress: what is asked for meanwhile comes with it or asks again. */
  private hurry(): void {
    if (this.hurried || this.closing) return;
    this.hurried = true;
    this.thread.postMessage('hurry' satisfies ToProjector);
  }

  private take(status: ViewStatus): void {
    const changed =
      status.failed !== this.current.failed || status.rebuilding.length !== this.current.rebuilding.length;
    this.current = status;
    this.waiters.reach(status.position);
    this.hurried = false;
    if (this.waiters.waiting > 0) this.hurry();
    if (changed) this.listener.onStatus?.(status);
  }
}

/** Says stop, and waits until the thread has ended. */
export async function stopThread(thread: Worker): Promise<void> {
  if (thread.threadId === -1) return;
  const ended = new Promise((resolve) => thread.once('exit', resolve));
  thread.postMessage('stop');
  await ended;
}
