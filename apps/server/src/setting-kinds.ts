// How the text of a variable becomes a value. Each throws RangeError saying what is expected, without the text.
import type { TrustedProxies } from '@app/shell';
import { trustedProxies } from '@app/shell';

export const text = (value: string): string => value;
export const list = (value: string): readonly string[] =>
  value
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');

export function integer(min: number, max: number): (value: string) => number {
  return (value) => {
    const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
    if (number >= min && number <= max) return number;
    throw new RangeError(`must be a whole number from ${min} to ${max}`);
  };
}

export function oneOf<T extends string>(...words: readonly T[]): (value: string) => T {
  return (value) => {
    const word = words.find((each) => each === value);
    if (word !== undefined) return word;
    throw new RangeError(`must be one of ${words.join(', ')}`);
  };
}

export function atLeast(characters: number): (value: string) => string {
  return (value) => {
    if (value.length >= characters) return value;
    throw new RangeError(`must have at least ${characters} characters`);
  };
}

export function secretsKey(value: string): string {
  if (/^[A-Za-z0-9+/]{43}=$/.test(value)) return value;
  throw new RangeError('must be 32 bytes in base64: 43 digits and an equals sign');
}

export function eventStoreUrl(value: string): string {
  if (/^(?:esdb|kurrentdb|kdb)(?:\+discover)?:\/\/[^\s/?]/.test(value)) return value;
  throw new RangeError('must be a connection string, as in esdb://user:password@host:2113?tls=true');
}

export function viewsUrl(value: string): string {
  if (/^postgres(?:ql)?:\/\/\S/.test(value)) return value;
  throw new RangeError('must be a URL, as in postgres://user:password@host:5432/database?sslmode=verify-full');
}

export function schemaName(value: string): string {
  if (/^[a-z_][a-z0-9_]{0,62}$/.test(value)) return value;
  throw new RangeError('must be at most 63 lower-case letters, digits and _');
}

export function proxies(value: string): TrustedProxies {
  const trusts = trustedProxies(list(value));
  if (typeof trusts === 'function') return trusts;
  throw new RangeError('must be a list of addresses, CIDR ranges or the word loopback');
}

export function origins(value: string): readonly string[] {
  const all = list(value);
  const isOrigin = (entry: string): boolean => /^https?:\/\/[^/\s?#*]+$/.test(entry);
  if (all.every(isOrigin)) return all;
  throw new RangeError('must be a list of origins, as in https://console.example; a wildcard is not possible');
}

export function host(value: string): string {
  if (/^[A-Za-z0-9.:_-]{1,253}$/.test(value)) return value;
  throw new RangeError('must be a host name or an address');
}
