// A connector is a description, not code: what its configuration must look like and what its calls are made of.
import type { JsonObject } from '@app/kernel';

export type HttpMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';
export const httpMethods: readonly HttpMethod[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** How one executor's call is made; read by `buildRequest`. */
export interface RequestDescription {
  /** Key of the configuration that holds the base URL. */
  readonly baseUrlKey: string;
  /** A fixed method, or the node's `method` with a default. */
  readonly method: { readonly fixed: HttpMethod } | { readonly fromNodeOr: HttpMethod };
  /**
   * A fixed template below the base URL, or the node's `path`, else its `endpointName`, else nothing. `{name}` stands for
   * a parameter, escaped as one path segment.
   */
  readonly path: { readonly template: string } | { readonly fromNode: true };
  /** Where `{name}` is looked up, in this order. Empty: braces mean nothing. */
  readonly pathParametersFrom: readonly ('config' | 'node' | 'body')[];
  /** Names that go into the query when the node or the mapped body has them. */
  readonly queryParameters: readonly string[];
  /** Whether the node's own `query`, `headers` and `body` are read. */
  readonly nodeExtras: boolean;
  readonly body: 'never' | 'always' | 'unless_get';
}

export interface Executor {
  /** As in `tracer.validate-transaction`: the provider's id, a dot, a name. */
  readonly id: string;
  readonly name: string;
  readonly category: string;
  readonly version: string;
  readonly providerId: string;
  /** JSON Schema 2020-12 of the executor configuration in a node's `data`. */
  readonly schema: JsonObject;
  readonly request: RequestDescription;
}

export interface Connector {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly version: string;
  /** JSON Schema 2020-12 of `config`; secrets are marked `writeOnly`. */
  readonly configSchema: JsonObject;
  /** Key of the nested object that holds the credentials, when they do not stand at the top of `config`. */
  readonly authKey?: string;
  readonly executors: readonly Executor[];
}

export interface Trigger {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly schema: JsonObject;
}

export const JSON_SCHEMA_DIALECT = 'https://json-schema.org/draft/2020-12/schema';
