// Writing provider configurations: checks that need the secrets in clear, names that must be free, secrets that come and go.
import type { FieldFinding, IdSource, JsonObject, Refusal, RequestContext } from '@app/kernel';
import { isRefusal, keyOf, refuse, streamName } from '@app/kernel';
import type { AggregateStore, Executed, ExecuteOptions, Reservations } from '@app/event-store';
import { revisionConflict } from '@app/event-store';
import { authenticationOf } from './authentication.js';
import { findProvider } from './catalog.js';
import { secretPathsOf, urlFindings } from './configuration-secrets.js';
import type { ConfigurationUsage } from './configuration-usage.js';
import type { Connector } from './connector.js';
import { findingsText, schemaFindings } from './json-schema.js';
import type { ProviderConfigurationCommand, ProviderConfigurationState } from './provider-configuration.js';
import {
  configurationNameTaken,
  configurationNotFound,
  existsConfiguration,
  fieldsRefusal,
  providerConfiguration,
} from './provider-configuration.js';
import type { ProviderEvent } from './provider-events.js';
import type { SealedDocument } from './secrets.js';
import { foreignReferences, sealSecrets, secretIdsIn, unmaskSecrets } from './secrets.js';
import type { SecretStore } from './secret-store.js';

/** As a client sends it: secrets in clear or masked. An absent field of an update stays. */
export interface ConfigurationInput {
  readonly name?: string;
  readonly description?: string;
  readonly providerId?: string;
  readonly config?: JsonObject;
  readonly metadata?: JsonObject;
}

export type WrittenConfiguration = Executed<ProviderConfigurationState, ProviderEvent> & { readonly id: string };

const NAME_SCOPE = 'providerConfiguration.name';

export class ConfigurationAuthor {
  constructor(
    private readonly aggregates: AggregateStore,
    private readonly reservations: Reservations,
    private readonly secrets: SecretStore,
    private readonly usage: ConfigurationUsage,
    private readonly ids: IdSource,
  ) {}

  async create(input: ConfigurationInput, context: RequestContext): Promise<WrittenConfiguration | Refusal> {
    const { name = '', providerId = '', config = {} } = input;
    const refused = fieldsRefusal({ ...input, name, config }) ?? providerIdRefusal(providerId);
    if (refused) return refused;
    const connector = findProvider(providerId);
    if (!connector) {
      return refuse('not_found', 'FLK-0294', `provider "${providerId}" is not in the catalogue`);
    }
    const sealed = await this.seal(connector, config, undefined);
    if (isRefusal(sealed)) return sealed;
    const command = {
      ...input,
      kind: 'CreateProviderConfiguration' as const,
      name,
      providerId,
      config: sealed.document,
    };
    return this.write(this.ids.next(), command, sealed, name, context);
  }

  async update(
    id: string,
    input: ConfigurationInput,
    context: RequestContext,
    options: ExecuteOptions = {},
  ): Promise<WrittenConfiguration | Refusal> {
    const { state, revision } = await this.aggregates.load(providerConfiguration, id);
    if (!existsConfiguration(state)) return configurationNotFound();
    const { expectedRevision = revision } = options;
    if (expectedRevision !== revision) return revisionConflict(expectedRevision, revision);
    const { providerId, config, ...fields } = input;
    const refused = fieldsRefusal(input);
    if (refused) return refused;
    if (providerId !== undefined && providerId !== state.providerId) {
      return refuse('invalid', 'FLK-0299', 'providerId cannot be changed', [
        { field: 'providerId', message: `must stay "${state.providerId}"` },
      ]);
    }
    const connector = findProvider(state.providerId);
    if (!connector) return refuse('not_found', 'FLK-0294', `provider "${state.providerId}" is not in the catalogue`);
    const sealed = config === undefined ? undefined : await this.seal(connector, config, state.config);
    if (isRefusal(sealed)) return sealed;
    const command = {
      ...fields,
      kind: 'UpdateProviderConfiguration' as const,
      ...(sealed ? { config: sealed.document } : {}),
    };
    // Masks were resolved against this revision: decided on another one, an old secret could come back.
    const pinned = sealed ? { expectedRevision } : options;
    const newName = fields.name === undefined || fields.name === state.name ? undefined : fields.name;
    return this.write(id, command, sealed, newName, context, pinned);
  }

  async remove(id: string, context: RequestContext, options: ExecuteOptions = {}): Promise<Refusal | undefined> {
    const { state } = await this.aggregates.load(providerConfiguration, id);
    if (!existsConfiguration(state)) return configurationNotFound();
    const users = await this.usage.usersOf(id);
    const command = { kind: 'DeleteProviderConfiguration' as const, users };
    const done = await this.aggregates.execute(providerConfiguration, id, command, context, options);
    if (isRefusal(done)) return done;
    const [deleted] = done.events;
    if (deleted?.type === 'ProviderConfigDeleted') await this.release(id, deleted.data.name, context);
    await this.secrets.delete(secretIdsIn(state.config));
    return undefined;
  }

  /** Sealed, once everything that needs the secrets in clear was checked; a refusal names every finding. */
  private async seal(
    connector: Connector,
    config: JsonObject,
    previous: JsonObject | undefined,
  ): Promise<SealedDocument | Refusal> {
    const foreign = foreignReferences(config, 'config');
    if (foreign.length > 0) return schemaRefusal(foreign);
    const isSecret = secretPathsOf(connector);
    const { document: plain, findings } = await unmaskSecrets(config, isSecret, previous, this.secrets, 'config');
    const all = [...findings, ...schemaFindings(connector.configSchema, plain, 'config'), ...urlFindings(plain)];
    const authentication = authenticationOf(connector, plain);
    if (!('kind' in authentication)) {
      all.push(...authentication.filter(({ field }) => !all.some((finding) => finding.field === field)));
    }
    if (all.length > 0) return schemaRefusal(all);
    return sealSecrets(plain, isSecret, this.secrets, previous);
  }

  private async write(
    id: string,
    command: ProviderConfigurationCommand,
    sealed: SealedDocument | undefined,
    newName: string | undefined,
    context: RequestContext,
    options: ExecuteOptions = {},
  ): Promise<WrittenConfiguration | Refusal> {
    const claim = newName === undefined ? undefined : this.claimOf(id, newName);
    const created = sealed?.created ?? [];
    const taken = claim && (await this.reservations.claim(claim, context, (owner) => this.holds(owner, claim.value)));
    if (claim && taken) {
      await this.secrets.delete(created);
      return configurationNameTaken(claim.value);
    }
    const before = await this.aggregates.load(providerConfiguration, id);
    const done = await this.aggregates.execute(providerConfiguration, id, command, context, options);
    if (isRefusal(done)) {
      // Only after a clear no: after a fault the event may be in the log all the same, and needs its secrets.
      await this.secrets.delete(created);
      if (claim && !(await this.holds(claim.ownerStream, claim.value))) await this.reservations.release(claim, context);
      return done;
    }
    await this.letGo(id, before.state, done, context);
    return { ...done, id };
  }

  /** What the configuration no longer uses: its former name, its former secrets. */
  private async letGo(
    id: string,
    before: ProviderConfigurationState,
    done: Executed<ProviderConfigurationState, ProviderEvent>,
    context: RequestContext,
  ): Promise<void> {
    if (!existsConfiguration(before) || !existsConfiguration(done.state)) return;
    for (const event of done.events) {
      if (event.type !== 'ProviderConfigUpdated') continue;
      const renamed = event.data.changes.find(({ path }) => path === 'name');
      if (typeof renamed?.before === 'string') await this.release(id, renamed.before, context);
    }
    const used = new Set(secretIdsIn(done.state.config));
    await this.secrets.delete(secretIdsIn(before.config).filter((secretId) => !used.has(secretId)));
  }

  private claimOf(id: string, value: string) {
    return { scope: NAME_SCOPE, value, ownerStream: streamName(providerConfiguration.category, id) };
  }

  private release(id: string, name: string, context: RequestContext): Promise<void> {
    return this.reservations.release(this.claimOf(id, name), context);
  }

  private async holds(ownerStream: string, name: string): Promise<boolean> {
    const { state } = await this.aggregates.load(providerConfiguration, keyOf(ownerStream));
    return existsConfiguration(state) && state.name === name;
  }
}

function providerIdRefusal(providerId: string): Refusal | undefined {
  if (providerId !== '') return undefined;
  return refuse('invalid', 'FLK-0299', 'providerId is required', [{ field: 'providerId', message: 'is required' }]);
}

function schemaRefusal(findings: readonly FieldFinding[]): Refusal {
  return refuse('state', 'FLK-0293', `the configuration is not valid: ${findingsText(findings)}`, findings);
}
