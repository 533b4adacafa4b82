import { isLoopback, parseSettings, SettingsError, settingsTable } from './settings.js';

const problemsOf = (environment: Record<string, string>): readonly string[] => {
  try {
    parseSettings(environment);
    return [];
  } catch (error) {
    return (error as SettingsError).problems;
  }
};

describe('the settings', () => {
  it('have defaults that a fresh machine can start with', () => {
    const { trusts, ...settings } = parseSettings({});
    expect(trusts('127.0.0.1')).toBe(false);
    expect(settings).toEqual({
      host: '127.0.0.1',
      port: 4021,
      dataDirectory: './data',
      viewsSchema: 'runledger',
      auth: 'off',
      egressAllow: ['loopback'],
      corsAllowedOrigins: [],
      logLevel: 'info',
      bodyLimitBytes: 4_194_304,
      requestTimeoutMs: 30_000,
      liveRunsMax: 10_000,
      stepConcurrencyMax: 256,
      runTimeoutMs: 300_000,
      stepTimeoutMs: 30_000,
      evidenceWitnesses: [],
      evidenceScrubRate: 2_000,
    });
  });

  it('say whose the evidence is, and who holds on to it', () => {
    const vkey = 'witness.example/w1+df1c0a35+BIE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU';
    const settings = parseSettings({
      EVIDENCE_ORIGIN: 'runledger.example/log',
      EVIDENCE_WITNESSES: `https://w.example/prefix ${vkey}`,
      EVIDENCE_REPLACES_KEY: '0a1b2c3d',
    });
    expect(settings).toMatchObject({
      evidenceOrigin: 'runledger.example/log',
      evidenceReplacesKey: '0a1b2c3d',
      evidenceWitnesses: [{ url: 'https://w.example/prefix', vkey }],
    });
    expect(
      problemsOf({
        EVIDENCE_ORIGIN: 'two words',
        EVIDENCE_KEY: 'PRIVATE+KEY+hush',
        EVIDENCE_REPLACES_KEY: 'x',
        EVIDENCE_WITNESSES: `https://user:hush@w.example ${vkey}`,
        EVIDENCE_SCRUB_RATE: '0',
      }),
    ).toEqual([
      expect.stringMatching(/^EVIDENCE_ORIGIN must have at most 255/),
      expect.stringMatching(/^EVIDENCE_KEY must be a signing key/),
      expect.stringMatching(/^EVIDENCE_REPLACES_KEY must be eight/),
      expect.stringMatching(/^EVIDENCE_WITNESSES must be a list of .* without user and password$/),
      expect.stringMatching(/^EVIDENCE_SCRUB_RATE must be a whole number from 1/),
    ]);
    const [otherKey] = ['runledger.example/log+36e1f928+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c'];
    expect(problemsOf({ EVIDENCE_WITNESSES: `https://w.example ${otherKey}` })).toHaveLength(1);
  });

  it('take connection strings for the stores', () => {
    const urls = { EVENTSTORE_URL: 'esdb+discover://u:p@a:2113,b:2113', VIEWS_URL: 'postgresql://u:p@db/views' };
    expect(parseSettings(urls)).toMatchObject({ eventStoreUrl: urls.EVENTSTORE_URL, viewsUrl: urls.VIEWS_URL });
    expect(problemsOf({ EVENTSTORE_URL: 'http://a', VIEWS_URL: 'mysql://b', VIEWS_SCHEMA: 'No Name' })).toEqual([
      expect.stringMatching(/^EVENTSTORE_URL must be a connection string/),
      expect.stringMatching(/^VIEWS_URL must be a URL/),
      expect.stringMatching(/^VIEWS_SCHEMA must be at most 63/),
    ]);
  });

  it('are frozen', () => {
    expect(Object.isFrozen(parseSettings({}))).toBe(true);
  });

  it('take an empty variable for an absent one', () => {
    expect(parseSettings({ PORT: '', HOST: ' ', AUTH: '', SECRETS_KEY: '' }).port).toBe(4021);
  });

  it('demand keys and close the way to this machine as soon as others can reach the server', () => {
    expect(parseSettings({ HOST: '0.0.0.0' })).toMatchObject({ auth: 'keys', egressAllow: [] });
    expect(parseSettings({ HOST: '0.0.0.0', EGRESS_ALLOW: 'loopback, 10.0.0.0/8' }).egressAllow).toEqual([
      'loopback',
      '10.0.0.0/8',
    ]);
    expect(problemsOf({ HOST: '0.0.0.0', AUTH: 'off' })).toEqual([
      'AUTH cannot be off unless HOST is a loopback address',
    ]);
    expect(parseSettings({ HOST: '::1', AUTH: 'keys' }).auth).toBe('keys');
  });

  it('name every bad variable at once, and no value', () => {
    const hush = 'hush-hush';
    const problems = problemsOf({
      PORT: hush,
      AUTH: hush,
      LOG_LEVEL: hush,
      TRUSTED_PROXIES: hush,
      CORS_ALLOWED_ORIGINS: '*',
      API_KEY_PEPPER: hush,
      SECRETS_KEY: hush,
      MAX_LIVE_RUNS: '-1',
      HOST: 'a b',
    });
    expect(problems.map((problem) => problem.split(' ')[0]).sort()).toEqual(
      ['API_KEY_PEPPER', 'AUTH', 'CORS_ALLOWED_ORIGINS', 'HOST', 'LOG_LEVEL', 'MAX_LIVE_RUNS', 'PORT'].concat([
        'SECRETS_KEY',
        'TRUSTED_PROXIES',
      ]),
    );
    expect(problems.join()).not.toContain(hush);
  });

  it.each(['0x50', '1e3', '65536', '4021.5', ' -1'])('take no port %s', (PORT) => {
    expect(problemsOf({ PORT })).toEqual(['PORT must be a whole number from 0 to 65535']);
  });

  it('know a loopback address', () => {
    expect(['127.0.0.1', '127.1.2.3', 'localhost', '::1'].every(isLoopback)).toBe(true);
    expect(['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example', '1127.0.0.1', 'example'].some(isLoopback)).toBe(false);
  });

  it('stand in one table, a row each', () => {
    const rows = settingsTable().split('\n');
    expect(rows).toHaveLength(2 + 26);
    expect(rows.every((row) => row.startsWith('|') && row.endsWith('|'))).toBe(true);
    expect(settingsTable()).toContain('| `PORT` |');
  });
});
