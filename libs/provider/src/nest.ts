// The contents of this capability: what may be called, with which configurations, and how.
import type { DynamicModule, OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { Clock, IdSource } from '@app/kernel';
import { AggregateStore, EventStore, RecentMap, Reservations } from '@app/event-store';
import { ViewStore } from '@app/read-model';
import { FaultLog } from '@app/shell';
import { CallableConfigurations } from './callable-configurations.js';
import { CatalogController } from './catalog.controller.js';
import { CallGate } from './cockatiel.call-gate.js';
import { ConfigurationAuthor } from './configuration-author.js';
import { ConfigurationReader } from './configuration-reader.js';
import { ConfigurationTester } from './configuration-tester.js';
import { ConfigurationUsage } from './configuration-usage.js';
import { parseEgressAllow } from './egress-policy.js';
import { ExecutorConfigurationController } from './executor-configuration.controller.js';
import type { SecretKeySource } from './file.secret-key.js';
import { HttpClient } from './http-client.js';
import { HttpProviderCaller } from './http.provider-caller.js';
import { HttpTokenSource } from './http.token-source.js';
import { LateConfigurationUsage } from './late.configuration-usage.js';
import { ProviderCaller } from './provider-caller.js';
import { ProviderConfigurationController } from './provider-configuration.controller.js';
import { providerHandlers } from './provider-configuration.handler.js';
import { SecretStore } from './secret-store.js';
import { SqliteSecretStore } from './sqlite.secret-store.js';
import { TokenSource } from './token-source.js';
import { UndiciHttpClient } from './undici.http-client.js';

export interface ProviderModuleOptions {
  /** Entries of EGRESS_ALLOW: `loopback`, `private`, address ranges, host names. Throws RangeError for another. */
  readonly egressAllow: readonly string[];
  /** Where `secrets.db` and `secrets.key` live. */
  readonly dataDirectory: string;
  /** 32 bytes in base64, instead of the key file. */
  readonly secretsKey?: string;
  /** Where several servers share their secrets; default: the file in the data directory. Closed with the module. */
  readonly openSecrets?: (key: SecretKeySource) => Promise<SecretStore>;
  /** Bytes of a provider's answer; default 10 MiB. */
  readonly maxResponseBytes?: number;
  /** Connections per origin; default 128. */
  readonly connectionsMax?: number;
  /** Consecutive failures that open a configuration's circuit breaker (default 5) and how long it stays open (30 s). */
  readonly breaker?: { readonly failuresMax?: number; readonly openMs?: number };
}

/** Gates are small; a configuration that was not called for that long begins anew. */
const GATES_MAX = 10_000;

/** Needs a `ConfigurationUsage` provider in some module of the application. */
@Module({})
export class ProviderModule implements OnModuleInit, OnApplicationShutdown {
  constructor(
    private readonly modules: ModuleRef,
    private readonly client: HttpClient,
    private readonly secrets: SecretStore,
  ) {}

  static register(options: ProviderModuleOptions): DynamicModule {
    return {
      module: ProviderModule,
      controllers: [CatalogController, ProviderConfigurationController, ExecutorConfigurationController],
      providers: [...adapters(options), ...desks, ...providerHandlers],
      exports: [ProviderCaller, SecretStore, HttpClient, ConfigurationReader],
    };
  }

  /** Fails at start-up, not at the first delete. */
  onModuleInit(): void {
    this.modules.get(ConfigurationUsage, { strict: false });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.client.close();
    await this.secrets.close();
  }
}

function adapters(options: ProviderModuleOptions): NonNullable<DynamicModule['providers']> {
  const { egressAllow, maxResponseBytes, connectionsMax, breaker } = options;
  return [
    {
      provide: HttpClient,
      useFactory: () =>
        new UndiciHttpClient({
          policy: parseEgressAllow(egressAllow),
          ...(maxResponseBytes === undefined ? {} : { responseBytesMax: maxResponseBytes }),
          ...(connectionsMax === undefined ? {} : { connectionsMax }),
        }),
    },
    {
      provide: SecretStore,
      useFactory: () => secretsOf(options),
    },
    {
      provide: TokenSource,
      inject: [HttpClient, Clock],
      useFactory: (client: HttpClient, clock: Clock) => new HttpTokenSource(client, clock),
    },
    {
      provide: ProviderCaller,
      inject: [CallableConfigurations, HttpClient, TokenSource, Clock, FaultLog],
      useFactory: (
        configurations: CallableConfigurations,
        client: HttpClient,
        tokens: TokenSource,
        clock: Clock,
        log: FaultLog,
      ) =>
        new HttpProviderCaller(configurations, client, tokens, gates(breaker), clock, (where) =>
          log.error('a provider call could not be made', { where }),
        ),
    },
  ];
}

function secretsOf({
  dataDirectory,
  secretsKey,
  openSecrets,
}: ProviderModuleOptions): SecretStore | Promise<SecretStore> {
  const key: SecretKeySource = { directory: dataDirectory, ...(secretsKey === undefined ? {} : { key: secretsKey }) };
  return openSecrets ? openSecrets(key) : SqliteSecretStore.open(key);
}

function gates(options: ProviderModuleOptions['breaker']): (configurationId: string) => CallGate {
  const known = new RecentMap<string, CallGate>(GATES_MAX);
  return (id) => {
    let gate = known.get(id);
    if (!gate) {
      gate = new CallGate(options);
      known.set(id, gate);
    }
    return gate;
  };
}

const desks: NonNullable<DynamicModule['providers']> = [
  {
    provide: CallableConfigurations,
    inject: [AggregateStore, SecretStore],
    useFactory: (aggregates: AggregateStore, secrets: SecretStore) => new CallableConfigurations(aggregates, secrets),
  },
  {
    provide: ConfigurationAuthor,
    inject: [AggregateStore, Reservations, SecretStore, ModuleRef, IdSource],
    useFactory: (
      aggregates: AggregateStore,
      reservations: Reservations,
      secrets: SecretStore,
      modules: ModuleRef,
      ids: IdSource,
    ) => new ConfigurationAuthor(aggregates, reservations, secrets, new LateConfigurationUsage(modules), ids),
  },
  {
    provide: ConfigurationReader,
    inject: [ViewStore, EventStore, AggregateStore, SecretStore],
    useFactory: (views: ViewStore, events: EventStore, aggregates: AggregateStore, secrets: SecretStore) =>
      new ConfigurationReader(views, events, aggregates, secrets),
  },
  {
    provide: ConfigurationTester,
    inject: [CallableConfigurations, AggregateStore, HttpClient, TokenSource, Clock],
    useFactory: (
      configurations: CallableConfigurations,
      aggregates: AggregateStore,
      client: HttpClient,
      tokens: TokenSource,
      clock: Clock,
    ) => new ConfigurationTester(configurations, aggregates, client, tokens, clock),
  },
];

export { HttpProviderCaller } from './http.provider-caller.js';
export { HttpTokenSource } from './http.token-source.js';
export { CallGate } from './cockatiel.call-gate.js';
export { MemorySecretStore } from './memory.secret-store.js';
export { SecretKeyError } from './crypto.secret-box.js';
export { PostgresSecretStore } from './postgres.secret-store.js';
export type { SecretKeySource } from './file.secret-key.js';
export type { PostgresSecretStoreOptions } from './postgres.secret-store.js';
export { PostgresSealedSecrets } from './postgres.sealed-secrets.js';
export { SqliteSealedSecrets } from './sqlite.sealed-secrets.js';
export { SqliteSecretStore } from './sqlite.secret-store.js';
export type { SqliteSecretStoreOptions } from './sqlite.secret-store.js';
export { UndiciHttpClient } from './undici.http-client.js';
export type { UndiciHttpClientOptions } from './undici.http-client.js';
