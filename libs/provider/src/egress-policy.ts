// Where calls may go. Decided on the address that is then connected to, never on a name alone.
import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Range = readonly [Address, number];

/** What the operator opened on purpose (EGRESS_ALLOW). Some addresses stay closed whatever stands here. */
export interface EgressPolicy {
  readonly loopback: boolean;
  readonly private: boolean;
  readonly ranges: readonly Range[];
  /** Host names, lower-case, whose addresses may be private. */
  readonly hosts: ReadonlySet<string>;
}

/** Told apart from a DNS error by its class; its message is safe to show. */
export class EgressRefusedError extends Error {}

const hostName = /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*$/;

/**
 * Reads EGRESS_ALLOW: words `loopback` and `private`, address ranges (`10.1.0.0/16`), addresses and host names.
 * Throws RangeError naming the entry that is none of these.
 */
export function parseEgressAllow(entries: readonly string[]): EgressPolicy {
  const ranges: Range[] = [];
  const hosts = new Set<string>();
  const words = new Set<string>();
  for (const entry of entries.map((text) => text.trim().toLowerCase()).filter((text) => text !== '')) {
    if (entry === 'loopback' || entry === 'private') words.add(entry);
    else if (ipaddr.isValidCIDR(entry)) ranges.push(ipaddr.parseCIDR(entry));
    else if (ipaddr.IPv4.isValidFourPartDecimal(entry)) ranges.push([ipaddr.parse(entry), 32]);
    else if (ipaddr.IPv6.isValid(entry)) ranges.push([ipaddr.parse(entry), 128]);
    else if (hostName.test(entry) && !ipaddr.isValid(entry)) hosts.add(entry);
    else throw new RangeError(`"${entry}" is neither loopback, private, an address range nor a host name`);
  }
  return { loopback: words.has('loopback'), private: words.has('private'), ranges, hosts };
}

/**
 * Why the URL may not be called, or undefined. A host name passes here: its addresses are judged one by one by
 * `addressRefusal` when it is resolved.
 */
export function urlRefusal(policy: EgressPolicy, url: URL): string | undefined {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'only http and https may be called';
  if (url.hostname === '') return 'the URL has no host';
  const host = hostOf(url);
  return ipaddr.isValid(host) ? addressRefusal(policy, host) : undefined;
}

/** Host of the URL without brackets and trailing dot, lower-case. */
export function hostOf(url: URL): string {
  const host = url.hostname.toLowerCase();
  if (host.startsWith('[')) return host.slice(1, -1);
  return host.endsWith('.') ? host.slice(0, -1) : host;
}

/** Why the address may not be connected to, or undefined. Any spelling is understood: octal, hexadecimal, one number. */
export function addressRefusal(policy: EgressPolicy, address: string, host?: string): string | undefined {
  if (!ipaddr.isValid(address)) return `${address} is not an IP address`;
  const parsed = ipaddr.parse(address);
  const closed = parsed.kind() === 'ipv4' ? neverV4(parsed) : neverV6(parsed as ipaddr.IPv6);
  if (closed) return `${address} is ${closed}`;
  if (host !== undefined && policy.hosts.has(host)) return undefined;
  if (policy.ranges.some((range) => within(parsed, range))) return undefined;
  if (inAny(parsed, loopbackRanges)) return policy.loopback ? undefined : `${address} is a loopback address`;
  if (inAny(parsed, privateRanges)) return policy.private ? undefined : `${address} is a private address`;
  const open =
    parsed.kind() === 'ipv4' ? !inAny(parsed, reservedV4) : inAny(parsed, globalV6) && !inAny(parsed, reservedV6);
  return open ? undefined : `${address} is a reserved address`;
}

function ranges(...texts: string[]): readonly Range[] {
  return texts.map((text) => ipaddr.parseCIDR(text));
}

const loopbackRanges = ranges('127.0.0.0/8', '::1/128');
const privateRanges = ranges('10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7');
const neverRangesV4: readonly (readonly [string, readonly Range[]])[] = [
  ['a link-local or metadata address', ranges('169.254.0.0/16', '168.63.129.16/32')],
  ['a carrier-grade NAT address', ranges('100.64.0.0/10')],
  ['no unicast address', ranges('0.0.0.0/8', '224.0.0.0/4', '240.0.0.0/4')],
];
const neverRangesV6: readonly (readonly [string, readonly Range[]])[] = [
  ['a metadata address', ranges('fd00:ec2::254/128')],
  ['link-local or no unicast address', ranges('fe80::/10', 'fec0::/10', 'ff00::/8', '::/128')],
  [
    'an IPv4 address in disguise',
    ranges('::ffff:0:0/96', '::ffff:0:0:0/96', '64:ff9b::/96', '64:ff9b:1::/48', '2002::/16', '2001::/32'),
  ],
];
const compatibleV4 = ranges('::/96');
/** Special-purpose registries of IANA (RFC 6890 and its updates): documentation, benchmarks, protocol assignments. */
const reservedV4 = ranges(
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
);
const globalV6 = ranges('2000::/3');
const reservedV6 = ranges('2001::/23', '2001:db8::/32', '3fff::/20');

function neverV4(address: Address): string | undefined {
  return neverRangesV4.find(([, closed]) => inAny(address, closed))?.[0];
}

function neverV6(address: ipaddr.IPv6): string | undefined {
  if (address.zoneId !== undefined) return 'a scoped address';
  const found = neverRangesV6.find(([, closed]) => inAny(address, closed))?.[0];
  if (found) return found;
  const isatap = ((address.parts[4] ?? 0) & ~0x0200) === 0 && address.parts[5] === 0x5efe;
  const compatible = inAny(address, compatibleV4) && !inAny(address, loopbackRanges);
  return isatap || compatible ? 'an IPv4 address in disguise' : undefined;
}

function inAny(address: Address, list: readonly Range[]): boolean {
  return list.some((range) => within(address, range));
}

function within(address: Address, [network, bits]: Range): boolean {
  return address.kind() === network.kind() && address.match(network, bits);
}
