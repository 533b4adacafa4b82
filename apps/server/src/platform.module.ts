// What every capability may ask for: stores, time, ids, the heartbeat, the log of faults.
import type { DynamicModule, Provider } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { Clock, IdSource } from '@app/kernel';
import { AggregateStore, BlobStore, EventStore, Reservations } from '@app/event-store';
import { FaultLog } from '@app/shell';
import { Heartbeat } from '@app/shell/nest';
import { ViewStore } from '@app/read-model';
import { ApiKeyDirectory } from '@app/access';
import type { Stores } from './stores.worker.js';
import { ViewStoreApiKeyDirectory } from './view-store.api-key-directory.js';

/** Opened before the application is built and closed after it. */
export interface Platform {
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly events: EventStore;
  readonly aggregates: AggregateStore;
  readonly reservations: Reservations;
  readonly blobs: BlobStore;
  readonly views: ViewStore;
  readonly log: FaultLog;
  readonly heartbeat: Heartbeat;
  readonly evidence: Stores['evidence'];
  /** What servers that share their stores have in common besides the log. */
  readonly shared?: Stores['shared'];
}

@Module({})
export class PlatformModule {
  static register(platform: Platform): DynamicModule {
    const { clock, ids, events, aggregates, reservations, blobs, views, log, heartbeat } = platform;
    const providers: Provider[] = [
      { provide: Clock, useValue: clock },
      { provide: IdSource, useValue: ids },
      { provide: EventStore, useValue: events },
      { provide: AggregateStore, useValue: aggregates },
      { provide: Reservations, useValue: reservations },
      { provide: BlobStore, useValue: blobs },
      { provide: ViewStore, useValue: views },
      { provide: FaultLog, useValue: log },
      { provide: Heartbeat, useValue: heartbeat },
      { provide: ApiKeyDirectory, useValue: new ViewStoreApiKeyDirectory(views, events) },
    ];
    return {
      module: PlatformModule,
      global: true,
      imports: [CqrsModule.forRoot()],
      providers,
      exports: [
        CqrsModule,
        ...[Clock, IdSource, EventStore, AggregateStore, Reservations, BlobStore, ViewStore, FaultLog, Heartbeat],
        ApiKeyDirectory,
      ],
    };
  }
}
