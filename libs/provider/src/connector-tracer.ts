import type { JsonObject } from '@app/kernel';
import { authenticationProperties, callProperties } from './connector-authentication.js';
import type { Connector, RequestDescription } from './connector.js';
import { JSON_SCHEMA_DIALECT } from './connector.js';

const uuid: JsonObject = { type: 'string', format: 'uuid' };
const metadata: JsonObject = { type: 'object', maxProperties: 50, propertyNames: { maxLength: 64 } };
const transactionType: JsonObject = { type: 'string', enum: ['CARD', 'WIRE', 'PIX', 'CRYPTO'] };

const request: RequestDescription = {
  baseUrlKey: 'base_url',
  method: { fromNodeOr: 'POST' },
  path: { fromNode: true },
  pathParametersFrom: [],
  queryParameters: [],
  nodeExtras: true,
  body: 'always',
};

const transactionSchema: JsonObject = {
  $schema: JSON_SCHEMA_DIALECT,
  type: 'object',
  required: ['requestId', 'transactionType', 'amount', 'currency', 'transactionTimestamp', 'account'],
  properties: {
    requestId: uuid,
    transactionType,
    subType: { type: 'string', maxLength: 50 },
    amount: { type: 'string', pattern: '^[0-9]+(\\.[0-9]+)?$' },
    currency: { type: 'string', pattern: '^[A-Z]{3}$' },
    transactionTimestamp: { type: 'string', format: 'date-time' },
    account: {
      type: 'object',
      required: ['accountId', 'type', 'status'],
      properties: {
        accountId: uuid,
        type: { type: 'string', enum: ['checking', 'savings', 'credit'] },
        status: { type: 'string', enum: ['active', 'suspended', 'closed'] },
        metadata,
      },
    },
    segment: { type: 'object', properties: { segmentId: uuid, name: { type: 'string' }, metadata } },
    portfolio: { type: 'object', properties: { portfolioId: uuid, name: { type: 'string' }, metadata } },
    merchant: {
      type: 'object',
      properties: {
        merchantId: uuid,
        name: { type: 'string' },
        category: { type: 'string', minLength: 4, maxLength: 4 },
        country: { type: 'string', minLength: 2, maxLength: 2 },
        metadata,
      },
    },
    metadata,
  },
};

const listSchema: JsonObject = {
  $schema: JSON_SCHEMA_DIALECT,
  type: 'object',
  properties: {
    decision: { type: 'string', enum: ['ALLOW', 'DENY', 'REVIEW'] },
    transactionType,
    accountId: uuid,
    limit: { type: 'integer', minimum: 1, maximum: 100, default: 10 },
    cursor: { type: 'string' },
    sortBy: { type: 'string', enum: ['createdAt'], default: 'createdAt' },
    sortOrder: { type: 'string', enum: ['ASC', 'DESC'] },
  },
  additionalProperties: false,
};

export const tracerConnector: Connector = {
  id: 'tracer',
  name: 'Tracer',
  description: 'Transaction validation against rules and spending limits.',
  version: 'v1',
  configSchema: {
    $schema: JSON_SCHEMA_DIALECT,
    type: 'object',
    required: ['base_url', 'api_key'],
    properties: {
      base_url: { type: 'string', format: 'uri', minLength: 1, description: 'Where the Tracer API is served.' },
      ...callProperties,
      ...authenticationProperties,
    },
  },
  executors: [
    {
      id: 'tracer.list-validations',
      name: 'List Validations',
      category: 'Tracer',
      version: 'v1',
      providerId: 'tracer',
      schema: listSchema,
      request,
    },
    {
      id: 'tracer.validate-transaction',
      name: 'Validate Transaction',
      category: 'Tracer',
      version: 'v1',
      providerId: 'tracer',
      schema: transactionSchema,
      request,
    },
  ],
};
