// Which places of a provider configuration hold secrets.
import type { FieldFinding, Json, JsonObject } from '@app/kernel';
import type { Connector } from './connector.js';
import type { IsSecretPath, SecretPath } from './secrets.js';
import { pathText } from './secrets.js';
import { isSensitiveName, isSensitiveParameter } from './sensitive-name.js';

/** What the connector's schema marks `writeOnly`, what a key's name promises anywhere, and secret headers. */
export function secretPathsOf(connector: Connector): IsSecretPath {
  const marked = new Set<string>();
  collectWriteOnly(connector.configSchema, '', marked);
  return (path) =>
    marked.has(pathText('', path)) ||
    path.some((part, index) => typeof part === 'string' && isSecretKey(part, path[index - 1]));
}

function isSecretKey(name: string, above: string | number | undefined): boolean {
  return above === 'headers' ? isSensitiveParameter(name) : isSensitiveName(name);
}

function collectWriteOnly(schema: JsonObject, path: string, marked: Set<string>): void {
  if (schema['writeOnly'] === true) marked.add(path);
  const properties = schema['properties'];
  if (typeof properties !== 'object' || properties === null || Array.isArray(properties)) return;
  for (const [name, property] of Object.entries(properties)) {
    if (typeof property === 'object' && property !== null && !Array.isArray(property)) {
      collectWriteOnly(property, pathText(path, [name]), marked);
    }
  }
}

/** Secrets that hide in URLs would stand in the log for ever: they are refused, with the place where they belong. */
export function urlFindings(config: JsonObject): FieldFinding[] {
  const findings: FieldFinding[] = [];
  visit(config, [], (text, path) => {
    if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return;
    const url = new URL(text);
    const field = pathText('config', path);
    if (url.username !== '' || url.password !== '') {
      findings.push({ field, message: 'must not contain a user or password: use auth_type basic' });
    }
    if ([...url.searchParams.keys()].some(isSensitiveParameter)) {
      findings.push({ field, message: 'must not contain a secret: use auth_type api_key with location query' });
    }
  });
  return findings;
}

function visit(value: Json, path: SecretPath, see: (text: string, path: SecretPath) => void): void {
  if (typeof value === 'string') see(value, path);
  else if (Array.isArray(value)) value.forEach((item, index) => visit(item, [...path, index], see));
  else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) visit(item, [...path, key], see);
  }
}
