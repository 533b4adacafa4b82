// Reads an open call of the node message by message: at the reader's pace, with an end to every wait, and never left open.
import type { EsdbFault } from './esdb-fault.js';
import { grpc } from './esdb-fault.js';
import type { EsdbMessage, ReadCall } from './esdb-messages.js';
import { later, turn } from './event-loop.thread.js';

/** More are not taken out of the call's own buffer before their reader asks. */
const AT_ONCE_MAX = 64;

export class EsdbCallReader {
  private ahead: EsdbMessage | undefined;
  private wake = (): void => undefined;

  /** The waits end when one of `signals` aborts. */
  constructor(
    private readonly call: ReadCall,
    private readonly signals: readonly AbortSignal[],
  ) {
    call.onNews(() => this.wake());
  }

  /** Whether the next message will have to be waited for, also after everything that is ready has had its turn. */
  async isDry(): Promise<boolean> {
    if (this.hasNext()) return false;
    await turn();
    return !this.hasNext();
  }

  /**
   * What has arrived, at least one message; or how the call ended once all of it was taken. Undefined: a signal aborted.
   * `silenceMs`: a call that says nothing for so long counts as ended.
   */
  async next(silenceMs?: number): Promise<readonly EsdbMessage[] | EsdbFault | undefined> {
    for (;;) {
      if (this.signals.some(({ aborted }) => aborted)) return undefined;
      if (this.hasNext()) return this.taken();
      if (this.call.ended) return this.call.ended;
      if (!(await this.news(silenceMs))) {
        return { code: grpc.deadlineExceeded, details: `no answer within ${silenceMs} ms` };
      }
    }
  }

  /** Ends the call at the node too. Whoever begins to read has to call it, whatever happens. */
  cancel(): void {
    this.call.cancel();
  }

  private hasNext(): boolean {
    this.ahead ??= this.call.next();
    return this.ahead !== undefined;
  }

  /** As many as there are: fewer turns of the event loop than messages. */
  private taken(): readonly EsdbMessage[] {
    const messages: EsdbMessage[] = [];
    while (this.hasNext() && messages.length < AT_ONCE_MAX) {
      if (this.ahead) messages.push(this.ahead);
      this.ahead = undefined;
    }
    return messages;
  }

  /** @returns false when there was none for `silenceMs`. */
  private async news(silenceMs: number | undefined): Promise<boolean> {
    return new Promise((resolve) => {
      const done = (heard: boolean): void => {
        callOff?.();
        for (const signal of this.signals) signal.removeEventListener('abort', wake);
        this.wake = () => undefined;
        resolve(heard);
      };
      const wake = (): void => done(true);
      const callOff = silenceMs === undefined ? undefined : later(silenceMs, () => done(false));
      for (const signal of this.signals) signal.addEventListener('abort', wake);
      this.wake = wake;
    });
  }
}
