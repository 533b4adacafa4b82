// Holds the connection that serves one purpose, and replaces it after a failure of the transport.
import type { EsdbEndpoint, EsdbTarget } from './esdb-connection-string.js';
import { unavailable } from './esdb-fault.js';
import type { EsdbConnection } from './esdb.driver.js';
import { later } from './event-loop.thread.js';
import { isStoreError, StoreError } from './store-error.js';

export interface Opened<Call> {
  readonly connection: EsdbConnection;
  readonly call: Call;
}

export interface OpenLimit {
  readonly timeoutMs: number;
  readonly signals: readonly AbortSignal[];
}

type Connect = (target: EsdbTarget, leader?: EsdbEndpoint) => EsdbConnection;

interface Cancellable {
  cancel(): void;
}

export class EsdbConnector {
  private current: EsdbConnection | undefined;
  private closed = false;

  private constructor(
    private readonly target: EsdbTarget,
    private readonly connect: Connect,
  ) {
    this.current = connect(target);
  }

  /** Connects with the first call. Throws InvalidArgument when a certificate cannot be read. */
  static async to(target: EsdbTarget): Promise<EsdbConnector> {
    // Loaded only where it is used: the client takes a third of a second and 20 MB.
    const driver = await import('./esdb.driver.js');
    return new EsdbConnector(target, (to, leader) => new driver.EsdbConnection(to, leader));
  }

  /** Begins a call. Throws Closed, and StoreUnavailable when no node was found in as many attempts as the target allows. */
  async open<Call extends Cancellable>(begin: (connection: EsdbConnection) => Promise<Call>): Promise<Opened<Call>> {
    for (let attempt = 1; ; attempt += 1) {
      if (this.closed) throw new StoreError('Closed', 'the event store is closed');
      const connection = (this.current ??= this.connect(this.target));
      try {
        return { connection, call: await begin(connection) };
      } catch (error) {
        this.replace(connection);
        if (!isStoreError(error, 'StoreUnavailable') || attempt >= this.attemptsMax) throw error;
      }
    }
  }

  /** The same, given up after a time (StoreUnavailable) and when a signal aborts (Cancelled). */
  async openWithin<Call extends Cancellable>(
    begin: (connection: EsdbConnection) => Promise<Call>,
    { timeoutMs, signals }: OpenLimit,
  ): Promise<Opened<Call>> {
    return new Promise((resolve, reject) => {
      let over = false;
      const finish = (end: () => void): void => {
        over = true;
        callOff();
        for (const signal of signals) signal.removeEventListener('abort', abort);
        end();
      };
      const abort = (): void => finish(() => reject(new StoreError('Cancelled', 'the call was cancelled')));
      const callOff = later(timeoutMs, () => finish(() => reject(unavailable(`no connection within ${timeoutMs} ms`))));
      for (const signal of signals) signal.addEventListener('abort', abort);
      this.open(begin).then(
        (opened) => (over ? opened.call.cancel() : finish(() => resolve(opened))),
        (error: unknown) => {
          if (!over) finish(() => reject(error instanceof Error ? error : unavailable('for an unknown reason')));
        },
      );
    });
  }

  /** `failed` serves no new call; the next connection goes to `leader` where one was named. */
  replace(failed: EsdbConnection, leader?: EsdbEndpoint): void {
    if (this.current !== failed) return;
    failed.close();
    this.current = leader ? this.connect(this.target, leader) : undefined;
  }

  close(): void {
    this.closed = true;
    this.current?.close();
    this.current = undefined;
  }

  private get attemptsMax(): number {
    return this.target.discover ? this.target.maxDiscoverAttempts : 1;
  }
}
