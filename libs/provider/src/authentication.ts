// How a configuration's calls prove who they are.
import type { FieldFinding, Json, JsonObject } from '@app/kernel';
import type { AuthType } from './connector-authentication.js';
import type { Connector } from './connector.js';

export interface OidcCredentials {
  readonly grant: 'client_credentials' | 'password';
  /** One of both is there. */
  readonly tokenUrl?: string;
  readonly issuerUrl?: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly clientAuth: 'client_secret_basic' | 'client_secret_post';
  readonly scope?: string;
  readonly audience?: string;
  readonly username?: string;
  readonly password?: string;
}

export type Authentication =
  | { readonly kind: 'none' }
  | { readonly kind: 'header'; readonly name: string; readonly value: string }
  | { readonly kind: 'query'; readonly name: string; readonly value: string }
  | ({ readonly kind: 'oidc' } & OidcCredentials);

const NONE: Authentication = { kind: 'none' };

/** What the opened `config` asks for, or what is missing for it (field names as in `config.bearer_token`). */
export function authenticationOf(connector: Connector, config: JsonObject): Authentication | readonly FieldFinding[] {
  const nested = connector.authKey === undefined ? undefined : config[connector.authKey];
  if (nested !== undefined && nested !== null) {
    const root = `config.${connector.authKey ?? ''}`;
    return isObject(nested)
      ? oidc('client_credentials', nested, root)
      : [{ field: root, message: 'must be an object' }];
  }
  const type = config['auth_type'] ?? (config['api_key'] === undefined ? 'none' : 'api_key');
  if (typeof type !== 'string' || !Object.hasOwn(builders, type)) {
    return [{ field: 'config.auth_type', message: `must be one of ${Object.keys(builders).join(', ')}` }];
  }
  return builders[type as AuthType](config);
}

type Builder = (config: JsonObject) => Authentication | readonly FieldFinding[];

const builders: Readonly<Record<AuthType, Builder>> = {
  none: () => NONE,
  api_key: apiKey,
  bearer: (config) => {
    const missing = missingIn(config, ['bearer_token'], 'config');
    const value = `Bearer ${text(config, 'bearer_token') ?? ''}`;
    return missing.length > 0 ? missing : { kind: 'header', name: 'Authorization', value };
  },
  basic: (config) => {
    const missing = missingIn(config, ['username', 'password'], 'config');
    const value = basicCredentials(text(config, 'username') ?? '', text(config, 'password') ?? '');
    return missing.length > 0 ? missing : { kind: 'header', name: 'Authorization', value };
  },
  oidc_client_credentials: (config) => oidc('client_credentials', config, 'config'),
  oidc_user: (config) => oidc('password', config, 'config'),
};

function apiKey(config: JsonObject): Authentication | readonly FieldFinding[] {
  const missing = missingIn(config, ['api_key'], 'config');
  if (missing.length > 0) return missing;
  const key = text(config, 'api_key') ?? '';
  if (config['location'] === 'query')
    return { kind: 'query', name: text(config, 'query_param_name') ?? 'api_key', value: key };
  const prefix = text(config, 'prefix')?.trim();
  const value = prefix ? `${prefix} ${key}` : key;
  return { kind: 'header', name: text(config, 'header_name') ?? 'X-API-Key', value };
}

function oidc(
  grant: OidcCredentials['grant'],
  from: JsonObject,
  root: string,
): Authentication | readonly FieldFinding[] {
  const user = grant === 'password' ? ['username', 'password'] : [];
  const missing = missingIn(from, ['client_id', 'client_secret', ...user], root);
  const tokenUrl = text(from, 'token_url');
  const issuerUrl = text(from, 'issuer_url');
  if (tokenUrl === undefined && issuerUrl === undefined) {
    missing.push({ field: `${root}.token_url`, message: 'is required, or issuer_url' });
  }
  if (missing.length > 0) return missing;
  const scope = scopeOf(from) ?? (grant === 'password' ? 'openid' : undefined);
  const audience = text(from, 'audience');
  return {
    kind: 'oidc',
    grant,
    clientId: text(from, 'client_id') ?? '',
    clientSecret: text(from, 'client_secret') ?? '',
    clientAuth: from['client_auth_method'] === 'client_secret_post' ? 'client_secret_post' : 'client_secret_basic',
    ...(tokenUrl === undefined ? {} : { tokenUrl }),
    ...(issuerUrl === undefined ? {} : { issuerUrl }),
    ...(scope === undefined ? {} : { scope }),
    ...(audience === undefined ? {} : { audience }),
    ...(grant === 'password' ? { username: text(from, 'username') ?? '', password: text(from, 'password') ?? '' } : {}),
  };
}

function scopeOf(from: JsonObject): string | undefined {
  const scopes = from['scopes'];
  if (Array.isArray(scopes) && scopes.length > 0) return scopes.filter((scope) => typeof scope === 'string').join(' ');
  return text(from, 'scope');
}

/** RFC 7617, with UTF-8. */
export function basicCredentials(user: string, password: string): string {
  const bytes = new TextEncoder().encode(`${user}:${password}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}

function missingIn(from: JsonObject, keys: readonly string[], root: string): FieldFinding[] {
  return keys
    .filter((key) => text(from, key) === undefined)
    .map((key) => ({ field: `${root}.${key}`, message: 'is required for this auth_type' }));
}

function text(from: JsonObject, key: string): string | undefined {
  const value = from[key];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
