import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseSettings, settingsTable } from '../../apps/server/src/settings.js';
import { checkCompose, composeRules } from './compose-rules.js';
import { filledIn, parseCompose, parseEnv } from './compose.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): string => readFileSync(`${root}${path}`, 'utf8');
const text = read('docker-compose.yml');
const variables = Object.keys(parseEnv(read('.env.example')));

function findings(changed: string, names = variables): string[] {
  const exists = (path: string): boolean => existsSync(`${root}${path}`);
  return checkCompose(parseCompose(changed), { text: changed, variables: names, exists });
}

/** A change that each rule must notice. */
const planted: Readonly<Record<string, readonly (readonly [RegExp | string, string])[]>> = {
  profiles: [
    ['    profiles: [embedded]\n', ''],
    ['profiles: [embedded]', 'profiles: [embeded]'],
  ],
  'pinned-images': [
    ['haproxy:3.0.8-alpine', 'haproxy'],
    ['haproxy:3.0.8-alpine', 'haproxy:latest'],
    ['haproxy:3.0.8-alpine', 'haproxy:3'],
  ],
  'loopback-ports': [
    ['127.0.0.1:2113:2113', '2113:2113'],
    ['127.0.0.1:2113:2113', '0.0.0.0:2113:2113'],
    ['127.0.0.1:2113:2113', '127.0.0.1:4021:2113'],
  ],
  dependencies: [
    ['depends_on: [server-1, server-2]', 'depends_on: [server-1, server-3]'],
    ['depends_on: [server-1, server-2]', 'depends_on: [server-1, server]'],
    ['user: { condition: service_completed_successfully }', 'user: { condition: service_healthy }'],
  ],
  health: [
    [/ {4}healthcheck:\n {6}test: \[CMD-SHELL, 'pg_isready[^]*?retries: 12\n/, ''],
    [
      "    restart: unless-stopped\n    stop_grace_period: 60s\n    security_opt: ['no-new-privileges:true']\n    shm_size",
      '    shm_size',
    ],
  ],
  limits: [['    mem_limit: 256m\n', '']],
  'least-rights': [
    ['  read_only: true\n  tmpfs', '  tmpfs'],
    ['  cap_drop: [ALL]\n  security_opt', '  security_opt'],
    ["    security_opt: ['no-new-privileges:true']\n    shm_size", '    shm_size'],
    ['    shm_size', '    privileged: true\n    shm_size'],
  ],
  'no-secrets': [
    ['SECRETS_KEY: ${SECRETS_KEY:-}', 'SECRETS_KEY: c2VjcmV0'],
    ['SECRETS_KEY: ${SECRETS_KEY:-}', 'SECRETS_KEY: ${SECRETS_KEY:-c2VjcmV0}'],
    ['postgres://runledger:${RUNLEDGER_DB_PASSWORD:-}@', 'postgres://runledger:hidden@'],
    ['${POSTGRES_PASSWORD:-}', '${POSTGRES_ROOT_PASSWORD:-}'],
  ],
  volumes: [
    ["['server-1:/data', 'authority-public:/ca:ro']", "['server-1:/data', 'authority-public:/ca']"],
    ["['server-1:/data', 'authority-public:/ca:ro']", "['server-1:/data', 'authority:/ca:ro']"],
    ["['embedded:/data']", "['embeded:/data']"],
    ['./docker/haproxy.cfg:', './docker/haproxy.conf:'],
    ['haproxy.cfg:ro', 'haproxy.cfg:rw'],
  ],
  networks: [
    ['networks: [stores, balanced]', 'networks: [stores, balance]'],
    ['networks: [stores, balanced]', 'networks: [stores]'],
    ['    internal: true\n', '    internal: false\n'],
  ],
  'insecure-nodes': [
    ["KURRENTDB_INSECURE: 'true'", "KURRENTDB_INSECURE: 'false'"],
    ['  KURRENTDB_CERTIFICATE_FILE: /certificates/node.crt', "  KURRENTDB_INSECURE: 'true'"],
  ],
};

describe('the compose file', () => {
  it('keeps every rule', () => {
    expect(findings(text)).toEqual([]);
  });

  it('has a planted violation for every rule', () => {
    expect(Object.keys(planted).sort()).toEqual(composeRules.map(({ name }) => name).sort());
  });

  it.each(Object.entries(planted).flatMap(([name, changes]) => changes.map((change) => [name, ...change] as const)))(
    'would be refused by %s with %p as %p',
    (name, from, to) => {
      const changed = text.replace(from, () => to);
      expect(changed).not.toBe(text);
      expect(findings(changed).map((told) => told.split(':')[0])).toContain(name);
    },
  );

  it('would be refused with variables that .env.example does not know, or that nothing uses', () => {
    expect(findings(text, variables.slice(1))).toEqual([]);
    expect(findings(text, variables.slice(0, -1))).toContainEqual(expect.stringContaining('does not know'));
    expect(findings(text, [...variables, 'UNUSED'])).toContainEqual('no-secrets: nothing uses UNUSED of .env.example');
  });

  it('fills in no secret, and starts the profile for trying it out', () => {
    const { COMPOSE_PROFILES, ...rest } = parseEnv(read('.env.example'));
    expect(COMPOSE_PROFILES).toBe('default');
    expect(Object.values(rest).filter((value) => value !== '')).toEqual([]);
  });

  describe.each(['embedded', 'server', 'server-1', 'server-2'])('%s', (name) => {
    const service = parseCompose(text).services[name];
    const filled = {
      ...Object.fromEntries(variables.map((one) => [one, 'a1b2c3d4e5f6a7b8'])),
      SECRETS_KEY: Buffer.alloc(32, 1).toString('base64'),
      API_KEY_PEPPER: 'a1'.repeat(32),
      EVIDENCE_KEY: '',
    };

    it('is told what its settings know, and what they take', () => {
      const environment = filledIn(service?.environment ?? {}, filled);
      const settings = parseSettings(environment);
      expect(settings).toMatchObject({ auth: 'keys', host: '0.0.0.0', dataDirectory: '/data' });
      const table = settingsTable();
      for (const variable of Object.keys(environment)) expect(table).toContain(`\`${variable}\``);
      expect(JSON.stringify(environment)).not.toContain('${');
    });

    it('keeps its data in a volume of its own', () => {
      const data = service?.volumes?.find((volume) => volume.endsWith(':/data'));
      expect(data).toBe(`${name}:/data`);
    });
  });

  it('has the load balancer where the servers believe it', () => {
    const { services } = parseCompose(text);
    const balancer = services['load-balancer']?.networks as unknown as { balanced: { ipv4_address: string } };
    for (const name of ['server-1', 'server-2']) {
      expect(services[name]?.environment?.['TRUSTED_PROXIES']).toBe(balancer.balanced.ipv4_address);
      expect(read('docker/haproxy.cfg')).toContain(`server ${name} ${name}:4021`);
    }
  });

  it('knows no node but those that have certificates', () => {
    const { services } = parseCompose(text);
    const nodes = ['kurrentdb-1', 'kurrentdb-2', 'kurrentdb-3'];
    const made = read('docker/certificates.sh');
    expect(made).toContain('for number in 1 2 3;');
    for (const [index, node] of nodes.entries()) {
      const { environment, volumes } = services[node] ?? {};
      expect(environment).toMatchObject({
        KURRENTDB_NODE_HOST_ADVERTISE_AS: node,
        KURRENTDB_REPLICATION_HOST_ADVERTISE_AS: node,
        KURRENTDB_GOSSIP_SEED: nodes
          .filter((one) => one !== node)
          .map((one) => `${one}:2113`)
          .join(','),
        KURRENTDB_CLUSTER_SIZE: '3',
      });
      expect(volumes).toEqual([`${node}:/var/lib/kurrentdb`, `certificates-${index + 1}:/certificates:ro`]);
    }
  });
});
