// Reading provider configurations for a client: masked, and after what this server has just written.
import type { Refusal } from '@app/kernel';
import { isRefusal } from '@app/kernel';
import type { AggregateStore, EventStore, Loaded } from '@app/event-store';
import type { Page, ViewStore } from '@app/read-model';
import { readPage } from '@app/read-model';
import type { ConfigurationPageInput } from './configuration-page.js';
import { configurationPageQuery } from './configuration-page.js';
import type { ProviderConfigurationState } from './provider-configuration.js';
import { configurationNotFound, providerConfiguration } from './provider-configuration.js';
import type { ProviderConfigurationItem } from './provider-configurations-view.js';
import { configurationItem, providerConfigurationsView } from './provider-configurations-view.js';
import { maskSecrets } from './secrets.js';
import type { SecretStore } from './secret-store.js';

export interface ShownConfiguration {
  readonly item: ProviderConfigurationItem;
  readonly revision: number;
}

export class ConfigurationReader {
  constructor(
    private readonly views: ViewStore,
    private readonly events: EventStore,
    private readonly aggregates: AggregateStore,
    private readonly secrets: SecretStore,
  ) {}

  async page(input: ConfigurationPageInput): Promise<Page<ProviderConfigurationItem> | Refusal> {
    const query = configurationPageQuery(input);
    if (isRefusal(query)) return query;
    await this.views.waitFor(this.events.lastAppended);
    const page = await readPage<ProviderConfigurationItem>(this.views, query, providerConfigurationsView.name);
    return { ...page, items: await Promise.all(page.items.map((item) => this.masked(item))) };
  }

  /** As it stands, or as it stood at an instant (inclusive, milliseconds). */
  async configuration(id: string, atMs?: number): Promise<ShownConfiguration | Refusal> {
    const loaded =
      atMs === undefined
        ? await this.aggregates.load(providerConfiguration, id)
        : await this.aggregates.loadAt(providerConfiguration, id, { atMs });
    return this.shown(id, loaded);
  }

  async shown(id: string, loaded: Loaded<ProviderConfigurationState>): Promise<ShownConfiguration | Refusal> {
    const item = configurationItem(id, loaded.state, loaded);
    return item ? { item: await this.masked(item), revision: loaded.revision } : configurationNotFound();
  }

  private async masked(item: ProviderConfigurationItem): Promise<ProviderConfigurationItem> {
    return { ...item, config: await maskSecrets(item.config, this.secrets) };
  }
}
