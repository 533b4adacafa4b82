import fc from 'fast-check';
import { describeTarget, parseConnectionString } from './esdb-connection-string.js';
import { isStoreError } from './store-error.js';

function problemOf(text: string): string {
  try {
    parseConnectionString(text);
    return '';
  } catch (error) {
    return isStoreError(error, 'InvalidArgument') ? error.message : String(error);
  }
}

describe('a connection string', () => {
  it('names one node, TLS being the rule', () => {
    expect(parseConnectionString('esdb://db.example')).toMatchObject({
      discover: false,
      hosts: [{ address: 'db.example', port: 2113 }],
      tls: true,
      nodePreference: 'leader',
    });
  });

  it('names a cluster by several hosts or by one to ask', () => {
    const several = parseConnectionString('kurrentdb://a:1,b:2,[::1]:3?tls=false');
    expect(several).toMatchObject({ discover: true, tls: false });
    expect(several.hosts.map(({ address, port }) => `${address} ${port}`)).toEqual(['a 1', 'b 2', '[::1] 3']);
    expect(parseConnectionString('esdb+discover://cluster.example:2113/').discover).toBe(true);
    expect(parseConnectionString('kurrentdb+discover://c')).toMatchObject({ discover: true });
  });

  it('takes settings by the names of the documentation, in whatever case', () => {
    const query =
      'TLS=true&tlsCAFile=%2Fetc%2Fca.crt&userCertFile=u.crt&userKeyFile=u.key&nodePreference=readOnlyReplica' +
      '&maxDiscoverAttempts=3&discovery_interval=20&gossipTimeout=2&keepAliveInterval=20000&keepAliveTimeout=5000' +
      '&defaultDeadline=7000&connectionName=run%20ledger&tlsVerifyCert=true&throwOnAppendFailure=true';
    expect(parseConnectionString(`esdb://a?${query}`)).toEqual({
      discover: false,
      hosts: [{ address: 'a', port: 2113 }],
      tls: true,
      tlsCaFile: '/etc/ca.crt',
      userCertFile: 'u.crt',
      userKeyFile: 'u.key',
      nodePreference: 'read_only_replica',
      maxDiscoverAttempts: 3,
      discoveryIntervalMs: 20,
      gossipTimeoutSeconds: 2,
      keepAliveIntervalMs: 20_000,
      keepAliveTimeoutMs: 5_000,
      defaultDeadlineMs: 7_000,
      connectionName: 'run ledger',
    });
  });

  it('keeps a password whole, whatever it is made of', () => {
    const text = fc.string({ minLength: 1, unit: 'grapheme' });
    fc.assert(
      fc.property(text, text, (username, password) => {
        const given = `esdb://${encodeURIComponent(username)}:${encodeURIComponent(password)}@a:1`;
        expect(parseConnectionString(given).credentials).toEqual({ username, password });
      }),
    );
    expect(parseConnectionString('esdb://engine:pa:ss@wo?rd@a:1?tls=false')).toMatchObject({
      credentials: { username: 'engine', password: 'pa:ss@wo?rd' },
      hosts: [{ address: 'a', port: 1 }],
      tls: false,
    });
  });

  it.each([
    ['http://a', 'begins with esdb://'],
    ['a:2113', 'begins with esdb://'],
    ['', 'begins with esdb://'],
    ['esdb://', 'a host is'],
    ['esdb://a:99999', 'a host is'],
    ['esdb://a b', 'a host is'],
    ['esdb://a,', 'a host is'],
    ['esdb://engine@a', 'user:password'],
    ['esdb://engine:@a', 'user:password'],
    ['esdb://engine:%zz@a', 'the password is not well percent-encoded'],
    ['esdb://a?tls=false?tls=true', 'more than one "?"'],
    ['esdb://a?tls', 'tls has no value'],
    ['esdb://a?tls=perhaps', 'tls is true or false'],
    ['esdb://a?tlsVerifyCert=false', 'cannot be switched off'],
    ['esdb://a?keepAliveInterval=1', 'keepAliveInterval is an integer >= 10000'],
    ['esdb://a?nodePreference=best', 'nodePreference is'],
    ['esdb://a?colour=blue', 'no setting "colour"'],
    ['esdb://a?userCertFile=x', 'come together'],
  ])('%j is refused in words', (text, problem) => {
    expect(problemOf(text)).toContain(problem);
  });

  it('is never shown with its password, neither when it is refused nor when it is described', () => {
    const wrong = ['?colour=s3cret', '?tls=s3cret', ':s3cret', ',s3cret s3cret', '?keepAliveInterval=s3cret'];
    for (const rest of wrong) expect(problemOf(`esdb://engine:s3cret@a${rest}`)).toMatch(/^(?!.*s3cret).+$/);
    for (const text of ['s3cret', 'x://s3cret@a', 'esdb://s3cret@a'])
      expect(problemOf(text)).toMatch(/^(?!.*s3cret).+$/);
    expect(describeTarget(parseConnectionString('esdb://engine:s3cret@a:1,b:2'))).toBe('esdb+discover://a:1,b:2');
  });
});
