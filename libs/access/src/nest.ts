// Who may do it: API keys, the guard before every route, and the record of who was turned away.
import type { DynamicModule, FactoryProvider } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Clock, IdSource } from '@app/kernel';
import { AggregateStore, EventStore, Reservations } from '@app/event-store';
import { FaultLog, RefusalLog } from '@app/shell';
import { AccessGuard } from './access.guard.js';
import type { AuthMode } from './access-policy.js';
import { AccessPolicy } from './access-policy.js';
import { ApiKeyController } from './api-key.controller.js';
import { CreateApiKeyHandler, RevokeApiKeyHandler } from './api-key.handler.js';
import { ApiKeyOffice } from './api-key-office.js';
import { ApiKeyDirectory } from './api-key-view.js';
import { Authenticator } from './authenticator.js';
import { Authorizer, EveryActorMay } from './authorizer.js';
import { EventLogRefusalLog } from './event-log.refusal-log.js';
import { KeySecrets } from './key-secrets.js';

export * from './access.decorator.js';
export { EventLogRefusalLog } from './event-log.refusal-log.js';
export { NodeKeySecrets } from './node.key-secrets.js';

export interface AccessOptions {
  readonly auth: AuthMode;
  readonly secrets: KeySecrets;
}

@Module({})
export class AccessModule {
  /** Needs ApiKeyDirectory and the platform's tokens from outside. Everybody may inject what it exports. */
  static register({ auth, secrets }: AccessOptions): DynamicModule {
    const refusalLog: FactoryProvider<EventLogRefusalLog> = {
      provide: EventLogRefusalLog,
      useFactory: (events: EventStore, ids: IdSource, clock: Clock, log: FaultLog) =>
        new EventLogRefusalLog(events, ids, clock, log),
      inject: [EventStore, IdSource, Clock, FaultLog],
    };
    return {
      module: AccessModule,
      global: true,
      controllers: [ApiKeyController],
      providers: [
        { provide: AccessPolicy, useValue: new AccessPolicy(auth) },
        { provide: KeySecrets, useValue: secrets },
        { provide: Authorizer, useValue: new EveryActorMay() },
        refusalLog,
        { provide: RefusalLog, useExisting: EventLogRefusalLog },
        authenticator,
        office,
        CreateApiKeyHandler,
        RevokeApiKeyHandler,
        { provide: APP_GUARD, useClass: AccessGuard },
      ],
      exports: [AccessPolicy, ApiKeyOffice, EventLogRefusalLog, RefusalLog],
    };
  }
}

const authenticator: FactoryProvider<Authenticator> = {
  provide: Authenticator,
  useFactory: (aggregates: AggregateStore, secrets: KeySecrets, clock: Clock) =>
    new Authenticator(aggregates, secrets, clock),
  inject: [AggregateStore, KeySecrets, Clock],
};

const office: FactoryProvider<ApiKeyOffice> = {
  provide: ApiKeyOffice,
  useFactory: (...parts: ConstructorParameters<typeof ApiKeyOffice>) => new ApiKeyOffice(...parts),
  inject: [AggregateStore, Reservations, ApiKeyDirectory, KeySecrets, AccessPolicy, IdSource, Clock],
};
