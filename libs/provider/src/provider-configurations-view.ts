// The provider configurations as lists show them, still sealed.
import type { DocumentProjection, JsonObject, RecordedEvent } from '@app/kernel';
import { keyOf, projection } from '@app/kernel';
import type { ProviderEvent } from './provider-events.js';
import type { ProviderConfigurationState } from './provider-configuration.js';
import { existsConfiguration, providerConfiguration } from './provider-configuration.js';

export interface ProviderConfigurationItem {
  readonly id: string;
  readonly name: string;
  readonly description?: string;
  readonly providerId: string;
  readonly config: JsonObject;
  readonly status: 'active' | 'disabled';
  readonly metadata?: JsonObject;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** The item of a living configuration, in the order of its fields on the wire. */
export function configurationItem(
  id: string,
  state: ProviderConfigurationState,
  times: { readonly createdAt?: string; readonly updatedAt?: string },
): ProviderConfigurationItem | undefined {
  if (!existsConfiguration(state)) return undefined;
  const { name, description, providerId, config, status, metadata } = state;
  return {
    id,
    name,
    ...(description === undefined ? {} : { description }),
    providerId,
    config,
    status,
    ...(metadata === undefined ? {} : { metadata }),
    createdAt: times.createdAt ?? '',
    updatedAt: times.updatedAt ?? '',
  };
}

export const providerConfigurationsView: DocumentProjection<ProviderConfigurationItem> = {
  kind: 'document',
  name: 'provider-configurations',
  version: 1,
  categories: ['providerConfiguration'],
  key: (event) => keyOf(event.stream),
  fold: (before, recorded: RecordedEvent) => {
    const event = recorded as unknown as ProviderEvent;
    const state = providerConfiguration.evolve(before ?? providerConfiguration.initial, event);
    const { occurredAt } = recorded.metadata;
    const times = { createdAt: before?.createdAt ?? occurredAt, updatedAt: occurredAt };
    return configurationItem(keyOf(recorded.stream), state, times);
  },
  fields: {
    status: { type: 'text', of: (item) => item.status },
    providerId: { type: 'text', of: (item) => item.providerId },
    name: { type: 'text', of: (item) => item.name },
    createdAt: { type: 'text', of: (item) => item.createdAt },
    updatedAt: { type: 'text', of: (item) => item.updatedAt },
  },
  indexes: ['createdAt', 'updatedAt', 'name'].flatMap((sort) => [[sort], ['status', sort], ['providerId', sort]]),
};

export const providerProjections = [projection(providerConfigurationsView)];
