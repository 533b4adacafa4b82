// How secrets travel: plain on the way in, references in events, masks on the way out.
import type { FieldFinding, Json, JsonObject } from '@app/kernel';
import type { SecretStore } from './secret-store.js';

/** Keys and indexes from the root of a document. */
export type SecretPath = readonly (string | number)[];
export type IsSecretPath = (path: SecretPath) => boolean;

/** What stands in an event instead of a secret. A secret number remembers that it was one. */
export interface SecretReference extends JsonObject {
  $secret: string;
}

export interface SealedDocument {
  /** The document with a reference in place of every secret. */
  readonly document: JsonObject;
  /** Ids that were put into the store for it: to be deleted when the document is not kept. */
  readonly created: readonly string[];
}

export interface OpenedDocument {
  readonly document: JsonObject;
  /** References whose secret is gone; null stands in their places. */
  readonly missing: readonly string[];
}

const FULL_MASK = '********';

export function isSecretReference(value: unknown): value is SecretReference {
  return typeof value === 'object' && value !== null && typeof (value as JsonObject)['$secret'] === 'string';
}

/** `****` and the last four characters; of less than nine characters, nothing is shown. */
export function maskOf(secret: string | undefined): string {
  if (secret === undefined) return FULL_MASK;
  const characters = [...secret];
  return characters.length < 9 ? FULL_MASK : `****${characters.slice(-4).join('')}`;
}

function looksMasked(value: Json): boolean {
  return typeof value === 'string' && (value === FULL_MASK || (value.startsWith('****') && [...value].length === 8));
}

/** Ids of all references in the document. */
export function secretIdsIn(document: Json | undefined): string[] {
  const ids: string[] = [];
  mapNodes(document ?? null, [], (value) => {
    if (isSecretReference(value)) ids.push(value.$secret);
    return isSecretReference(value) ? value : undefined;
  });
  return ids;
}

/** Objects shaped like references where only plain values may stand: nobody can claim another one's secret. */
export function foreignReferences(document: Json, root: string): FieldFinding[] {
  const findings: FieldFinding[] = [];
  mapNodes(document, [], (value, path) => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value) && '$secret' in value) {
      findings.push({ field: pathText(root, path), message: 'must not be a reference to a secret' });
    }
    return undefined;
  });
  return findings;
}

/**
 * Puts the real secrets back where a mask was sent unchanged; `previous` is the sealed document as it stands. A mask that
 * fits no stored secret is a finding, because nobody means it.
 */
export async function unmaskSecrets(
  document: JsonObject,
  isSecret: IsSecretPath,
  previous: JsonObject | undefined,
  store: SecretStore,
  root: string,
): Promise<{ readonly document: JsonObject; readonly findings: readonly FieldFinding[] }> {
  const texts = await textsOf(previous ?? {}, store);
  const findings: FieldFinding[] = [];
  const plain = mapNodes(document, [], (value, path) => {
    if (!looksMasked(value) || !isSecret(path)) return undefined;
    const before = valueAt(previous, path);
    const text = isSecretReference(before) ? texts.get(before.$secret) : undefined;
    if (isSecretReference(before) && text !== undefined && value === maskOf(text)) return plainValue(before, text);
    findings.push({ field: pathText(root, path), message: 'is a mask that fits no stored secret: send the secret' });
    return undefined;
  });
  return { document: plain as JsonObject, findings };
}

/** Moves every secret of the document into the store. What equals a secret of `previous` keeps its reference. */
export async function sealSecrets(
  document: JsonObject,
  isSecret: IsSecretPath,
  store: SecretStore,
  previous?: JsonObject,
): Promise<SealedDocument> {
  const texts = await textsOf(previous ?? {}, store);
  const pending: { readonly reference: SecretReference; readonly text: string }[] = [];
  const sealed = mapNodes(document, [], (value, path) => {
    if ((typeof value !== 'string' && typeof value !== 'number') || value === '' || !isSecret(path)) return undefined;
    const before = valueAt(previous, path);
    if (isSecretReference(before)) {
      const text = texts.get(before.$secret);
      if (text !== undefined && plainValue(before, text) === value) return before;
    }
    const reference = { $secret: '', ...(typeof value === 'number' ? { type: 'number' } : {}) };
    pending.push({ reference, text: String(value) });
    return reference;
  });
  const created: string[] = [];
  try {
    for (const { reference, text } of pending) {
      reference.$secret = await store.put(text);
      created.push(reference.$secret);
    }
  } catch (error) {
    await store.delete(created);
    throw error;
  }
  return { document: sealed as JsonObject, created };
}

/** The document with its secrets in clear: for a call in progress, never for an answer. */
export async function openSecrets(document: JsonObject, store: SecretStore): Promise<OpenedDocument> {
  const texts = await textsOf(document, store);
  const missing: string[] = [];
  const opened = mapNodes(document, [], (value) => {
    if (!isSecretReference(value)) return undefined;
    const text = texts.get(value.$secret);
    if (text === undefined) missing.push(value.$secret);
    return text === undefined ? null : plainValue(value, text);
  });
  return { document: opened as JsonObject, missing };
}

/** The document as it may be shown: a mask in place of every reference. */
export async function maskSecrets(document: JsonObject, store: SecretStore): Promise<JsonObject> {
  const texts = await textsOf(document, store);
  const masked = mapNodes(document, [], (value) =>
    isSecretReference(value) ? maskOf(texts.get(value.$secret)) : undefined,
  );
  return masked as JsonObject;
}

/** The secret texts themselves, to be cut out of whatever a provider echoes. */
export async function secretTextsOf(document: JsonObject, store: SecretStore): Promise<readonly string[]> {
  return [...(await textsOf(document, store)).values()];
}

/** As in `config.auth.client_secret` or `nodes[2].data.verify_token`. */
export function pathText(root: string, path: SecretPath): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? part : `${text}.${part}`;
  }, root);
}

async function textsOf(document: Json, store: SecretStore): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for (const id of secretIdsIn(document)) {
    const text = await store.get(id);
    if (text !== undefined) texts.set(id, text);
  }
  return texts;
}

function plainValue(reference: SecretReference, text: string): string | number {
  return reference['type'] === 'number' ? Number(text) : text;
}

function valueAt(document: Json | undefined, path: SecretPath): Json | undefined {
  let value: Json | undefined = document;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || isSecretReference(value)) return undefined;
    if (!Object.hasOwn(value, part)) return undefined;
    value = (value as JsonObject)[part];
  }
  return value;
}

/** A copy in which `replace` has had its say at every node, outermost first; undefined goes deeper. */
function mapNodes(value: Json, path: SecretPath, replace: (value: Json, path: SecretPath) => Json | undefined): Json {
  const replaced = replace(value, path);
  if (replaced !== undefined) return replaced;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item, index) => mapNodes(item, [...path, index], replace));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapNodes(item, [...path, key], replace)]));
}
