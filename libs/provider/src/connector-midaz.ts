import type { JsonObject } from '@app/kernel';
import { callProperties } from './connector-authentication.js';
import type { Connector, Executor, RequestDescription } from './connector.js';
import { JSON_SCHEMA_DIALECT } from './connector.js';

const uuid: JsonObject = { type: 'string', format: 'uuid' };
const metadata: JsonObject = { type: 'object' };
const ledger = '/v1/organizations/{organization_id}/ledgers/{ledger_id}';

const entry: JsonObject = {
  type: 'object',
  required: ['accountAlias'],
  properties: {
    accountAlias: { type: 'string', minLength: 1 },
    amount: { type: 'object', properties: { asset: { type: 'string' }, value: { type: 'string' } } },
    share: { type: 'object' },
    description: { type: 'string' },
    metadata,
  },
};

const accountSchema: JsonObject = {
  $schema: JSON_SCHEMA_DIALECT,
  type: 'object',
  required: ['assetCode', 'type'],
  properties: {
    assetCode: { type: 'string', minLength: 1, maxLength: 100 },
    type: { type: 'string', minLength: 1, maxLength: 256 },
    name: { type: 'string', maxLength: 256 },
    alias: { type: 'string', maxLength: 100 },
    parentAccountId: uuid,
    portfolioId: uuid,
    segmentId: uuid,
    entityId: { type: 'string', maxLength: 256 },
    status: { type: 'object', properties: { code: { type: 'string' }, description: { type: 'string' } } },
    metadata,
  },
};

const transactionSchema: JsonObject = {
  $schema: JSON_SCHEMA_DIALECT,
  type: 'object',
  required: ['send'],
  properties: {
    send: {
      type: 'object',
      required: ['asset', 'value', 'source', 'distribute'],
      properties: {
        asset: { type: 'string', minLength: 1 },
        value: { type: 'string', pattern: '^[0-9]+(\\.[0-9]+)?$' },
        source: { type: 'object', required: ['from'], properties: { from: { type: 'array', items: entry } } },
        distribute: { type: 'object', required: ['to'], properties: { to: { type: 'array', items: entry } } },
      },
    },
    description: { type: 'string', maxLength: 256 },
    code: { type: 'string', maxLength: 100 },
    pending: { type: 'boolean', default: false },
    chartOfAccountsGroupName: { type: 'string' },
    metadata,
  },
};

const accountIdProperty: JsonObject = { accountId: { type: 'string', minLength: 1 } };

function post(baseUrlKey: string, template: string): RequestDescription {
  return {
    baseUrlKey,
    method: { fixed: 'POST' },
    path: { template },
    pathParametersFrom: ['config', 'node', 'body'],
    queryParameters: [],
    nodeExtras: false,
    body: 'always',
  };
}

function get(baseUrlKey: string, template: string, queryParameters: readonly string[]): RequestDescription {
  return { ...post(baseUrlKey, template), method: { fixed: 'GET' }, queryParameters, body: 'never' };
}

function executor(id: string, name: string, schema: JsonObject, request: RequestDescription): Executor {
  return { id: `midaz.${id}`, name, category: 'Midaz', version: 'v1', providerId: 'midaz', schema, request };
}

export const midazConnector: Connector = {
  id: 'midaz',
  name: 'Midaz',
  description: 'Core-banking ledger: transactions, accounts and balances.',
  version: 'v1',
  authKey: 'auth',
  configSchema: {
    $schema: JSON_SCHEMA_DIALECT,
    type: 'object',
    required: ['onboarding_base_url', 'transaction_base_url', 'organization_id', 'ledger_id'],
    properties: {
      onboarding_base_url: { type: 'string', format: 'uri', minLength: 1 },
      transaction_base_url: { type: 'string', format: 'uri', minLength: 1 },
      organization_id: uuid,
      ledger_id: uuid,
      auth: {
        type: 'object',
        description: 'OpenID Connect client credentials.',
        required: ['issuer_url', 'client_id', 'client_secret'],
        properties: {
          issuer_url: { type: 'string', format: 'uri', minLength: 1 },
          token_url: { type: 'string', format: 'uri', description: 'Spares the discovery.' },
          client_id: { type: 'string', minLength: 1 },
          client_secret: { type: 'string', minLength: 1, writeOnly: true },
          client_auth_method: { type: 'string', enum: ['client_secret_basic', 'client_secret_post'] },
          scopes: { type: 'array', items: { type: 'string' } },
          audience: { type: 'string' },
        },
      },
      ...callProperties,
    },
  },
  executors: [
    executor('create-account', 'Create Account', accountSchema, post('onboarding_base_url', `${ledger}/accounts`)),
    executor(
      'create-transaction',
      'Create Transaction',
      transactionSchema,
      post('transaction_base_url', `${ledger}/transactions/json`),
    ),
    executor(
      'get-account',
      'Get Account',
      { $schema: JSON_SCHEMA_DIALECT, type: 'object', required: ['accountId'], properties: accountIdProperty },
      get('onboarding_base_url', `${ledger}/accounts/{accountId}`, []),
    ),
    executor(
      'get-account-balance',
      'Get Account Balance',
      {
        $schema: JSON_SCHEMA_DIALECT,
        type: 'object',
        required: ['accountId'],
        properties: {
          ...accountIdProperty,
          limit: { type: 'integer', minimum: 1, maximum: 100 },
          cursor: { type: 'string' },
        },
      },
      get('transaction_base_url', `${ledger}/accounts/{accountId}/balances`, ['limit', 'cursor']),
    ),
  ],
};
