import fc from 'fast-check';
import { addressRefusal, parseEgressAllow, urlRefusal } from './egress-policy.js';

const closed = parseEgressAllow([]);
const wide = parseEgressAllow(['loopback', 'private', '0.0.0.0/0', '::/0']);

function refusesUrl(text: string, policy = closed): boolean {
  return urlRefusal(policy, new URL(text)) !== undefined;
}

describe('egress policy', () => {
  it.each([
    ['127.0.0.1'],
    ['10.1.2.3'],
    ['172.16.0.1'],
    ['192.168.1.1'],
    ['198.18.0.1'],
    ['192.0.2.1'],
    ['::1'],
    ['fc00::1'],
    ['2001:db8::1'],
    ['3fff::1'],
    ['2001:10::1'],
    ['4000::1'],
  ])('refuses %s unless the operator opened it', (address) => {
    expect(addressRefusal(closed, address)).toBeDefined();
    expect(addressRefusal(wide, address)).toBeUndefined();
  });

  it.each([
    ['169.254.169.254'],
    ['100.64.0.1'],
    ['168.63.129.16'],
    ['0.0.0.0'],
    ['224.0.0.1'],
    ['255.255.255.255'],
    ['fd00:ec2::254'],
    ['fe80::1'],
    ['ff02::1'],
    ['::'],
    ['::ffff:127.0.0.1'],
    ['::ffff:8.8.8.8'],
    ['::127.0.0.1'],
    ['::8.8.8.8'],
    ['::ffff:0:8.8.8.8'],
    ['64:ff9b::8.8.8.8'],
    ['64:ff9b:1::1'],
    ['2002:7f00:1::'],
    ['2001:0:4136:e378::1'],
    ['2606:4700::5efe:7f00:1'],
    ['2606:4700::200:5efe:7f00:1'],
    ['fe80::1%eth0'],
    ['no address'],
  ])('refuses %s whatever the operator opened', (address) => {
    expect(addressRefusal(wide, address, 'named.example')).toBeDefined();
  });

  it.each([['8.8.8.8'], ['1.1.1.1'], ['2606:4700:4700::1111'], ['2001:4860:4860::8888']])('lets %s pass', (address) => {
    expect(addressRefusal(closed, address)).toBeUndefined();
  });

  it.each([
    ['http://0x7f.1/'],
    ['http://0177.0.0.1/'],
    ['http://2130706433/'],
    ['http://127.1/'],
    ['http://127.0.0.1./'],
    ['http://[::1]/'],
    ['http://[::ffff:7f00:1]/'],
    ['http://%31%32%37.0.0.1/'],
    ['http://①②⑦.0.0.1/'],
    ['ftp://8.8.8.8/'],
    ['file:///etc/passwd'],
    ['data:text/plain,x'],
  ])('refuses the URL %s', (url) => {
    expect(refusesUrl(url)).toBe(true);
  });

  it('opens loopback, private ranges, single ranges and hosts apart from each other', () => {
    const loopback = parseEgressAllow(['Loopback ']);
    expect([addressRefusal(loopback, '127.0.0.1'), addressRefusal(loopback, '::1')]).toEqual([undefined, undefined]);
    expect(addressRefusal(loopback, '10.0.0.1')).toContain('private');
    expect(addressRefusal(parseEgressAllow(['private']), '127.0.0.1')).toContain('loopback');
    expect(addressRefusal(parseEgressAllow(['10.1.0.0/16']), '10.1.9.9')).toBeUndefined();
    expect(addressRefusal(parseEgressAllow(['10.1.0.0/16']), '10.2.0.1')).toBeDefined();
    const named = parseEgressAllow(['core.bank.internal']);
    expect(addressRefusal(named, '10.0.0.1', 'core.bank.internal')).toBeUndefined();
    expect(addressRefusal(named, '10.0.0.1', 'other.bank.internal')).toBeDefined();
  });

  it('names the entry that it does not understand', () => {
    expect(() => parseEgressAllow(['loopback', '10.0.0.0/99'])).toThrow('"10.0.0.0/99"');
    expect(() => parseEgressAllow(['a b'])).toThrow(RangeError);
    expect(() => parseEgressAllow(['0x7f.1'])).toThrow(RangeError);
  });

  it('sees through every spelling of an IPv4 address', () => {
    const octet = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(fc.constantFrom(10, 127), octet, octet, octet, (a, b, c, d) => {
        const number = ((a * 256 + b) * 256 + c) * 256 + d;
        const spellings = [
          `${a}.${b}.${c}.${d}`,
          `${number}`,
          `0x${number.toString(16)}`,
          `0${a.toString(8)}.0${b.toString(8)}.0${c.toString(8)}.0${d.toString(8)}`,
          `0x${a.toString(16)}.${b}.${c * 256 + d}`,
          `[::ffff:${a}.${b}.${c}.${d}]`,
          `[64:ff9b::${a}.${b}.${c}.${d}]`,
        ];
        return spellings.every((host) => refusesUrl(`http://${host}/`));
      }),
    );
  });

  it('lets no IPv6 address outside 2000::/3 pass', () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        const passes = addressRefusal(closed, address) === undefined;
        const head = Number.parseInt(address.split(':')[0] || '0', 16);
        return !passes || (head >= 0x2000 && head <= 0x3fff);
      }),
    );
  });
});
