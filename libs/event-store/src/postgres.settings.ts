// What every session of ours begins with, and what a server must be to serve.
import type { ClientBase } from 'pg';
import type { PostgresSession } from './postgres.session.js';
import { StoreError } from './store-error.js';

const OLDEST_VERSION = 140_000;
/** A transaction that does nothing for so long holds up everybody else. */
const IDLE_IN_TRANSACTION_MS = 60_000;

/**
 * Set by a statement and not by parameters of the connection, which proxies refuse. A server that was told to answer before a
 * commit is on disk is told otherwise, and to notice a client that vanished, so that its locks do not stay for hours.
 */
const BEGINNING = `
  SELECT set_config('search_path', $1, false), set_config('statement_timeout', $2, false),
    set_config('idle_in_transaction_session_timeout', $3, false), set_config('lock_timeout', '0', false),
    set_config('TimeZone', 'UTC', false), set_config('DateStyle', 'ISO, MDY', false),
    set_config('tcp_keepalives_idle', '10', false), set_config('tcp_keepalives_interval', '5', false),
    set_config('tcp_keepalives_count', '3', false),
    CASE current_setting('synchronous_commit') WHEN 'off' THEN set_config('synchronous_commit', 'on', false) END`;

/** @param statementTimeoutMs >= 0, where 0 is no limit */
export async function beginSession(client: ClientBase, schema: string, statementTimeoutMs: number): Promise<void> {
  await client.query(BEGINNING, [`"${schema}"`, String(statementTimeoutMs), String(IDLE_IN_TRANSACTION_MS)]);
}

interface ServerRow {
  readonly version: number;
  readonly encoding: string;
  readonly standby: boolean;
  readonly hasSchema: boolean;
}

/** Refuses what cannot serve and makes the schema; servers that start at once take turns by the lock of that number. */
export async function checkServer(
  database: PostgresSession & {
    transaction<T>(work: (session: PostgresSession) => Promise<T>): Promise<T>;
  },
  schema: string,
  place: string,
  lock: string,
): Promise<void> {
  const [server] = await database.query<ServerRow>(
    `SELECT current_setting('server_version_num')::int AS version, current_setting('server_encoding') AS encoding,
      pg_is_in_recovery() AS standby, to_regnamespace($1) IS NOT NULL AS "hasSchema"`,
    [`"${schema}"`],
  );
  if (!server) throw new StoreError('StoreUnavailable', `${place} did not say what it is`);
  if (server.version < OLDEST_VERSION) {
    throw new StoreError(
      'InvalidArgument',
      `${place} is version ${Math.floor(server.version / 10_000)}: 14 or newer is needed`,
    );
  }
  if (server.encoding !== 'UTF8') {
    throw new StoreError('InvalidArgument', `${place} keeps its texts in ${server.encoding}: UTF8 is needed`);
  }
  if (server.standby) throw new StoreError('StoreUnavailable', `${place} is a standby and takes no writes`);
  if (server.hasSchema) return;
  await database.transaction(async (session) => {
    await session.query('SELECT pg_advisory_xact_lock($1)', [lock]);
    await session.execute(`CREATE SCHEMA IF NOT EXISTS "${schema}"`);
  });
}

/** Numbers of 64 bits, which the driver gives as text. Throws RangeError rather than round. */
export function parseInt8(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number)) throw new RangeError('a number is too large to be exact: ask for it as text');
  return number;
}

/** A list of one dimension, as in `{1,NULL}`. */
export function parseInt8List(text: string): readonly (number | null)[] {
  const items = text === '{}' ? [] : text.slice(1, -1).split(',');
  return items.map((item) => (item === 'NULL' ? null : parseInt8(item)));
}
