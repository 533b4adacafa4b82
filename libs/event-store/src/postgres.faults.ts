// What an error of the PostgreSQL driver means: a fault of the store, or a refusal of the statement.
import { StoreError } from './store-error.js';
import type { StoreErrorCode } from './store-error.js';

/** Disk full; what a session without room for its files answers. */
export const DISK_FULL = '53100';
export const UNIQUE_VIOLATION = '23505';
export const LOCK_NOT_AVAILABLE = '55P03';

/** PostgreSQL refused the statement: a constraint, a type, an unknown table. Carries no values of the row. */
export class PostgresError extends Error {
  constructor(
    /** Five characters, as in PostgreSQL's table of error codes. */
    readonly sqlState: string,
    message: string,
    readonly constraint?: string,
  ) {
    super(message);
    this.name = 'PostgresError';
  }
}

interface DriverError {
  readonly message?: string;
  readonly code?: unknown;
  readonly constraint?: string;
  readonly errors?: readonly unknown[];
}

/** Classes and codes after which the same call may succeed later. */
const unavailable = [
  '08', // connection exceptions
  '53', // no disk, no memory, too many connections
  '57014', // cancelled, by the statement timeout too
  '57P0', // shutting down, crashed, starting up
  '58', // input or output failed
  '40', // serialization failure, deadlock
  '55P03', // a lock was not to be had in time
  '25006', // read-only: a standby, or a server that fails over
  '25P03', // a transaction was idle for too long
  '3D000', // the database is not there, or not yet
];
const denied = ['28', '42501'];
const corrupt = ['XX001', 'XX002'];

/** The driver's own texts for faults that have no code. */
const readable: readonly (readonly [RegExp, string])[] = [
  [/timeout exceeded when trying to connect/, 'all connections of the pool are busy'],
  [/connection timeout|timeout expired/, 'it did not answer in time'],
  [/Query read timeout/, 'a statement was not answered in time'],
  [/Connection terminated|Client has encountered a connection error|not queryable/, 'the connection was lost'],
];
const network =
  /^(ECONN|EPIPE$|ETIMEDOUT$|EHOST|ENET|ENOTFOUND$|EAI_|EADDR|ENOENT$|EACCES$|EPROTO$|CERT_|DEPTH_|SELF_SIGNED|UNABLE_TO|ERR_TLS|ERR_SSL)/;

/** SQLSTATE of an error that the server sent, undefined for any other. */
export function sqlState(error: unknown): string | undefined {
  if (error instanceof PostgresError) return error.sqlState;
  const code = (error as DriverError | null | undefined)?.code;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !/^E[A-Z]{4}$/.test(code) ? code : undefined;
}

/** What callers get for an error of the driver; errors that are none of the driver's stay what they are. */
export function faultOf(error: unknown, place: string): unknown {
  if (error instanceof StoreError || error instanceof PostgresError) return error;
  const state = sqlState(error);
  if (state === undefined) return lostConnection(error, place);
  const { message = '', constraint } = error as DriverError;
  const code = storeCode(state);
  if (!code) return new PostgresError(state, `${place} refused a statement (${state}): ${message}`, constraint);
  return new StoreError(code, `${place}: ${message} (${state})`);
}

function storeCode(state: string): StoreErrorCode | undefined {
  const begins = (prefix: string): boolean => state.startsWith(prefix);
  if (unavailable.some(begins)) return 'StoreUnavailable';
  if (denied.some(begins)) return 'AccessDenied';
  return corrupt.some(begins) ? 'Corrupt' : undefined;
}

/** Known by their shape: errors of sockets can come from another realm, whose `Error` is not ours. */
function lostConnection(error: unknown, place: string): unknown {
  const { code, message, errors } = (error ?? {}) as DriverError;
  if (typeof message !== 'string') return error;
  if (/after calling end on the pool/.test(message)) return new StoreError('Closed', `${place} has been closed`);
  const known = readable.find(([pattern]) => pattern.test(message));
  if (known) return new StoreError('StoreUnavailable', `${place}: ${known[1]}`);
  if (/^SASL|password must be a string|does not support SSL/.test(message)) {
    return new StoreError('AccessDenied', `${place}: ${message}`);
  }
  if (typeof code !== 'string' || !network.test(code)) return error;
  const reason = message || (errors?.[0] as DriverError | undefined)?.message || code;
  return new StoreError('StoreUnavailable', `${place} cannot be reached: ${reason}`);
}
