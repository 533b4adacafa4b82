// The environment, as one schema: read once at boot, frozen, every bad variable named at once, no value ever printed.
import type { AuthMode } from '@app/access';
import type { TrustedProxies } from '@app/shell';
import { evidenceSchema } from './evidence-settings.js';
import type { EvidenceSettings } from './evidence-settings.js';
import type { Setting } from './setting.js';
import { setting } from './setting.js';
import {
  atLeast,
  eventStoreUrl,
  host,
  integer,
  list,
  oneOf,
  origins,
  proxies,
  schemaName,
  secretsKey,
  text,
  viewsUrl,
} from './setting-kinds.js';

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

export interface Settings extends EvidenceSettings {
  readonly host: string;
  readonly port: number;
  readonly dataDirectory: string;
  readonly eventStoreUrl?: string;
  readonly viewsUrl?: string;
  readonly viewsSchema: string;
  readonly auth: AuthMode;
  readonly apiKeyPepper?: string;
  readonly secretsKey?: string;
  readonly egressAllow: readonly string[];
  readonly trusts: TrustedProxies;
  readonly corsAllowedOrigins: readonly string[];
  readonly logLevel: LogLevel;
  readonly bodyLimitBytes: number;
  readonly requestTimeoutMs: number;
  readonly liveRunsMax: number;
  readonly stepConcurrencyMax: number;
  readonly runTimeoutMs: number;
  readonly stepTimeoutMs: number;
}

/** Thrown with one sentence for each bad variable. */
export class SettingsError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'SettingsError';
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

const schema = {
  host: setting('HOST', 'host name or address', '127.0.0.1', 'The address on which the server listens.', host),
  port: setting('PORT', '0 to 65535', '4021', 'The port on which it listens; 0 takes a free one.', integer(0, 65_535)),
  dataDirectory: setting(
    'DATA_DIR',
    'path',
    './data',
    'The directory of the event log, the views, the secrets and the keys; one server at a time.',
    text,
  ),
  eventStoreUrl: setting(
    'EVENTSTORE_URL',
    'connection string, secret',
    'the file `log.db` in DATA_DIR',
    'The EventStoreDB or KurrentDB that holds the log; several servers share it when they share VIEWS_URL too.',
    eventStoreUrl,
  ),
  viewsUrl: setting(
    'VIEWS_URL',
    'URL, secret',
    'files in DATA_DIR',
    'The PostgreSQL that holds the views, the secrets and the large contents.',
    viewsUrl,
  ),
  viewsSchema: setting(
    'VIEWS_SCHEMA',
    'name',
    'runledger',
    'The schema of that database in which all tables are; made when missing.',
    schemaName,
  ),
  auth: setting(
    'AUTH',
    '`off` or `keys`',
    '`off` on loopback, else `keys`',
    'Whether callers must present an API key; `off` is refused unless HOST is a loopback address.',
    oneOf('off', 'keys'),
  ),
  apiKeyPepper: setting(
    'API_KEY_PEPPER',
    'at least 32 characters, secret',
    'the file `api-keys.key` in DATA_DIR',
    "The server's own key, under which API keys are hashed; changing it voids every API key.",
    atLeast(32),
  ),
  secretsKey: setting(
    'SECRETS_KEY',
    '32 bytes in base64, secret',
    'the file `secrets.key` in DATA_DIR',
    'The key that encrypts the secrets of provider configurations.',
    secretsKey,
  ),
  egressAllow: setting(
    'EGRESS_ALLOW',
    'list of `loopback`, `private`, ranges, addresses, host names',
    '`loopback` while HOST is loopback, else empty',
    'Where providers may be besides the public internet.',
    list,
  ),
  trusts: setting(
    'TRUSTED_PROXIES',
    'list of addresses, ranges, `loopback`',
    'empty',
    "Peers whose X-Forwarded-For is believed when the caller's address is recorded.",
    proxies,
  ),
  corsAllowedOrigins: setting(
    'CORS_ALLOWED_ORIGINS',
    'list of origins',
    'empty: CORS is off',
    'Web pages from which browsers may call the API.',
    origins,
  ),
  logLevel: setting(
    'LOG_LEVEL',
    '`fatal`, `error`, `warn`, `info`, `debug`, `trace`, `silent`',
    'info',
    'How much is logged, to standard error, one JSON object a line.',
    oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
  ),
  bodyLimitBytes: setting(
    'BODY_LIMIT_BYTES',
    'bytes',
    '4194304',
    'The largest request body; starts and webhooks take 1 MiB at most in any case.',
    integer(65_536, 67_108_864),
  ),
  requestTimeoutMs: setting(
    'REQUEST_TIMEOUT_MS',
    'milliseconds',
    '30000',
    'How long a client may take to send one request.',
    integer(1_000, 600_000),
  ),
  liveRunsMax: setting(
    'MAX_LIVE_RUNS',
    'runs',
    '10000',
    'How many runs may be under way at once; beyond that, starts are answered 503.',
    integer(1, 1_000_000),
  ),
  stepConcurrencyMax: setting(
    'STEP_CONCURRENCY',
    'calls',
    '256',
    'How many provider calls may be under way at once.',
    integer(1, 100_000),
  ),
  runTimeoutMs: setting(
    'RUN_TIMEOUT_MS',
    'milliseconds',
    '300000',
    'How long a run may take when its workflow does not say.',
    integer(1_000, 31_536_000_000),
  ),
  stepTimeoutMs: setting(
    'STEP_TIMEOUT_MS',
    'milliseconds',
    '30000',
    'How long one attempt at a provider call may take when its node does not say.',
    integer(100, 86_400_000),
  ),
  ...evidenceSchema,
} satisfies Record<keyof Settings, Setting<unknown>>;

/** Throws SettingsError naming every bad variable. An empty variable counts as absent. */
export function parseSettings(environment: Environment): Settings {
  const given = (name: string): string => environment[name]?.trim() ?? '';
  const loopback = isLoopback(given('HOST') === '' ? '127.0.0.1' : given('HOST'));
  const derived: Partial<Record<keyof Settings, string | undefined>> = {
    auth: loopback ? 'off' : 'keys',
    egressAllow: loopback ? 'loopback' : '',
    trusts: '',
    corsAllowedOrigins: '',
    apiKeyPepper: undefined,
    secretsKey: undefined,
    eventStoreUrl: undefined,
    viewsUrl: undefined,
    evidenceOrigin: undefined,
    evidenceKey: undefined,
    evidenceKeyFile: undefined,
    evidenceReplacesKey: undefined,
    evidenceAnchorFile: undefined,
    evidenceWitnesses: '',
  };
  const values: Partial<Record<keyof Settings, unknown>> = {};
  const problems: string[] = [];
  for (const [field, { name, fallback, read }] of Object.entries(schema) as [keyof Settings, Setting<unknown>][]) {
    const value = given(name) !== '' ? given(name) : field in derived ? derived[field] : fallback;
    if (value === undefined) continue;
    try {
      values[field] = read(value);
    } catch (error) {
      problems.push(`${name} ${error instanceof RangeError ? error.message : 'cannot be read'}`);
    }
  }
  if (values.auth === 'off' && !loopback) problems.push('AUTH cannot be off unless HOST is a loopback address');
  if (problems.length > 0) throw new SettingsError(problems);
  return Object.freeze(values as unknown as Settings);
}

/** Whether nobody outside this machine can reach a server that listens there. */
export function isLoopback(address: string): boolean {
  return address === 'localhost' || address === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(address);
}

/** The table of the operating guide, as Markdown. */
export function settingsTable(): string {
  const cell = (content: string): string => content.replaceAll('|', '\\|');
  const rows = Object.values<Setting<unknown>>(schema).map(
    ({ name, type, fallback, sentence }) => `| \`${name}\` | ${cell(type)} | ${cell(fallback)} | ${cell(sentence)} |`,
  );
  return ['| variable | value | default | meaning |', '|---|---|---|---|', ...rows].join('\n');
}
