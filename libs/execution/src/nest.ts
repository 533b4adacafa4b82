// Runs: start, drive, recover, show.
import { randomUUID } from 'node:crypto';
import type { DynamicModule, Provider } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { Clock, IdSource } from '@app/kernel';
import { AggregateStore, BlobStore, EventStore } from '@app/event-store';
import { ProviderCaller } from '@app/provider';
import { ViewStore } from '@app/read-model';
import { FaultLog } from '@app/shell';
import { ExecutionDashboardController } from './dashboard.controller.js';
import { DefinitionSource } from './definition-source.js';
import { ExecutionController } from './execution.controller.js';
import { ExecutionEvidenceController } from './execution-evidence.controller.js';
import { FrozenDefinitions } from './frozen-definitions.js';
import {
  CancelExecutionHandler,
  RetryExecutionHandler,
  RunDefaults,
  StartExecutionHandler,
} from './execution.handler.js';
import { Recovery } from './recovery.worker.js';
import { RunOwnership } from './run-ownership.js';
import { RunNews } from './run-news.worker.js';
import { Runner } from './runner.worker.js';
import { WebhookController } from './webhook.controller.js';

export { PostgresRunOwnership } from './postgres.run-ownership.js';
export type { PostgresRunOwnershipOptions } from './postgres.run-ownership.js';
export { Recovery } from './recovery.worker.js';
export { RunNews } from './run-news.worker.js';
export { Runner } from './runner.worker.js';

export interface ExecutionOptions {
  readonly ownership: RunOwnership;
  /** Runs in memory; further starts are answered 503. */
  readonly liveRunsMax: number;
  /** Provider calls under way at the same time. */
  readonly stepConcurrencyMax: number;
  /** For workflows that set none. */
  readonly runTimeoutMs: number;
  readonly stepTimeoutMs: number;
  /** How long calls under way may go on once the server stops. */
  readonly drainMs: number;
}

@Module({})
export class ExecutionModule {
  /**
   * Needs, globally: the stores, the clock, the ids, `ProviderCaller`, `SecretStore`, `Reservations`, `AccessPolicy`,
   * `FaultLog` and the command bus. The server lets `Runner`, `RunNews` and `Recovery` tick.
   */
  static register(options: ExecutionOptions): DynamicModule {
    return {
      module: ExecutionModule,
      global: true,
      controllers: [ExecutionController, ExecutionEvidenceController, WebhookController, ExecutionDashboardController],
      providers: [
        { provide: RunOwnership, useValue: options.ownership },
        StartExecutionHandler,
        CancelExecutionHandler,
        RetryExecutionHandler,
        { provide: RunDefaults, useValue: { runTimeoutMs: options.runTimeoutMs } },
        {
          provide: DefinitionSource,
          inject: [AggregateStore, Clock],
          useFactory: (aggregates: AggregateStore, clock: Clock) =>
            new DefinitionSource(
              aggregates,
              { nowMs: () => clock.nowMs(), randomUuid: () => randomUUID() },
              { stepTimeoutMs: options.stepTimeoutMs },
            ),
        },
        {
          provide: FrozenDefinitions,
          inject: [EventStore, AggregateStore],
          useFactory: (events: EventStore, aggregates: AggregateStore) => new FrozenDefinitions(events, aggregates),
        },
        ...workers(options),
      ],
      exports: [Runner, Recovery, RunNews],
    };
  }
}

/** What moves runs. */
function workers(options: ExecutionOptions): Provider[] {
  return [
    {
      provide: Runner,
      inject: [EventStore, BlobStore, ProviderCaller, DefinitionSource, RunOwnership, Clock, IdSource, FaultLog],
      useFactory: (
        events: EventStore,
        blobs: BlobStore,
        caller: ProviderCaller,
        definitions: DefinitionSource,
        ownership: RunOwnership,
        clock: Clock,
        ids: IdSource,
        log: FaultLog,
      ) =>
        new Runner({
          events,
          blobs,
          caller,
          definitionOf: (workflowId, version) => definitions.definitionOf(workflowId, version),
          ownership,
          clock,
          ids,
          random: Math.random,
          limits: options,
          onFault: (runId, error) => log.error('a run met a bug and stands still', { runId, error }),
        }),
    },
    {
      provide: Recovery,
      inject: [EventStore, ViewStore, Runner, RunOwnership],
      useFactory: (events: EventStore, views: ViewStore, runner: Runner, ownership: RunOwnership) =>
        new Recovery(events, views, runner, ownership, options.liveRunsMax),
    },
    {
      provide: RunNews,
      inject: [EventStore, Runner, RunOwnership],
      useFactory: (events: EventStore, runner: Runner, ownership: RunOwnership) =>
        RunNews.open(events, runner, ownership),
    },
  ];
}
