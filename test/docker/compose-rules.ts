// What our compose file must keep.
import type { Compose, Service } from './compose.js';
import { dependenciesOf, networksOf, variablesIn } from './compose.js';

export interface ComposeSurroundings {
  readonly text: string;
  /** Names in `.env.example`. */
  readonly variables: readonly string[];
  /** Whether the path is in the repository. */
  readonly exists: (path: string) => boolean;
}

export interface ComposeRule {
  readonly name: string;
  readonly sentence: string;
  readonly check: (compose: Compose, around: ComposeSurroundings) => Iterable<string>;
}

const profiles = ['default', 'cluster', 'embedded'];
const secretName = /(PASSWORD|SECRET|PEPPER|_KEY$)/;
const isOneShot = ({ restart }: Service): boolean => restart === 'no' || restart?.startsWith('on-failure') === true;
const isOurs = ({ build }: Service): boolean => build !== undefined;

function* each(
  { services }: Compose,
  check: (service: Service, name: string) => Iterable<string> | string | false | undefined,
): Iterable<string> {
  for (const [name, service] of Object.entries(services)) {
    const found = check(service, name);
    if (!found) continue;
    for (const told of typeof found === 'string' ? [found] : found) yield `${name} ${told}`;
  }
}

/** `source` and `target` of a volume in its short form. */
const mounts = ({ volumes = [] }: Service): { source: string; mode: string | undefined }[] =>
  volumes.map((text) => {
    const [source = '', , mode] = text.split(':');
    return { source, mode };
  });

export const composeRules: readonly ComposeRule[] = [
  {
    name: 'profiles',
    sentence: 'Every service belongs to a known profile, every profile has services, none starts by itself.',
    *check(compose) {
      yield* each(compose, ({ profiles: own = [] }) => {
        if (own.length === 0) return 'starts with every profile';
        const unknown = own.find((one) => !profiles.includes(one));
        return unknown !== undefined && `belongs to the unknown profile ${unknown}`;
      });
      const used = Object.values(compose.services).flatMap(({ profiles: own = [] }) => own);
      for (const one of profiles) if (!used.includes(one)) yield `nothing belongs to ${one}`;
    },
  },
  {
    name: 'pinned-images',
    sentence: 'Every image of others is pinned to a full version.',
    check: (compose) =>
      each(
        compose,
        ({ image = '' }) => !/:\d+\.\d+(\.\d+)?[a-z0-9.-]*$/.test(image) && `has an image that is not pinned: ${image}`,
      ),
  },
  {
    name: 'loopback-ports',
    sentence: 'Ports are published to this machine alone, each once in a profile.',
    *check(compose) {
      yield* each(compose, function* ({ ports = [] }) {
        for (const port of ports) if (!/^127\.0\.0\.1:\d+:\d+$/.test(port)) yield `publishes ${port} to others`;
      });
      for (const profile of profiles) {
        const published = Object.values(compose.services)
          .filter((service) => service.profiles?.includes(profile))
          .flatMap(({ ports = [] }) => ports.map((port) => port.split(':')[1]));
        if (new Set(published).size < published.length) yield `${profile} publishes a port twice`;
      }
    },
  },
  {
    name: 'dependencies',
    sentence: 'What a service waits for is in all of its profiles, and can come to what is waited for.',
    *check(compose) {
      yield* each(compose, function* (service) {
        for (const [name, condition] of dependenciesOf(service)) {
          const other = compose.services[name];
          if (!other) yield `waits for ${name}, which is not there`;
          else if (service.profiles?.some((one) => !other.profiles?.includes(one)))
            yield `waits for ${name} of another profile`;
          else if ((condition === 'service_completed_successfully') !== isOneShot(other)) {
            yield `waits for ${name} to be ${condition.slice('service_'.length)}, which does not fit`;
          }
        }
      });
    },
  },
  {
    name: 'health',
    sentence: 'Whatever stays says whether it is well, and starts again when it ended.',
    check: (compose) =>
      each(compose, (service) => {
        if (isOneShot(service)) return undefined;
        if (!service.healthcheck?.test || service.healthcheck.disable) return 'says nothing of its health';
        return service.restart !== 'unless-stopped' && 'does not start again';
      }),
  },
  {
    name: 'limits',
    sentence: 'Every service has an end to its memory.',
    check: (compose) =>
      each(compose, ({ mem_limit: limit }) => !/^\d+[mg]$/.test(limit ?? '') && 'has no limit of memory'),
  },
  {
    name: 'least-rights',
    sentence: 'Nothing is privileged or gains rights; our own service has no capability and a read-only root.',
    check: (compose) =>
      each(compose, function* (service) {
        if ('privileged' in service) yield 'is privileged';
        if (service.network_mode !== 'none' && !service.security_opt?.includes('no-new-privileges:true'))
          yield 'may gain rights';
        if (!isOurs(service)) return;
        if (!service.cap_drop?.includes('ALL')) yield 'keeps capabilities';
        if (service.read_only !== true) yield 'can write to its root';
      }),
  },
  {
    name: 'no-secrets',
    sentence: 'Secrets come from .env: none stands here, and .env.example names every variable and fills in no secret.',
    *check(compose, { text, variables }) {
      yield* each(compose, function* ({ environment = {} }) {
        for (const [name, value] of Object.entries(environment)) {
          if (secretName.test(name) && !/^\$\{\w+:-\}$/.test(value)) yield `shows ${name}`;
          if (/:\/\/[^/@:]+:[^/@]*[^/@$][^/@]*@/.test(value.replaceAll(/\$\{\w+:-\}/g, '$')))
            yield `shows a password in ${name}`;
        }
      });
      const used = variablesIn(text);
      for (const name of used) if (!variables.includes(name)) yield `.env.example does not know ${name}`;
      for (const name of variables) {
        if (name !== 'COMPOSE_PROFILES' && !used.has(name)) yield `nothing uses ${name} of .env.example`;
      }
    },
  },
  {
    name: 'volumes',
    sentence:
      'Every volume is declared and used; what others may only read is mounted so; files mounted from here are there.',
    *check(compose, { exists }) {
      const declared = Object.keys(compose.volumes ?? {});
      const used = new Set<string>();
      yield* each(compose, function* (service) {
        for (const { source, mode } of mounts(service)) {
          if (source.startsWith('.')) {
            if (!exists(source)) yield `mounts ${source}, which is not there`;
            if (mode !== 'ro') yield `may write to ${source}`;
            continue;
          }
          used.add(source);
          if (!declared.includes(source)) yield `mounts ${source}, which is not declared`;
          if (/^(authority|certificates)/.test(source) && service.network_mode !== 'none' && mode !== 'ro')
            yield `may write to ${source}`;
          if (source === 'authority' && service.network_mode !== 'none') yield `sees the key of the authority`;
        }
      });
      for (const name of declared) if (!used.has(name)) yield `nothing mounts ${name}`;
    },
  },
  {
    name: 'networks',
    sentence: 'Networks are declared; what publishes a port or calls providers is in one that leads outside.',
    *check(compose) {
      const declared = Object.keys(compose.networks ?? {});
      yield* each(compose, function* (service) {
        if (service.network_mode === 'none') return;
        for (const name of networksOf(service))
          if (!declared.includes(name)) yield `is in ${name}, which is not declared`;
        const leadsOutside = networksOf(service).some((name) => name !== 'stores');
        if (!leadsOutside && (service.ports ?? []).length > 0) yield 'publishes a port and is reached by nobody';
        const serves = isOurs(service) && service.command === undefined;
        if (!leadsOutside && serves) yield 'cannot call providers';
      });
      if (!(compose.networks?.['stores'] as { internal?: boolean } | undefined)?.internal) yield 'stores leads outside';
    },
  },
  {
    name: 'insecure-nodes',
    sentence: 'Only the profile for trying it out has nodes without users and certificates.',
    check: (compose) =>
      each(compose, ({ environment = {}, profiles: own = [] }) => {
        const isNode = Object.keys(environment).some((name) => name.startsWith('KURRENTDB_RUN'));
        if (!isNode) return undefined;
        const isInsecure = environment['KURRENTDB_INSECURE'] === 'true';
        const hasCertificate = environment['KURRENTDB_CERTIFICATE_FILE'] !== undefined;
        if (isInsecure === hasCertificate) return 'is neither secure nor insecure';
        return isInsecure && own.join() !== 'default' && 'has no users and certificates';
      }),
  },
];

/** Each finding begins with the name of its rule. */
export function checkCompose(compose: Compose, around: ComposeSurroundings): string[] {
  return composeRules.flatMap((rule) => [...rule.check(compose, around)].map((told) => `${rule.name}: ${told}`));
}
