// A recorded event as it is answered, for the description of the API.
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { Actor, ActorType, Channel, EventMetadata, RecordedEvent } from '@app/kernel';
import { channels } from '@app/kernel';

/** The schema of a property that may be any JSON value, null included. */
export const anyJson = { anyOf: [{}] };

export class ActorDto implements Actor {
  @ApiProperty({ enum: ['user', 'api_key', 'system'] })
  readonly type!: ActorType;

  @ApiProperty()
  readonly id!: string;

  @ApiProperty({ description: 'the name that it had then' })
  readonly name!: string;

  @ApiProperty({ description: 'how it proved who it is' })
  readonly via!: string;
}

export class EventMetadataDto implements EventMetadata {
  @ApiProperty({ type: ActorDto })
  readonly actor!: Actor;

  @ApiPropertyOptional({ type: ActorDto })
  readonly onBehalfOf?: Actor;

  @ApiProperty({ enum: channels })
  readonly channel!: Channel;

  @ApiPropertyOptional()
  readonly ip?: string;

  @ApiPropertyOptional()
  readonly userAgent?: string;

  @ApiPropertyOptional()
  readonly requestId?: string;

  @ApiProperty()
  readonly correlationId!: string;

  @ApiPropertyOptional()
  readonly causationId?: string;

  @ApiPropertyOptional()
  readonly traceparent?: string;

  @ApiProperty({ format: 'date-time', description: 'when it was decided' })
  readonly occurredAt!: string;

  @ApiPropertyOptional()
  readonly reason?: string;

  @ApiProperty({ type: 'integer' })
  readonly schemaVersion!: number;
}

export class RecordedEventDto implements RecordedEvent {
  @ApiProperty({ format: 'uuid' })
  readonly id!: string;

  @ApiProperty()
  readonly type!: string;

  @ApiProperty()
  readonly stream!: string;

  @ApiProperty({ type: 'integer', description: 'in its stream, from 0' })
  readonly revision!: number;

  @ApiProperty({ description: 'in the log' })
  readonly position!: string;

  @ApiProperty({ format: 'date-time' })
  readonly recordedAt!: string;

  @ApiPropertyOptional({ description: 'in the store that recorded it first, when the log was carried over' })
  readonly firstPosition?: string;

  @ApiProperty({ ...anyJson, description: 'see docs/events.md' })
  readonly data!: unknown;

  @ApiProperty({ type: EventMetadataDto })
  readonly metadata!: EventMetadata;
}
