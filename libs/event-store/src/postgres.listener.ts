// Hears what other sessions of PostgreSQL announce, for as long as its connection lives.
import type { Client } from 'pg';
import { faultOf } from './postgres.faults.js';

/**
 * What was announced before it began, or after its connection was lost, it does not hear: whoever needs to know everything
 * looks besides.
 */
export class PostgresListener {
  private readonly loss = new AbortController();
  private released = false;

  constructor(
    private readonly client: Client,
    private readonly place: string,
    private readonly onEnd: () => void,
  ) {
    client.on('error', (error) => this.fail(error));
    client.on('end', () => this.fail(new Error('Connection terminated')));
  }

  /** Aborted with a StoreError when the connection is lost; never by `release`. */
  get lost(): AbortSignal {
    return this.loss.signal;
  }

  /** @param channels lower-case letters, digits, `_` */
  async begin(channels: readonly string[], onMessage: (channel: string, payload: string) => void): Promise<void> {
    this.client.on('notification', ({ channel, payload }) => onMessage(channel, payload ?? ''));
    await this.client.query(channels.map((channel) => `LISTEN ${channel}`).join(';'));
  }

  /** Idempotent; never rejects. */
  async release(): Promise<void> {
    if (this.released) return;
    this.released = true;
    this.onEnd();
    await this.client.end().catch(() => undefined);
  }

  private fail(error: unknown): void {
    if (this.released || this.loss.signal.aborted) return;
    this.onEnd();
    this.loss.abort(faultOf(error, this.place));
  }
}
