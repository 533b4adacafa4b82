// The workflow library implements the port and imports this one: it is found once every module is built.
import type { ModuleRef } from '@nestjs/core';
import type { ConfigurationUser } from './configuration-usage.js';
import { ConfigurationUsage } from './configuration-usage.js';

export class LateConfigurationUsage extends ConfigurationUsage {
  constructor(private readonly modules: ModuleRef) {
    super();
  }

  usersOf(configurationId: string): Promise<readonly ConfigurationUser[]> {
    return this.modules.get(ConfigurationUsage, { strict: false }).usersOf(configurationId);
  }
}
