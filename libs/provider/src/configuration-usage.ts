export interface ConfigurationUser {
  readonly id: string;
  readonly name: string;
  readonly status: string;
}

/** Who depends on a provider configuration. The workflow library, which knows, implements it. */
export abstract class ConfigurationUsage {
  /** The workflows, in any status, whose definition names the configuration; empty when it may be deleted. */
  abstract usersOf(configurationId: string): Promise<readonly ConfigurationUser[]>;
}
