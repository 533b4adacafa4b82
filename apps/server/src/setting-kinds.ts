// How the text of a variable becomes a value. Each throws RangeError saying what is expected, without the text.
import { sha256 } from '@app/kernel';
import { isOrigin, parseSignerKey, parseVerifierKey } from '@app/evidence';
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

export function origin(value: string): string {
  if (isOrigin(value)) return value;
  throw new RangeError('must have at most 255 characters, no blanks and no plus');
}

export function signerKey(value: string): string {
  if (canBeRead(() => parseSignerKey(value).algorithm === 'ed25519')) return value;
  throw new RangeError('must be a signing key, as `runledger keys generate` writes it');
}

export function hexId(value: string): string {
  if (/^[0-9a-f]{8}$/.test(value)) return value;
  throw new RangeError('must be eight lower-case hexadecimal digits');
}

export interface Witness {
  readonly url: string;
  readonly vkey: string;
}

export function witnesses(value: string): readonly Witness[] {
  return list(value).map((entry) => {
    const [url = '', vkey = '', ...rest] = entry.split(/\s+/);
    const isKey = canBeRead(() => parseVerifierKey(vkey, sha256).algorithm === 'cosignature/v1');
    if (rest.length === 0 && isWebAddress(url) && isKey) return { url, vkey };
    throw new RangeError(
      'must be a list of "<http(s) address> <verifier key of a witness>", without user and password',
    );
  });
}

function isWebAddress(url: string): boolean {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const isBare = parsed?.username === '' && parsed.password === '' && parsed.search === '' && parsed.hash === '';
  return isBare && /^https?:$/.test(parsed.protocol);
}

function canBeRead(read: () => boolean): boolean {
  try {
    return read();
  } catch {
    return false;
  }
}
