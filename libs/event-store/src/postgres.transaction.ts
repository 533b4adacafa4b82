// One transaction on one connection of the pool, from BEGIN to a COMMIT that was one.
import type { PoolClient } from 'pg';
import { faultOf } from './postgres.faults.js';
import type { PostgresSession } from './postgres.session.js';
import { DriverSession, UNLIMITED_MS } from './postgres.session.js';
import { StoreError } from './store-error.js';

export interface TransactionOptions {
  /** Default `read committed`. Beyond it a conflict is a StoreUnavailable: begin again. */
  readonly isolation?: 'read committed' | 'repeatable read' | 'serializable';
  readonly readOnly?: boolean;
  /** Of each statement, instead of the pool's; 0 is no limit. */
  readonly statementTimeoutMs?: number;
}

export interface TransactionPlace {
  readonly name: string;
  readonly statementTimeoutMs: number;
  /** What the driver waits beyond the server's own limit. */
  readonly graceMs: number;
}

/** Gives the connection back in any case; a connection whose state is not known is closed instead. */
export async function runTransaction<T>(
  client: PoolClient,
  place: TransactionPlace,
  work: (session: PostgresSession) => Promise<T>,
  options: TransactionOptions,
): Promise<T> {
  const limitMs = options.statementTimeoutMs ?? place.statementTimeoutMs;
  const answerMs = limitMs === 0 ? UNLIMITED_MS : limitMs + place.graceMs;
  const session = new DriverSession((query) => client.query(query), place.name, answerMs);
  const noticeLoss = (): void => {
    session.broken = true;
  };
  client.on('error', noticeLoss);
  try {
    await session.command(beginningOf(options));
    const result = await work(session);
    const done = await session.command('COMMIT');
    if (done !== 'COMMIT') throw new StoreError('StoreUnavailable', `${place.name}: a transaction was rolled back`);
    return result;
  } catch (error) {
    await rollBack(session);
    throw faultOf(error, place.name);
  } finally {
    session.ended = true;
    client.removeListener('error', noticeLoss);
    client.release(session.broken);
  }
}

function beginningOf({
  isolation = 'read committed',
  readOnly = false,
  statementTimeoutMs,
}: TransactionOptions): string {
  const begin = `BEGIN ISOLATION LEVEL ${isolation}${readOnly ? ' READ ONLY' : ''}`;
  if (statementTimeoutMs === undefined) return begin;
  const limit = Math.max(0, Math.trunc(statementTimeoutMs));
  const idle = limit === 0 ? '; SET LOCAL idle_in_transaction_session_timeout = 0' : '';
  return `${begin}; SET LOCAL statement_timeout = ${limit}${idle}`;
}

async function rollBack(session: DriverSession): Promise<void> {
  if (session.broken) return;
  try {
    await session.command('ROLLBACK');
  } catch {
    session.broken = true;
  }
}
