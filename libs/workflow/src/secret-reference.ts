// In an event a secret stands as `{"$secret": "<id>"}`, a reference into the secret store.
import type { Json } from '@app/kernel';

export interface SecretReference {
  [key: string]: Json;
  $secret: string;
}

export function secretReference(id: string): SecretReference {
  return { $secret: id };
}

/** The id in the secret store, or undefined when the value is no reference. */
export function secretIdOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const keys = Object.keys(value);
  const id = (value as { $secret?: unknown }).$secret;
  return keys.length === 1 && typeof id === 'string' ? id : undefined;
}
