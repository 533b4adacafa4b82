// A lock that one session of PostgreSQL holds for as long as its connection lives.
import { createHash } from 'node:crypto';
import type { Client } from 'pg';
import { faultOf, LOCK_NOT_AVAILABLE, sqlState } from './postgres.faults.js';
import { StoreError } from './store-error.js';

/** A wait is made of slices, so that a server that vanished is noticed between two of them. */
const SLICE_MS = 5_000;
const REPLY_GRACE_MS = 5_000;

/**
 * Held until `release`, or until its connection is lost: then `lost` is aborted, and another server may hold it soon. A
 * holder behind a broken network learns of it late: what must not happen twice needs a transaction besides.
 */
export class PostgresLock {
  private readonly loss = new AbortController();
  private released = false;

  constructor(
    readonly name: string,
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

  get isHeld(): boolean {
    return !this.released && !this.loss.signal.aborted;
  }

  /** Asks the server: false, and `lost`, when it does not answer. For holders that mean to do something long. */
  async confirm(): Promise<boolean> {
    if (!this.isHeld) return false;
    try {
      await this.client.query('SELECT 1');
      return this.isHeld;
    } catch (error) {
      this.fail(error);
      await this.end();
      return false;
    }
  }

  /** Idempotent; never rejects. */
  async release(): Promise<void> {
    if (this.released) return;
    this.released = true;
    await this.end();
  }

  private async end(): Promise<void> {
    this.onEnd();
    await this.client.end().catch(() => undefined);
  }

  private fail(error: unknown): void {
    if (!this.isHeld) return;
    this.onEnd();
    this.loss.abort(faultOf(error, this.place));
  }
}

/** 64 bits of the name, as text: PostgreSQL's advisory locks are numbers, shared by the whole database. */
export function lockNumber(schema: string, name: string): string {
  return createHash('sha256').update(`runledger lock ${schema} ${name}`).digest().readBigInt64BE().toString();
}

export async function tryAdvisoryLock(client: Client, number: string): Promise<boolean> {
  const { rows } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1) AS taken', [number]);
  return rows[0]?.taken === true;
}

/** Waits for the lock; throws StoreUnavailable when it was not to be had within `waitMs` (>= 0). */
export async function waitForAdvisoryLock(client: Client, number: string, waitMs: number): Promise<void> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    const left = deadline - performance.now();
    if (left <= 0) {
      if (await tryAdvisoryLock(client, number)) return;
      throw new StoreError('StoreUnavailable', `another server held a lock for longer than ${waitMs} ms`);
    }
    if (await waitOnce(client, number, Math.ceil(Math.min(left, SLICE_MS)))) return;
  }
}

async function waitOnce(client: Client, number: string, sliceMs: number): Promise<boolean> {
  await client.query("SELECT set_config('lock_timeout', $1, false)", [`${sliceMs}ms`]);
  // The driver knows `query_timeout` for a single statement; its types do not.
  const statement = { text: 'SELECT pg_advisory_lock($1)', values: [number], query_timeout: sliceMs + REPLY_GRACE_MS };
  try {
    await client.query(statement);
    return true;
  } catch (error) {
    if (sqlState(error) === LOCK_NOT_AVAILABLE) return false;
    throw error;
  }
}
