// The connection string of EventStoreDB and KurrentDB. Read here and not by the client, whose complaints print it with its
// password, and which takes a colon in a password for its end.
import { StoreError } from './store-error.js';

export interface EsdbEndpoint {
  readonly address: string;
  readonly port: number;
}

export type NodePreference = 'leader' | 'follower' | 'random' | 'read_only_replica';

/** Where the store is, and as whom to speak to it. Never logged: see `describeTarget`. */
export interface EsdbTarget {
  /** Ask the hosts for the members of the cluster, and take the preferred one. */
  readonly discover: boolean;
  readonly hosts: readonly EsdbEndpoint[];
  readonly tls: boolean;
  readonly credentials?: { readonly username: string; readonly password: string };
  /** Files in PEM; relative to the working directory. */
  readonly tlsCaFile?: string;
  readonly userCertFile?: string;
  readonly userKeyFile?: string;
  readonly nodePreference: NodePreference;
  readonly maxDiscoverAttempts: number;
  readonly discoveryIntervalMs: number;
  readonly gossipTimeoutSeconds: number;
  readonly keepAliveIntervalMs: number;
  readonly keepAliveTimeoutMs: number;
  /** For an append that names no deadline of its own. */
  readonly defaultDeadlineMs?: number;
  readonly connectionName?: string;
}

const schemes: ReadonlyMap<string, boolean> = new Map([
  ['esdb', false],
  ['esdb+discover', true],
  ['kurrentdb', false],
  ['kurrentdb+discover', true],
  ['kurrent', false],
  ['kurrent+discover', true],
  ['kdb', false],
  ['kdb+discover', true],
]);

const preferences: readonly NodePreference[] = ['leader', 'follower', 'random', 'read_only_replica'];

/** Throws InvalidArgument that names the part at fault and never shows a value. */
export function parseConnectionString(text: string): EsdbTarget {
  const [, scheme = '', rest = ''] = /^([a-z+]+):\/\/(.*)$/i.exec(text.trim()) ?? [];
  const discover = schemes.get(scheme.toLowerCase());
  if (discover === undefined)
    throw fault('it begins with esdb://, esdb+discover://, kurrentdb:// or kurrentdb+discover://');
  const [beforeQuery = '', query = '', ...more] = splitQuery(rest);
  if (more.length > 0) throw fault('it has more than one "?"');
  const at = beforeQuery.lastIndexOf('@');
  const credentials = at === -1 ? undefined : credentialsIn(beforeQuery.slice(0, at));
  const hosts = hostsIn(beforeQuery.slice(at + 1).replace(/\/+$/, ''));
  return { discover: discover || hosts.length > 1, hosts, ...(credentials && { credentials }), ...settingsIn(query) };
}

/** For people: where the store is, without credentials. */
export function describeTarget({ discover, hosts }: EsdbTarget): string {
  return `esdb${discover ? '+discover' : ''}://${hosts.map(({ address, port }) => `${address}:${port}`).join(',')}`;
}

/** A question mark of a password must be written %3F; only what follows the hosts is the query. */
function splitQuery(rest: string): string[] {
  const at = rest.lastIndexOf('@');
  const [first = '', ...others] = rest.slice(at + 1).split('?');
  return [rest.slice(0, at + 1) + first, ...others];
}

function credentialsIn(text: string): { username: string; password: string } {
  const colon = text.indexOf(':');
  if (colon < 1 || colon === text.length - 1) throw fault('the credentials are user:password');
  return { username: decoded(text.slice(0, colon), 'user'), password: decoded(text.slice(colon + 1), 'password') };
}

function hostsIn(text: string): EsdbEndpoint[] {
  return text.split(',').map((host) => {
    const [, address = '', port] = /^([A-Za-z0-9._-]+|\[[0-9a-fA-F:.]+\])(?::(\d{1,5}))?$/.exec(host.trim()) ?? [];
    const number = port === undefined ? 2113 : Number(port);
    if (address === '' || number < 1 || number > 65_535) throw fault('a host is a name or an address, and a port');
    return { address, port: number };
  });
}

type Settings = Omit<EsdbTarget, 'discover' | 'hosts' | 'credentials'>;
type Change = (settings: Settings, value: string, name: string) => Settings;

const integer = (key: keyof Settings, least: number): Change => {
  return (settings, value, name) => {
    const number = Number(value);
    if (!/^-?\d+$/.test(value) || number < least) throw fault(`${name} is an integer >= ${least}`);
    return { ...settings, [key]: number };
  };
};
const text = (key: keyof Settings): Change => {
  return (settings, value, name) => ({ ...settings, [key]: decoded(value, name) });
};
const only = (allowed: string, why: string): Change => {
  return (settings, value, name) => {
    if (value.toLowerCase() !== allowed) throw fault(`${name} ${why}`);
    return settings;
  };
};

/** Names as in the documentation of the store, in lower case. */
const changes: ReadonlyMap<string, Change> = new Map<string, Change>([
  ['tls', (settings, value, name) => ({ ...settings, tls: truth(value, name) })],
  ['tlscafile', text('tlsCaFile')],
  ['usercertfile', text('userCertFile')],
  ['userkeyfile', text('userKeyFile')],
  ['connectionname', text('connectionName')],
  ['nodepreference', preference],
  ['maxdiscoverattempts', integer('maxDiscoverAttempts', 1)],
  ['discoveryinterval', integer('discoveryIntervalMs', 0)],
  ['gossiptimeout', integer('gossipTimeoutSeconds', 1)],
  ['keepaliveinterval', integer('keepAliveIntervalMs', 10_000)],
  ['keepalivetimeout', integer('keepAliveTimeoutMs', 1_000)],
  ['tlsverifycert', only('true', 'cannot be switched off: name the authority by tlsCAFile')],
  ['throwonappendfailure', only('true', 'cannot be switched off')],
  ['defaultdeadline', integer('defaultDeadlineMs', 1)],
]);

function settingsIn(query: string): Settings {
  let settings: Settings = {
    tls: true,
    nodePreference: 'leader',
    maxDiscoverAttempts: 10,
    discoveryIntervalMs: 100,
    gossipTimeoutSeconds: 5,
    keepAliveIntervalMs: 10_000,
    keepAliveTimeoutMs: 10_000,
  };
  for (const pair of query.split('&').filter((part) => part !== '')) {
    const equals = pair.indexOf('=');
    const name = (equals === -1 ? pair : pair.slice(0, equals)).trim();
    const change = changes.get(name.toLowerCase().replace(/[-_]/g, ''));
    if (!change) throw fault(`it has no setting "${name.slice(0, 40)}"`);
    if (equals === -1) throw fault(`${name} has no value`);
    settings = change(settings, pair.slice(equals + 1).trim(), name);
  }
  if ((settings.userCertFile === undefined) !== (settings.userKeyFile === undefined)) {
    throw fault('userCertFile and userKeyFile come together');
  }
  return settings;
}

function preference(settings: Settings, value: string): Settings {
  const flat = value.toLowerCase().replace(/[-_]/g, '');
  const nodePreference = preferences.find((known) => known.replaceAll('_', '') === flat);
  if (!nodePreference) throw fault('nodePreference is leader, follower, random or readOnlyReplica');
  return { ...settings, nodePreference };
}

function truth(value: string, name: string): boolean {
  const flat = value.toLowerCase();
  if (flat !== 'true' && flat !== 'false') throw fault(`${name} is true or false`);
  return flat === 'true';
}

function decoded(value: string, part: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    throw fault(`the ${part} is not well percent-encoded`);
  }
}

function fault(problem: string): StoreError {
  return new StoreError('InvalidArgument', `the connection string of the event store: ${problem}`);
}
