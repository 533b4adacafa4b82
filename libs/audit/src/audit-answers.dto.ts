// What the audit trail and the streams answer.
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { Channel } from '@app/kernel';
import { channels } from '@app/kernel';
import type { EventVerification } from '@app/evidence';
import { ActorDto, anyJson, RecordedEventDto } from '@app/shell/nest';
import type { ActorCount, AuditFacets, BucketCount, ValueCount } from './audit-counts.js';
import type { AuditActor, AuditChange, AuditEntry } from './audit-entry.js';
import type { AuditAction, AuditCategory, AuditResult, ResourceType } from './audit-table.js';
import { auditActions, auditCategories, auditResults, resourceTypes } from './audit-table.js';
import type { AuditPage, RelatedEntries, RelatedEntry, Relation } from './audit-trail.js';
import type { ReplayedEvent, StreamPage, StreamState } from './stream-history.js';

const flat = {
  type: 'object' as const,
  additionalProperties: { oneOf: [{ type: 'string' as const }, { type: 'number' as const }] },
};
const leafHash = { description: 'of the leaf, hexadecimal; absent until the event is sequenced' };
const relations = ['itself', 'cause', 'effect', 'same_correlation'] as const;

export class AuditActorDto extends ActorDto implements AuditActor {
  @ApiPropertyOptional()
  readonly ipAddress?: string;
}

export class AuditChangeDto implements AuditChange {
  @ApiProperty()
  readonly path!: string;

  @ApiPropertyOptional(anyJson)
  readonly before?: unknown;

  @ApiPropertyOptional(anyJson)
  readonly after?: unknown;
}

export class AuditContextDto {
  @ApiPropertyOptional(anyJson)
  readonly before?: unknown;

  @ApiPropertyOptional(anyJson)
  readonly after?: unknown;

  @ApiPropertyOptional(anyJson)
  readonly input?: unknown;

  @ApiPropertyOptional(anyJson)
  readonly output?: unknown;

  @ApiPropertyOptional({ enum: [true], description: 'something is missing here' })
  readonly truncated?: true;

  @ApiPropertyOptional({ description: 'where all of it is' })
  readonly whole?: string;
}

export class AuditEntryDto implements AuditEntry {
  @ApiProperty({ format: 'uuid' })
  readonly eventId!: string;

  @ApiProperty({ example: 'WORKFLOW_CREATED' })
  readonly eventType!: string;

  @ApiProperty({ enum: auditActions })
  readonly action!: AuditAction;

  @ApiProperty({ enum: auditResults })
  readonly result!: AuditResult;

  @ApiProperty()
  readonly resourceId!: string;

  @ApiProperty({ enum: resourceTypes })
  readonly resourceType!: ResourceType;

  @ApiProperty({ type: AuditActorDto })
  readonly actor!: AuditActor;

  @ApiPropertyOptional({ type: ActorDto, description: 'who asked for the run, where the engine itself acted' })
  readonly onBehalfOf?: NonNullable<AuditEntry['onBehalfOf']>;

  @ApiPropertyOptional({ type: AuditContextDto })
  readonly context?: NonNullable<AuditEntry['context']>;

  @ApiProperty({ ...flat, description: 'dotted keys' })
  readonly metadata!: AuditEntry['metadata'];

  @ApiProperty({ format: 'date-time' })
  readonly timestamp!: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'where the log took it in a second later or more' })
  readonly occurredAt?: string;

  @ApiProperty({ enum: auditCategories })
  readonly category!: AuditCategory;

  @ApiPropertyOptional()
  readonly resourceName?: string;

  @ApiProperty({ enum: channels })
  readonly channel!: Channel;

  @ApiPropertyOptional()
  readonly userAgent?: string;

  @ApiPropertyOptional()
  readonly requestId?: string;

  @ApiProperty()
  readonly correlationId!: string;

  @ApiPropertyOptional()
  readonly causationId?: string;

  @ApiPropertyOptional()
  readonly reason?: string;

  @ApiProperty()
  readonly summary!: string;

  @ApiProperty()
  readonly stream!: string;

  @ApiProperty({ type: 'integer' })
  readonly revision!: number;

  @ApiProperty()
  readonly position!: string;

  @ApiPropertyOptional({ type: [AuditChangeDto] })
  readonly changes?: readonly AuditChange[];

  @ApiPropertyOptional(leafHash)
  readonly hash?: string;

  @ApiPropertyOptional({ description: 'of the event before it in its stream' })
  readonly previousHash?: string;

  @ApiPropertyOptional({ type: 'integer' })
  readonly leafIndex?: number;
}

export class AuditEntriesPageDto implements AuditPage {
  @ApiProperty({ type: [AuditEntryDto] })
  readonly items!: readonly AuditEntry[];

  @ApiProperty({ description: 'empty on the last page' })
  readonly nextCursor!: string;

  @ApiProperty()
  readonly hasMore!: boolean;
}

export class RelatedEntryDto extends AuditEntryDto implements RelatedEntry {
  @ApiProperty({ enum: relations })
  readonly relation!: Relation;
}

export class RelatedEntriesDto implements RelatedEntries {
  @ApiProperty({ type: [RelatedEntryDto], description: 'oldest first' })
  readonly items!: readonly RelatedEntry[];

  @ApiPropertyOptional({ type: AuditEntryDto })
  readonly cause?: AuditEntry;

  @ApiProperty({ description: 'empty on the last page' })
  readonly nextCursor!: string;

  @ApiProperty()
  readonly hasMore!: boolean;
}

export class ValueCountDto implements ValueCount {
  @ApiProperty()
  readonly value!: string;

  @ApiProperty({ type: 'integer' })
  readonly count!: number;
}

export class ActorCountDto implements ActorCount {
  @ApiProperty()
  readonly id!: string;

  @ApiProperty()
  readonly name!: string;

  @ApiProperty()
  readonly type!: string;

  @ApiProperty({ type: 'integer' })
  readonly count!: number;
}

export class AuditFacetsDto implements AuditFacets {
  @ApiProperty({ type: 'integer' })
  readonly total!: number;

  @ApiProperty({ type: [ValueCountDto] })
  readonly eventTypes!: readonly ValueCount[];

  @ApiProperty({ type: [ValueCountDto] })
  readonly categories!: readonly ValueCount[];

  @ApiProperty({ type: [ValueCountDto] })
  readonly actions!: readonly ValueCount[];

  @ApiProperty({ type: [ValueCountDto] })
  readonly results!: readonly ValueCount[];

  @ApiProperty({ type: [ValueCountDto] })
  readonly resourceTypes!: readonly ValueCount[];

  @ApiProperty({ type: [ValueCountDto] })
  readonly channels!: readonly ValueCount[];

  @ApiProperty({ type: [ActorCountDto] })
  readonly actors!: readonly ActorCount[];
}

export class BucketCountDto implements BucketCount {
  @ApiProperty({ format: 'date-time', description: 'its beginning' })
  readonly from!: string;

  @ApiProperty({ type: 'integer' })
  readonly success!: number;

  @ApiProperty({ type: 'integer' })
  readonly failed!: number;
}

export class AuditHistogramAnswerDto {
  @ApiProperty({ type: [BucketCountDto] })
  readonly buckets!: readonly BucketCount[];
}

export class EventVerificationDto implements EventVerification {
  @ApiProperty()
  readonly isValid!: boolean;

  @ApiPropertyOptional({ format: 'uuid', description: 'the event, when it is not what was recorded' })
  readonly firstInvalidId?: string;

  @ApiProperty({ type: 'integer' })
  readonly totalChecked!: number;

  @ApiProperty()
  readonly message!: string;

  @ApiProperty({ type: 'integer' })
  readonly leafIndex!: number;

  @ApiProperty({ type: 'integer' })
  readonly treeSize!: number;

  @ApiProperty({ type: [String] })
  readonly proof!: readonly string[];

  @ApiProperty({ description: 'signed note' })
  readonly checkpoint!: string;
}

export class StreamEventDto extends RecordedEventDto implements ReplayedEvent {
  @ApiPropertyOptional({ description: 'what an event of this type means' })
  readonly sentence?: string;

  @ApiProperty()
  readonly summary!: string;
}

export class StreamPageAnswerDto implements StreamPage {
  @ApiProperty()
  readonly stream!: string;

  @ApiProperty({ type: [StreamEventDto] })
  readonly items!: readonly ReplayedEvent[];

  @ApiPropertyOptional({ type: 'integer', description: 'revision at which the next page begins' })
  readonly nextFrom?: number;

  @ApiProperty()
  readonly hasMore!: boolean;
}

export class StreamStateAnswerDto implements StreamState {
  @ApiProperty()
  readonly stream!: string;

  @ApiProperty({ type: 'integer', description: 'of the last event folded' })
  readonly revision!: number;

  @ApiPropertyOptional({ format: 'date-time' })
  readonly createdAt?: string;

  @ApiPropertyOptional({ format: 'date-time' })
  readonly updatedAt?: string;

  @ApiProperty({ ...anyJson, description: 'of the aggregate' })
  readonly state!: unknown;
}
