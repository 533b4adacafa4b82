// The credential keys that every connector with a top-level `auth_type` understands, as schema properties.
import type { JsonObject } from '@app/kernel';

export const authTypes = ['none', 'api_key', 'bearer', 'basic', 'oidc_client_credentials', 'oidc_user'] as const;
export type AuthType = (typeof authTypes)[number];

export const authenticationProperties: JsonObject = {
  auth_type: {
    type: 'string',
    enum: [...authTypes],
    description: 'How calls authenticate. Without it an `api_key` is sent as X-API-Key.',
  },
  api_key: { type: 'string', minLength: 1, writeOnly: true, description: 'The key sent with every call.' },
  header_name: { type: 'string', minLength: 1, description: 'Header of the API key; X-API-Key by default.' },
  prefix: { type: 'string', description: 'Text put before the API key, as in `Token`.' },
  location: { type: 'string', enum: ['header', 'query'], description: 'Where the API key goes; header by default.' },
  query_param_name: {
    type: 'string',
    minLength: 1,
    description: 'Query parameter of the API key; api_key by default.',
  },
  bearer_token: { type: 'string', minLength: 1, writeOnly: true },
  username: { type: 'string' },
  password: { type: 'string', writeOnly: true },
  token_url: { type: 'string', format: 'uri', description: 'Token endpoint; or give `issuer_url` for discovery.' },
  issuer_url: { type: 'string', format: 'uri' },
  client_id: { type: 'string', minLength: 1 },
  client_secret: { type: 'string', minLength: 1, writeOnly: true },
  client_auth_method: { type: 'string', enum: ['client_secret_basic', 'client_secret_post'] },
  scope: { type: 'string' },
  scopes: { type: 'array', items: { type: 'string' } },
  audience: { type: 'string' },
};

/** Settings of every connector: headers of each call, its limit in seconds, how many may run at the same time. */
export const callProperties: JsonObject = {
  headers: { type: 'object', additionalProperties: { type: 'string' }, description: 'Headers of every call.' },
  timeout_seconds: { type: 'number', exclusiveMinimum: 0, maximum: 300 },
  max_concurrency: {
    type: 'integer',
    minimum: 1,
    maximum: 1000,
    description: 'Calls at the same time; 64 by default.',
  },
};
