// Whose word about a client's address is taken.
import ipaddr from 'ipaddr.js';

export type TrustedProxies = (address: string) => boolean;

export const trustNobody: TrustedProxies = () => false;

const loopback = ['127.0.0.0/8', '::1/128'];

/** @param names addresses, CIDR ranges, or `loopback`. Returns the first one that is none of these as `unknown`. */
export function trustedProxies(names: readonly string[]): TrustedProxies | { readonly unknown: string } {
  if (names.length === 0) return trustNobody;
  const ranges: [ipaddr.IPv4 | ipaddr.IPv6, number][] = [];
  for (const name of names.flatMap((each) => (each === 'loopback' ? loopback : [each]))) {
    const range = rangeOf(name);
    if (!range) return { unknown: name };
    ranges.push(range);
  }
  return (address) => {
    if (!ipaddr.isValid(address)) return false;
    const parsed = ipaddr.process(address);
    return ranges.some((range) => parsed.kind() === range[0].kind() && parsed.match(range));
  };
}

function rangeOf(name: string): [ipaddr.IPv4 | ipaddr.IPv6, number] | undefined {
  if (ipaddr.isValidCIDR(name)) return ipaddr.parseCIDR(name);
  if (!ipaddr.isValid(name) || !(ipaddr.IPv4.isValidFourPartDecimal(name) || name.includes(':'))) return undefined;
  const address = ipaddr.process(name);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}

const HOPS_MAX = 32;

/**
 * The address that really asks: the peer, unless it is a trusted proxy; then the last hop of X-Forwarded-For that is
 * not trusted. What stands before that hop could be anybody's invention. A hop that is no address ends the walk.
 */
export function clientAddress(peer: string, forwardedFor: string | undefined, trusts: TrustedProxies): string {
  let client = plain(peer);
  if (forwardedFor === undefined || trusts === trustNobody) return client;
  for (const hop of forwardedFor.split(',').slice(-HOPS_MAX).reverse()) {
    if (!trusts(client)) return client;
    const address = hop.trim();
    if (!ipaddr.isValid(address)) return client;
    client = plain(address);
  }
  return client;
}

/** IPv4 addresses that arrive in IPv6 dress are shown as IPv4. */
function plain(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}
