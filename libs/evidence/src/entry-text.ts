// Members of an event's metadata as the texts of its leaf entry: total over any JSON, and different for different values.
import { canonicalJson } from '@app/kernel';
import { base64UrlOf, utf8Of } from './byte-text.js';
import type { Sha256 } from './tree-hasher.js';

export interface EntryTexts {
  readonly actor: string;
  readonly cause: string;
  readonly corr: string;
  readonly occ: string;
  readonly schema: string;
}

/** Longer texts, in UTF-16 code units, are told by their hash, so that an entry stays small whatever the event holds. */
const TEXT_MAX = 256;

const ABSENT = '-';
const AS_JSON = '=';
const AS_HASH = '#';

/** @param metadata of any event, also one that some other program appended: nothing is assumed of it. */
export function entryTexts(metadata: unknown, sha256: Sha256): EntryTexts {
  const isObject = typeof metadata === 'object' && metadata !== null && !Array.isArray(metadata);
  const members = (isObject ? metadata : {}) as Readonly<Record<string, unknown>>;
  return {
    actor: actorText(members['actor'], sha256),
    cause: plainText(members['causationId'], sha256),
    corr: plainText(members['correlationId'], sha256),
    occ: plainText(members['occurredAt'], sha256),
    schema: schemaText(members['schemaVersion'], sha256),
  };
}

/** Such a text cannot be taken for one of the other spellings. */
const plain = /^[^-=#]/;

function plainText(value: unknown, sha256: Sha256): string {
  if (value === undefined) return ABSENT;
  if (typeof value === 'string' && value.length <= TEXT_MAX && plain.test(value)) return value;
  return otherText(value, sha256);
}

function schemaText(value: unknown, sha256: Sha256): string {
  if (value === undefined) return ABSENT;
  const isUsual = typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
  return isUsual ? String(value) : otherText(value, sha256);
}

const actorType = /^[a-z_]{1,32}$/;

function actorText(value: unknown, sha256: Sha256): string {
  if (value === undefined) return ABSENT;
  if (typeof value === 'object' && value !== null) {
    const { type, id } = value as Readonly<Record<string, unknown>>;
    const isUsual = typeof type === 'string' && actorType.test(type) && typeof id === 'string';
    if (isUsual && type.length + id.length < TEXT_MAX) return `${type}:${id}`;
  }
  return otherText(value, sha256);
}

function otherText(value: unknown, sha256: Sha256): string {
  const json = canonicalJson(value);
  if (json.length < TEXT_MAX) return `${AS_JSON}${json}`;
  return `${AS_HASH}${base64UrlOf(sha256(utf8Of(json)))}`;
}
