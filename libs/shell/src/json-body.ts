// A request body as bytes, read strictly.
import type { Refusal } from '@app/kernel';
import { jsonDefect, refuse } from '@app/kernel';

/** Stands where a body would stand that could not be read; thrown by whoever needs the body, and not before. */
export class UnreadableBody {
  constructor(readonly refusal: Refusal) {}
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** `application/json`, `application/problem+json; charset=utf-8`: everything whose type ends with `json`. */
export function isJsonType(contentType: string | undefined): boolean {
  const type = contentType?.split(';', 1)[0]?.trim().toLowerCase();
  return type?.endsWith('json') ?? false;
}

/**
 * The document in the bytes: undefined for none (a command without content), UnreadableBody for another media type,
 * broken UTF-8 or JSON, too many levels, and keys that reach for prototypes.
 */
export function readJsonBody(bytes: Uint8Array, contentType: string | undefined): unknown {
  if (bytes.length === 0) return undefined;
  if (!isJsonType(contentType)) {
    return unreadable('the body must be JSON, sent with a Content-Type that ends in json');
  }
  let value: unknown;
  let text: string;
  try {
    text = utf8.decode(bytes);
    value = JSON.parse(text);
  } catch {
    return unreadable('the body is not valid JSON');
  }
  const defect = jsonDefect(value);
  if (defect) {
    const field = defect.path.slice(0, 200);
    return new UnreadableBody(
      refuse('invalid', 'FLK-0001', `the body is not acceptable JSON: ${field} ${defect.problem}`.trim(), [
        { field, message: defect.problem },
      ]),
    );
  }
  if (mayNamePrototype(text) && namesPrototype(value)) {
    return unreadable('the body contains a forbidden key: constructor.prototype');
  }
  return value;
}

function unreadable(message: string): UnreadableBody {
  return new UnreadableBody(refuse('invalid', 'FLK-0001', message));
}

/** Cheap and never wrong in the safe direction: a key can be spelled with escapes. */
function mayNamePrototype(text: string): boolean {
  return text.includes('constructor') || text.includes('\\u');
}

function namesPrototype(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some(namesPrototype);
  const { constructor: inner } = value as { constructor?: unknown };
  if (Object.hasOwn(value, 'constructor') && typeof inner === 'object' && inner && Object.hasOwn(inner, 'prototype')) {
    return true;
  }
  return Object.values(value).some(namesPrototype);
}
