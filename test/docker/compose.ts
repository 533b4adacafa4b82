// The compose file as the engine would see it: anchors merged, variables named, services by profile.
import { parse } from 'yaml';

export interface Service {
  readonly image?: string;
  readonly build?: string;
  readonly profiles?: readonly string[];
  readonly restart?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly mem_limit?: string;
  readonly ports?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: readonly string[] | Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: boolean };
  readonly volumes?: readonly string[];
  readonly networks?: readonly string[] | Readonly<Record<string, unknown>>;
  readonly network_mode?: string;
  readonly command?: readonly string[];
}

export interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes?: Readonly<Record<string, unknown>>;
  readonly networks?: Readonly<Record<string, unknown>>;
}

export function parseCompose(text: string): Compose {
  return parse(text, { merge: true }) as Compose;
}

/** Names and conditions; the short form waits for the start alone. */
export function dependenciesOf({ depends_on: on }: Service): readonly (readonly [string, string])[] {
  if (on === undefined) return [];
  if (Array.isArray(on)) return (on as readonly string[]).map((name) => [name, 'service_started']);
  return Object.entries(on as Readonly<Record<string, { readonly condition: string }>>).map(([name, { condition }]) => [
    name,
    condition,
  ]);
}

export function networksOf({ networks }: Service): readonly string[] {
  if (networks === undefined) return ['default'];
  return Array.isArray(networks) ? (networks as readonly string[]) : Object.keys(networks);
}

export function variablesIn(text: string): ReadonlySet<string> {
  return new Set([...text.matchAll(/\$\{([A-Z0-9_]+)/g)].map(([, name]) => name as string));
}

/** Lines `NAME=value`. */
export function parseEnv(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    text.split('\n').flatMap((line) => {
      const [, name, value] = /^([A-Z0-9_]+)=(.*)$/.exec(line) ?? [];
      return name === undefined ? [] : [[name, value ?? '']];
    }),
  );
}

/** What a service is told once variables are filled in; `${NAME:-fallback}` alone. */
export function filledIn(
  environment: Readonly<Record<string, string>>,
  variables: Readonly<Record<string, string>>,
): Record<string, string> {
  const fill = (text: string): string =>
    text.replace(/\$\{([A-Z0-9_]+):-([^}]*)\}/g, (_, name: string, fallback: string) => variables[name] || fallback);
  return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, fill(value)]));
}
