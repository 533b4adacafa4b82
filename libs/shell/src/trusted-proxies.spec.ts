import type { TrustedProxies } from './trusted-proxies.js';
import { clientAddress, trustedProxies, trustNobody } from './trusted-proxies.js';

const trusting = (...names: string[]): TrustedProxies => trustedProxies(names) as TrustedProxies;

describe('the address of the caller', () => {
  const peer = '10.0.0.1';

  it('is the peer when nobody is trusted, whatever the header says', () => {
    expect(clientAddress(peer, '192.0.2.9', trustNobody)).toBe(peer);
    expect(clientAddress(peer, '192.0.2.9', trusting('10.0.0.2'))).toBe(peer);
  });

  it('is the last hop that is not trusted; what stands before it may be invented', () => {
    const trusts = trusting('10.0.0.0/8', 'loopback');
    expect(clientAddress(peer, '192.0.2.9', trusts)).toBe('192.0.2.9');
    expect(clientAddress(peer, '1.2.3.4, 192.0.2.9, 10.0.0.7', trusts)).toBe('192.0.2.9');
    expect(clientAddress('::ffff:127.0.0.1', '2001:db8::1', trusts)).toBe('2001:db8::1');
    expect(clientAddress(peer, '10.0.0.3, 10.0.0.2', trusts)).toBe('10.0.0.3');
  });

  it('is the last good hop when one is no address', () => {
    const trusts = trusting('10.0.0.0/8');
    for (const header of ['', 'unknown', '192.0.2.9, <script>', '1.2.3.4:80']) {
      expect(clientAddress(peer, header, trusts)).toBe(peer);
    }
    expect(clientAddress(peer, 'nonsense, 10.0.0.5', trusts)).toBe('10.0.0.5');
  });

  it('is shown as IPv4 when it is one in IPv6 dress', () => {
    expect(clientAddress('::ffff:192.0.2.1', undefined, trustNobody)).toBe('192.0.2.1');
    expect(clientAddress('::1', undefined, trustNobody)).toBe('::1');
  });

  it('bounds the walk', () => {
    expect(clientAddress(peer, Array(100_000).fill('10.0.0.9').join(','), trusting('10.0.0.0/8'))).toBe('10.0.0.9');
  });
});

describe('the list of trusted proxies', () => {
  it('takes addresses, ranges and loopback', () => {
    const trusts = trusting('loopback', '192.0.2.0/24', '2001:db8::/32', '198.51.100.7');
    const trusted = ['127.9.9.9', '::1', '::ffff:127.0.0.1', '192.0.2.200', '2001:db8:1::1', '198.51.100.7'];
    const others = ['198.51.100.8', '192.0.3.1', '2001:db9::1', 'nonsense', ''];
    expect(trusted.filter(trusts)).toEqual(trusted);
    expect(others.filter(trusts)).toEqual([]);
  });

  it.each(['proxy.example', '10.0.0.0/33', '*', '10.1', 'true'])('names what it does not understand: %s', (name) => {
    expect(trustedProxies(['loopback', name])).toEqual({ unknown: name });
  });
});
