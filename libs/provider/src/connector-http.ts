import { authenticationProperties, callProperties } from './connector-authentication.js';
import type { Connector } from './connector.js';
import { httpMethods, JSON_SCHEMA_DIALECT } from './connector.js';

export const httpConnector: Connector = {
  id: 'http',
  name: 'HTTP',
  description: 'Any HTTP API: the node says method, path, query, headers, body and which statuses are a success.',
  version: 'v1',
  configSchema: {
    $schema: JSON_SCHEMA_DIALECT,
    type: 'object',
    required: ['base_url'],
    properties: {
      base_url: { type: 'string', format: 'uri', minLength: 1, description: 'Where the paths of the nodes begin.' },
      timeout_ms: { type: 'integer', minimum: 100, maximum: 30000 },
      ...callProperties,
      ...authenticationProperties,
    },
  },
  executors: [
    {
      id: 'http.request',
      name: 'HTTP Request',
      category: 'HTTP',
      version: 'v1',
      providerId: 'http',
      schema: {
        $schema: JSON_SCHEMA_DIALECT,
        type: 'object',
        properties: {
          method: { type: 'string', enum: [...httpMethods], default: 'POST' },
          path: { type: 'string', description: 'Below the base URL; `{name}` is a field of the mapped input.' },
          query: { type: 'object', description: 'Query parameters; `{name}` is a field of the mapped input.' },
          headers: { type: 'object', additionalProperties: { type: 'string' } },
          body: { description: 'Sent when no mapping makes a body.' },
          successCodes: {
            type: 'array',
            minItems: 1,
            items: { type: 'integer', minimum: 100, maximum: 599 },
            default: [200, 201, 202, 204],
          },
        },
        additionalProperties: false,
      },
      request: {
        baseUrlKey: 'base_url',
        method: { fromNodeOr: 'POST' },
        path: { fromNode: true },
        pathParametersFrom: ['body'],
        queryParameters: [],
        nodeExtras: true,
        body: 'unless_get',
      },
    },
  ],
};
