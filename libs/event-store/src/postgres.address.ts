// Where a PostgreSQL is: the connection string, read once, and a name for it without the password.
import { parseIntoClientConfig } from 'pg-connection-string';
import type { ClientConfig } from 'pg';
import { StoreError } from './store-error.js';

export interface PostgresAddress {
  /** What the driver needs to connect. Holds the password. */
  readonly config: ClientConfig;
  /** As in `PostgreSQL at db.example:5432/views`: for messages. */
  readonly place: string;
}

/** Everything else a session needs is set by us, so that a parameter cannot undo it unnoticed. */
const parameters = ['sslmode', 'sslcert', 'sslkey', 'sslrootcert', 'sslnegotiation', 'uselibpqcompat', 'host', 'port'];

/** Throws StoreError InvalidArgument that says what is wrong without repeating the text. */
export function postgresAddress(url: string): PostgresAddress {
  const wrong = (what: string): StoreError =>
    new StoreError('InvalidArgument', `the connection string of PostgreSQL ${what}`);
  if (!/^postgres(ql)?:\/\//.test(url)) throw wrong('must begin with postgres:// or postgresql://');
  const query = url.includes('?') ? url.slice(url.indexOf('?') + 1) : '';
  for (const name of new URLSearchParams(query).keys()) {
    if (!parameters.includes(name)) throw wrong(`has a parameter that is not possible here: ${name.slice(0, 40)}`);
  }
  const { user, password, host, port, database, ssl } = read(url, wrong);
  if (!database) throw wrong('names no database');
  const config: ClientConfig = {
    database,
    ...(user ? { user } : {}),
    ...(password ? { password } : {}),
    ...(host ? { host } : {}),
    ...(port ? { port } : {}),
    ...(ssl === undefined ? {} : { ssl }),
  };
  const at = host?.startsWith('/') ? host : `${host || 'localhost'}:${String(port || 5432)}`;
  return { config, place: `PostgreSQL at ${at}/${database}` };
}

function read(url: string, wrong: (what: string) => StoreError): ClientConfig {
  try {
    return parseIntoClientConfig(url);
  } catch (error) {
    // A certificate file that is not there is worth naming; an address that cannot be read may hold the password.
    const { code, path } = error as NodeJS.ErrnoException;
    if (path !== undefined && code !== undefined) throw wrong(`names a file that cannot be read (${code}): ${path}`);
    throw wrong('cannot be read: special characters of the password must be percent-encoded');
  }
}
