// The whole server, as a list of its capabilities.
import type { DynamicModule, INestApplication } from '@nestjs/common';
import { Module } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import type { KeySecrets } from '@app/access';
import { AccessModule } from '@app/access/nest';
import { AuditModule } from '@app/audit/nest';
import { evidenceServer } from '@app/evidence/nest';
import type { RunOwnership } from '@app/execution';
import { SoleOwnership } from '@app/execution';
import { ExecutionModule, PostgresRunOwnership, Recovery, RunNews, Runner } from '@app/execution/nest';
import { PostgresSecretStore, ProviderModule } from '@app/provider/nest';
import { WorkflowModule } from '@app/workflow/nest';
import { Metrics, MetricsController } from './metrics.controller.js';
import { serveOpenApi } from './openapi.module.js';
import type { Platform } from './platform.module.js';
import { PlatformModule } from './platform.module.js';
import { ProbesController } from './probes.controller.js';
import { ServerCondition } from './server-condition.js';
import type { Settings } from './settings.js';

const { EvidenceModule } = await evidenceServer();

/** How long provider calls under way may go on once the server stops; the whole stop takes ten seconds at most. */
const CALLS_DRAIN_MS = 4_000;

export interface AppParts {
  readonly settings: Settings;
  readonly platform: Platform;
  readonly ownership: RunOwnership;
  readonly keySecrets: KeySecrets;
  readonly condition: ServerCondition;
}

@Module({})
export class AppModule {
  static register({ settings, platform, ownership, keySecrets, condition }: AppParts): DynamicModule {
    const { shared } = platform;
    const { liveRunsMax, stepConcurrencyMax, runTimeoutMs, stepTimeoutMs, secretsKey } = settings;
    return {
      module: AppModule,
      imports: [
        PlatformModule.register(platform),
        AccessModule.register({ auth: settings.auth, secrets: keySecrets }),
        EvidenceModule.register(platform.evidence),
        everywhere(
          ProviderModule.register({
            egressAllow: settings.egressAllow,
            dataDirectory: settings.dataDirectory,
            ...(secretsKey === undefined ? {} : { secretsKey }),
            ...(shared
              ? { openSecrets: (key) => PostgresSecretStore.open({ database: shared.database, ...key }) }
              : {}),
          }),
        ),
        WorkflowModule.register(),
        ExecutionModule.register({
          ownership,
          liveRunsMax,
          stepConcurrencyMax,
          runTimeoutMs,
          stepTimeoutMs,
          drainMs: CALLS_DRAIN_MS,
        }),
        AuditModule,
      ],
      controllers: [ProbesController, MetricsController],
      providers: [
        { provide: ServerCondition, useValue: condition },
        { provide: Metrics, useFactory: (server: ServerCondition) => new Metrics(server), inject: [ServerCondition] },
      ],
    };
  }
}

/** What the module exports may be injected by all the others. */
function everywhere(module: DynamicModule): DynamicModule {
  return { ...module, global: true };
}

/** Which runs are this server's to drive. */
export async function openOwnership({ shared, clock, ids, log }: Platform): Promise<RunOwnership> {
  return shared ? PostgresRunOwnership.open({ database: shared.database, clock, ids, log }) : new SoleOwnership();
}

interface RunWorkers {
  readonly runner: Runner;
  readonly news: RunNews;
  readonly recovery: Recovery;
}

/** The workers that drive runs; the server lets them tick. */
export function runnersOf(app: INestApplication): RunWorkers {
  return { runner: app.get(Runner), news: app.get(RunNews), recovery: app.get(Recovery) };
}

/** Before `app.init()`: figures about every request, and the description of the API. */
export function watchAndDescribe(app: INestApplication, fastify: FastifyInstance, version: string): void {
  app.get(Metrics).watch(fastify);
  serveOpenApi(app, version);
}
