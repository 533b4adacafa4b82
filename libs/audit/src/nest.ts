// The audit trail: its routes, and the replay of streams.
import { Module } from '@nestjs/common';
import { AggregateStore, EventStore } from '@app/event-store';
import { EvidenceReader } from '@app/evidence';
import { ViewStore } from '@app/read-model';
import { AuditEventsController } from './audit-events.controller.js';
import { AuditTrail } from './audit-trail.js';
import { StreamHistory } from './stream-history.js';
import { StreamsController } from './streams.controller.js';

@Module({
  controllers: [AuditEventsController, StreamsController],
  providers: [
    {
      provide: AuditTrail,
      useFactory: (views: ViewStore, events: EventStore, evidence: EvidenceReader) =>
        new AuditTrail(views, events, evidence),
      inject: [ViewStore, EventStore, EvidenceReader],
    },
    {
      provide: StreamHistory,
      useFactory: (events: EventStore, aggregates: AggregateStore) => new StreamHistory(events, aggregates),
      inject: [EventStore, AggregateStore],
    },
  ],
})
export class AuditModule {}
