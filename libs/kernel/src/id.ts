import { v5 } from 'uuid';

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Whether the text has the shape of a UUID of any version (RFC 9562), in either case. */
export function isUuid(text: unknown): text is string {
  return typeof text === 'string' && uuidPattern.test(text);
}

/** The same parts give the same id for ever (UUID version 5). `namespace` is a UUID. */
export function deterministicId(namespace: string, name: string): string {
  return v5(name, namespace);
}

/** Where fresh ids come from: time-ordered UUIDs (version 7). Injected, so that decisions stay repeatable. */
export abstract class IdSource {
  abstract next(): string;
}
