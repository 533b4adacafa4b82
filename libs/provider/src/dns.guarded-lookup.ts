// Name resolution under the egress policy: the addresses judged here are the very ones that are connected to.
import type { LookupAddress, LookupOptions } from 'node:dns';
import { lookup } from 'node:dns';
import type { EgressPolicy } from './egress-policy.js';
import { addressRefusal, EgressRefusedError } from './egress-policy.js';

export type Resolver = (
  host: string,
  options: { readonly all: true },
  answer: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

export type LookupAnswer = (
  error: NodeJS.ErrnoException | null,
  address: string | LookupAddress[],
  family?: number,
) => void;

/** A `lookup` for `net.connect`. One address that is refused refuses the name: a mixed answer is an attack or a mistake. */
export function guardedLookup(policy: EgressPolicy, resolver: Resolver = lookup) {
  return (hostname: string, options: LookupOptions, answer: LookupAnswer): void => {
    const host = hostname.toLowerCase().replace(/\.$/, '');
    resolver(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return answer(error, []);
      for (const { address } of addresses) {
        const refused = addressRefusal(policy, address, host);
        if (refused) return answer(new EgressRefusedError(`${host} is not allowed: ${refused}`), []);
      }
      const [first] = addresses;
      if (!first) return answer(Object.assign(new Error('no address'), { code: 'ENOTFOUND' }), []);
      return options.all ? answer(null, addresses) : answer(null, first.address, first.family);
    });
  };
}
