// The provider configuration: where a provider is, and with which credentials it is called.
import type { Decider, FieldFinding, JsonObject, Refusal } from '@app/kernel';
import { isRefusal, never, refuse } from '@app/kernel';
import { findProvider } from './catalog.js';
import type { Change } from './changes.js';
import { changesBetween } from './changes.js';
import type { ConfigurationUser } from './configuration-usage.js';
import type { ProviderEvent } from './provider-events.js';

/** UTF-8 bytes. */
export const CONFIGURATION_NAME_BYTES_MAX = 100;
/** Characters. */
export const CONFIGURATION_DESCRIPTION_MAX = 500;

/** `config` is sealed everywhere here: references stand where secrets were. */
export type ProviderConfigurationCommand =
  | {
      readonly kind: 'CreateProviderConfiguration';
      readonly name: string;
      readonly description?: string;
      readonly providerId: string;
      readonly config: JsonObject;
      readonly metadata?: JsonObject;
    }
  | {
      /** An absent field stays; `config` replaces, `metadata` merges. */
      readonly kind: 'UpdateProviderConfiguration';
      readonly name?: string;
      readonly description?: string;
      readonly config?: JsonObject;
      readonly metadata?: JsonObject;
    }
  | { readonly kind: 'EnableProviderConfiguration' }
  | { readonly kind: 'DisableProviderConfiguration' }
  | { readonly kind: 'DeleteProviderConfiguration'; readonly users: readonly ConfigurationUser[] }
  | {
      readonly kind: 'RecordProviderConfigurationTest';
      readonly overallStatus: string;
      readonly stages: readonly { name: string; status: string; statusCode?: number }[];
      readonly durationMs: number;
    };

export interface ExistingProviderConfiguration {
  readonly status: 'active' | 'disabled';
  readonly name: string;
  readonly description?: string;
  readonly providerId: string;
  readonly config: JsonObject;
  readonly metadata?: JsonObject;
}
export type ProviderConfigurationState =
  { readonly status: 'none' } | ExistingProviderConfiguration | { readonly status: 'deleted'; readonly name: string };

export function existsConfiguration(state: ProviderConfigurationState): state is ExistingProviderConfiguration {
  return state.status === 'active' || state.status === 'disabled';
}

export function configurationNotFound(): Refusal {
  return refuse('not_found', 'FLK-0290', 'provider configuration not found');
}

export function configurationNameTaken(name: string): Refusal {
  return refuse('conflict', 'FLK-0291', `a provider configuration named "${name}" exists already`);
}

/** Everything wrong with the plain fields; the first finding gives the code. Secrets and schema are checked before sealing. */
export function fieldsRefusal(fields: {
  readonly name?: string;
  readonly description?: string;
  readonly config?: JsonObject;
}): Refusal | undefined {
  const found: (FieldFinding & { readonly code: string })[] = [];
  if (fields.name !== undefined && fields.name.trim() === '') {
    found.push({ code: 'FLK-0295', field: 'name', message: 'is required' });
  }
  if (new TextEncoder().encode(fields.name ?? '').length > CONFIGURATION_NAME_BYTES_MAX) {
    const message = `must have at most ${CONFIGURATION_NAME_BYTES_MAX} bytes`;
    found.push({ code: 'FLK-0296', field: 'name', message });
  }
  if ([...(fields.description ?? '')].length > CONFIGURATION_DESCRIPTION_MAX) {
    const message = `must have at most ${CONFIGURATION_DESCRIPTION_MAX} characters`;
    found.push({ code: 'FLK-0297', field: 'description', message });
  }
  if (fields.config !== undefined && Object.keys(fields.config).length === 0) {
    found.push({ code: 'FLK-0298', field: 'config', message: 'must not be empty' });
  }
  const first = found[0];
  return first && refuse('invalid', first.code, `${first.field} ${first.message}`, found);
}

export const providerConfiguration: Decider<ProviderConfigurationCommand, ProviderConfigurationState, ProviderEvent> = {
  category: 'providerConfiguration',
  initial: { status: 'none' },

  decide(command, state) {
    if (command.kind === 'CreateProviderConfiguration') return create(command, state);
    if (!existsConfiguration(state)) return configurationNotFound();
    switch (command.kind) {
      case 'UpdateProviderConfiguration':
        return update(command, state);
      case 'EnableProviderConfiguration':
        if (state.status === 'active') return statusRefusal('active');
        return [{ type: 'ProviderConfigEnabled', data: { name: state.name } }];
      case 'DisableProviderConfiguration':
        if (state.status === 'disabled') return statusRefusal('disabled');
        return [{ type: 'ProviderConfigDisabled', data: { name: state.name } }];
      case 'DeleteProviderConfiguration':
        if (command.users.length > 0) return inUseRefusal(command.users);
        return [{ type: 'ProviderConfigDeleted', data: { name: state.name } }];
      case 'RecordProviderConfigurationTest': {
        const { overallStatus, stages, durationMs } = command;
        const data = { name: state.name, overallStatus, stages: [...stages], durationMs };
        return [{ type: 'ProviderConfigTested', data }];
      }
      default:
        return never(command);
    }
  },

  evolve(state, event) {
    if (event.type === 'ProviderConfigCreated') return { status: 'active', ...event.data };
    if (!existsConfiguration(state)) return state;
    switch (event.type) {
      case 'ProviderConfigUpdated': {
        const { changes: _changes, ...fields } = event.data;
        return { status: state.status, providerId: state.providerId, ...fields };
      }
      case 'ProviderConfigEnabled':
        return { ...state, status: 'active' };
      case 'ProviderConfigDisabled':
        return { ...state, status: 'disabled' };
      case 'ProviderConfigDeleted':
        return { status: 'deleted', name: event.data.name };
      case 'ProviderConfigTested':
        return state;
      default:
        return never(event);
    }
  },
};

type CreateCommand = Extract<ProviderConfigurationCommand, { kind: 'CreateProviderConfiguration' }>;
type UpdateCommand = Extract<ProviderConfigurationCommand, { kind: 'UpdateProviderConfiguration' }>;

function create(command: CreateCommand, state: ProviderConfigurationState): ProviderEvent[] | Refusal {
  if (state.status !== 'none') return refuse('conflict', 'FLK-0350', 'the provider configuration exists already');
  const refused = fieldsRefusal(command);
  if (refused) return refused;
  if (!findProvider(command.providerId)) {
    return refuse('not_found', 'FLK-0294', `provider "${command.providerId}" is not in the catalogue`);
  }
  const { kind: _kind, ...data } = command;
  return [{ type: 'ProviderConfigCreated', data }];
}

function update(command: UpdateCommand, state: ExistingProviderConfiguration): ProviderEvent[] | Refusal {
  const refused = fieldsRefusal(command);
  if (isRefusal(refused)) return refused;
  const description = command.description ?? state.description;
  const metadata = command.metadata ? { ...state.metadata, ...command.metadata } : state.metadata;
  const after = {
    name: command.name ?? state.name,
    ...(description === undefined ? {} : { description }),
    config: command.config ?? state.config,
    ...(metadata === undefined ? {} : { metadata }),
  };
  const changes: Change[] = changesBetween(comparable(state), comparable(after));
  return changes.length === 0 ? [] : [{ type: 'ProviderConfigUpdated', data: { ...after, changes } }];
}

function comparable(fields: {
  name: string;
  description?: string;
  config: JsonObject;
  metadata?: JsonObject;
}): JsonObject {
  const { name, description, config, metadata } = fields;
  return { name, ...(description === undefined ? {} : { description }), config, ...(metadata ? { metadata } : {}) };
}

function statusRefusal(status: string): Refusal {
  return refuse('state', 'FLK-0292', `the provider configuration is ${status} already`);
}

function inUseRefusal(users: readonly ConfigurationUser[]): Refusal {
  const names = users.map((user) => `"${user.name}" (${user.id}, ${user.status})`);
  const fields = users.map((user, index) => ({
    field: `workflows[${index}]`,
    message: `${user.status} workflow "${user.name}" (${user.id}) uses this provider configuration`,
  }));
  const message = `the provider configuration is used by ${users.length === 1 ? 'workflow' : 'workflows'} ${names.join(', ')}`;
  return refuse('conflict', 'PROVIDER_CONFIG_IN_USE', message, fields);
}
