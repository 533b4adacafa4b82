// From description, configuration, node and body to one HTTP request. Pure: the same call is always built the same way.
import type { Json, JsonObject } from '@app/kernel';
import { executorConfigOf } from './catalog.js';
import type { Executor, HttpMethod, RequestDescription } from './connector.js';
import { httpMethods } from './connector.js';

export interface BuiltRequest {
  readonly method: HttpMethod;
  readonly url: URL;
  readonly headers: Record<string, string>;
  /** JSON text; undefined when the call has no body. */
  readonly body?: string;
}

/** Why no request can be made of it: a mistake in the node or the configuration. */
export interface BuildRefusal {
  readonly unbuildable: string;
}

const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const headerValue = /^[\t\x20-\x7e\x80-\xff]*$/;
/** Ours to set: what frames the message, and what makes a repeated call recognisable. */
const reservedHeaders: ReadonlySet<string> = new Set(
  'host content-length transfer-encoding connection upgrade te trailer keep-alive expect idempotency-key'.split(' '),
);
const parameter = /\{([A-Za-z0-9_.-]+)\}/g;

class Unbuildable extends Error {}

export function buildRequest(
  executor: Executor,
  config: JsonObject,
  nodeData: JsonObject,
  body: Json | undefined,
): BuiltRequest | BuildRefusal {
  try {
    const { request } = executor;
    const method = methodOf(request, nodeData);
    const sources = { config, node: nodeData, body: isObject(body) ? body : {} };
    const url = urlOf(request, sources);
    addQuery(request, url, sources);
    const text = bodyOf(request, method, nodeData, body);
    const headers = headersOf(request, config, nodeData);
    if (text !== undefined && headers['content-type'] === undefined) headers['content-type'] = 'application/json';
    if (headers['accept'] === undefined) headers['accept'] = 'application/json';
    return { method, url, headers, ...(text === undefined ? {} : { body: text }) };
  } catch (error) {
    if (error instanceof Unbuildable) return { unbuildable: error.message };
    throw error;
  }
}

interface Sources {
  readonly config: JsonObject;
  readonly node: JsonObject;
  readonly body: JsonObject;
}

function methodOf({ method }: RequestDescription, nodeData: JsonObject): HttpMethod {
  if ('fixed' in method) return method.fixed;
  const asked = nodeData['method'];
  if (asked === undefined || asked === null || asked === '') return method.fromNodeOr;
  const name = (typeof asked === 'string' ? asked.toUpperCase() : '') as HttpMethod;
  if (!httpMethods.includes(name)) throw new Unbuildable(`method must be one of ${httpMethods.join(', ')}`);
  return name;
}

function urlOf(request: RequestDescription, sources: Sources): URL {
  const base = sources.config[request.baseUrlKey];
  if (typeof base !== 'string' || !URL.canParse(base)) {
    throw new Unbuildable(`config.${request.baseUrlKey} is not a URL`);
  }
  const url = new URL(base);
  const template = 'template' in request.path ? request.path.template : nodePath(sources.node);
  const mark = template.search(/[?#]/);
  const path = mark === -1 ? template : template.slice(0, mark);
  const filled = fill(path, request, sources, encodeURIComponent);
  if (filled !== '') url.pathname = `${url.pathname.replace(/\/+$/, '')}/${filled.replace(/^\/+/, '')}`;
  if (mark !== -1 && template[mark] === '?') {
    const query = template.slice(mark + 1).split('#')[0] ?? '';
    for (const [name, value] of new URLSearchParams(query)) {
      url.searchParams.append(
        name,
        fill(value, request, sources, (text) => text),
      );
    }
  }
  return url;
}

function nodePath(node: JsonObject): string {
  const { path, endpointName } = node;
  if (typeof path === 'string' && path !== '') return path;
  return typeof endpointName === 'string' ? endpointName : '';
}

function fill(
  template: string,
  request: RequestDescription,
  sources: Sources,
  escape: (text: string) => string,
): string {
  const filled =
    request.pathParametersFrom.length === 0
      ? template
      : template.replace(parameter, (_match, name: string) => escape(parameterOf(name, request, sources)));
  if (escape === encodeURIComponent && filled.split('/').some(isDotSegment)) {
    throw new Unbuildable('the path must not contain . or .. segments');
  }
  return filled;
}

function isDotSegment(segment: string): boolean {
  return /^(?:\.|%2e){1,2}$/i.test(segment);
}

function parameterOf(name: string, request: RequestDescription, sources: Sources): string {
  for (const source of request.pathParametersFrom) {
    const value = Object.hasOwn(sources[source], name) ? sources[source][name] : undefined;
    if (typeof value === 'string' && value !== '') return value;
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  }
  throw new Unbuildable(`the parameter "${name}" of the path has no value`);
}

function addQuery(request: RequestDescription, url: URL, sources: Sources): void {
  for (const name of request.queryParameters) append(url, name, sources.node[name] ?? sources.body[name]);
  const { query } = sources.node;
  if (!request.nodeExtras || !isObject(query)) return;
  for (const [name, value] of Object.entries(query)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      append(url, name, typeof item === 'string' ? fill(item, request, sources, (text) => text) : item);
    }
  }
}

function append(url: URL, name: string, value: Json | undefined): void {
  if (value === undefined || value === null) return;
  url.searchParams.append(name, typeof value === 'object' ? JSON.stringify(value) : String(value));
}

function bodyOf(
  request: RequestDescription,
  method: HttpMethod,
  nodeData: JsonObject,
  body: Json | undefined,
): string | undefined {
  if (request.body === 'never') return undefined;
  if (request.body === 'unless_get' && (method === 'GET' || method === 'HEAD')) return undefined;
  const own = request.nodeExtras ? nodeData['body'] : undefined;
  const configured = executorConfigOf(nodeData);
  const sent = body ?? own ?? (Object.keys(configured).length === 0 ? undefined : configured);
  return sent === undefined ? undefined : JSON.stringify(sent);
}

function headersOf(request: RequestDescription, config: JsonObject, nodeData: JsonObject): Record<string, string> {
  const headers: Record<string, string> = {};
  const groups = request.nodeExtras ? [config['headers'], nodeData['headers']] : [config['headers']];
  for (const group of groups) {
    if (!isObject(group)) continue;
    for (const [name, value] of Object.entries(group)) {
      const key = name.toLowerCase();
      if (typeof value !== 'string' || reservedHeaders.has(key)) continue;
      if (!headerName.test(name) || !headerValue.test(value))
        throw new Unbuildable(`the header "${name}" is not valid`);
      headers[key] = value;
    }
  }
  return headers;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const DEFAULT_SUCCESS_CODES: readonly number[] = [200, 201, 202, 204];

/** Statuses that count as a success: the node's, or 200, 201, 202 and 204. */
export function successCodesOf(nodeData: JsonObject): readonly number[] {
  const { successCodes } = nodeData;
  if (!Array.isArray(successCodes)) return DEFAULT_SUCCESS_CODES;
  const codes = successCodes.filter((code): code is number => typeof code === 'number');
  return codes.length === 0 ? DEFAULT_SUCCESS_CODES : codes;
}
