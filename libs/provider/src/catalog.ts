// What may be called: every connector and trigger this product knows.
import type { FieldFinding, JsonObject } from '@app/kernel';
import { httpConnector } from './connector-http.js';
import { midazConnector } from './connector-midaz.js';
import { tracerConnector } from './connector-tracer.js';
import type { Connector, Executor, Trigger } from './connector.js';
import { httpMethods, JSON_SCHEMA_DIALECT } from './connector.js';
import { schemaFindings } from './json-schema.js';

export const connectors: readonly Connector[] = [httpConnector, midazConnector, tracerConnector];
export const executors: readonly Executor[] = connectors.flatMap((connector) => connector.executors);
export const triggers: readonly Trigger[] = [
  {
    id: 'webhook',
    name: 'Webhook',
    version: 'v1',
    schema: {
      $schema: JSON_SCHEMA_DIALECT,
      type: 'object',
      required: ['path', 'method'],
      properties: {
        path: { type: 'string', minLength: 1, description: 'Below /v1/webhooks.' },
        method: { type: 'string', enum: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] },
        verify_token: { type: 'string', writeOnly: true, description: 'What X-Webhook-Token must equal.' },
        signing_secret: {
          type: 'string',
          writeOnly: true,
          description: 'Standard Webhooks: webhook-signature must be made with it; whsec_<base64> or any text.',
        },
      },
      additionalProperties: false,
    },
  },
];

export function findProvider(id: string): Connector | undefined {
  return connectors.find((connector) => connector.id === id);
}

export function findExecutor(id: string): Executor | undefined {
  return executors.find((executor) => executor.id === id);
}

export function findTrigger(id: string): Trigger | undefined {
  return triggers.find((trigger) => trigger.id === id);
}

/** Keys of an executor node's `data` that say how it is called, and so are no executor configuration. */
export const callSettingKeys: readonly string[] = [
  'executorId',
  'providerConfigId',
  'endpointName',
  'inputMapping',
  'outputMapping',
  'transforms',
  'method',
  'path',
  'timeout',
  'query',
  'headers',
  'successCodes',
  'retry',
  'effect',
  'body',
];
const callSettings: ReadonlySet<string> = new Set(callSettingKeys);

/** The executor configuration in a node's `data`: what remains without the call settings. */
export function executorConfigOf(nodeData: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(nodeData).filter(([key]) => !callSettings.has(key)));
}

const scalar: JsonObject = { type: ['string', 'number', 'boolean', 'null'] };
const extrasSchema: JsonObject = {
  $schema: JSON_SCHEMA_DIALECT,
  type: 'object',
  properties: {
    query: { type: 'object', additionalProperties: { anyOf: [scalar, { type: 'array', items: scalar }] } },
    headers: { type: 'object', additionalProperties: { type: 'string' } },
    successCodes: { type: 'array', minItems: 1, items: { type: 'integer', minimum: 100, maximum: 599 } },
  },
};
const httpRequestSchema: JsonObject = {
  $schema: JSON_SCHEMA_DIALECT,
  type: 'object',
  properties: {
    method: { type: 'string', pattern: `^(?:${[...httpMethods, ...httpMethods.map(lower)].join('|')})$` },
    path: { type: 'string' },
  },
};

function lower(text: string): string {
  return text.toLowerCase();
}

/**
 * Checks an executor node's `data`: the executor configuration against the executor's schema (skipped when nothing but
 * call settings is there) and the shape of `query`, `headers` and `successCodes`. Field names are relative to `data`.
 */
export function validateExecutorConfig(executorId: string, nodeData: JsonObject): FieldFinding[] {
  const executor = findExecutor(executorId);
  if (!executor) return [{ field: 'executorId', message: `"${executorId}" is not in the catalogue` }];
  const config = executorConfigOf(nodeData);
  const findings = Object.keys(config).length === 0 ? [] : schemaFindings(executor.schema, config, '');
  findings.push(...schemaFindings(extrasSchema, nodeData, ''));
  if (executorId === 'http.request') findings.push(...schemaFindings(httpRequestSchema, nodeData, ''));
  return findings;
}
