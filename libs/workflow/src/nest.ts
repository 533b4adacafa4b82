// The workflow library inside Nest: its contents page.
import type { DynamicModule } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { AggregateStore, EventStore, Reservations } from '@app/event-store';
import { IdSource } from '@app/kernel';
import { ConfigurationUsage, SecretStore } from '@app/provider';
import { ViewStore } from '@app/read-model';
import { TemplateCatalog } from './template-catalog.js';
import { TemplateController } from './template.controller.js';
import { ViewConfigurationUsage } from './view.configuration-usage.js';
import { WorkflowAuthor } from './workflow-author.js';
import { WorkflowClaims } from './workflow-claims.js';
import { WorkflowDashboardController } from './workflow-dashboard.controller.js';
import { WorkflowReader } from './workflow-reader.js';
import { WorkflowVersionController } from './workflow-version.controller.js';
import { WorkflowController } from './workflow.controller.js';
import {
  ActivateWorkflowHandler,
  CloneWorkflowHandler,
  CreateWorkflowHandler,
  DeactivateWorkflowHandler,
  DeleteWorkflowHandler,
  UpdateWorkflowHandler,
  WorkflowMessageHandler,
} from './workflow.handler.js';

export * from './view.configuration-usage.js';
export * from './workflow.handler.js';

export interface WorkflowModuleOptions {
  /** The module that exports `SecretStore`, when it is not a global one. */
  readonly imports?: NonNullable<DynamicModule['imports']>;
}

@Module({})
export class WorkflowModule {
  /** Needs, globally: the stores, `Reservations`, `ViewStore`, `IdSource` and the command bus. */
  static register({ imports = [] }: WorkflowModuleOptions = {}): DynamicModule {
    return {
      module: WorkflowModule,
      imports,
      controllers: [WorkflowController, WorkflowVersionController, TemplateController, WorkflowDashboardController],
      providers: [
        CreateWorkflowHandler,
        CloneWorkflowHandler,
        UpdateWorkflowHandler,
        ActivateWorkflowHandler,
        DeactivateWorkflowHandler,
        DeleteWorkflowHandler,
        WorkflowMessageHandler,
        {
          provide: WorkflowAuthor,
          inject: [AggregateStore, Reservations, SecretStore, IdSource],
          useFactory: (aggregates: AggregateStore, reservations: Reservations, secrets: SecretStore, ids: IdSource) =>
            new WorkflowAuthor(aggregates, new WorkflowClaims(aggregates, reservations), secrets, ids),
        },
        {
          provide: WorkflowReader,
          inject: [ViewStore, EventStore, AggregateStore, SecretStore],
          useFactory: (views: ViewStore, events: EventStore, aggregates: AggregateStore, secrets: SecretStore) =>
            new WorkflowReader(views, events, aggregates, secrets),
        },
        {
          provide: TemplateCatalog,
          inject: [ViewStore, EventStore],
          useFactory: (views: ViewStore, events: EventStore) => new TemplateCatalog(views, events),
        },
        {
          provide: ConfigurationUsage,
          inject: [ViewStore, EventStore],
          useFactory: (views: ViewStore, events: EventStore) => new ViewConfigurationUsage(views, events),
        },
      ],
      exports: [ConfigurationUsage, WorkflowReader],
    };
  }
}
