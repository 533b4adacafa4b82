// What the probes answer.
import { ApiExtraModels, ApiProperty, ApiPropertyOptional, getSchemaPath } from '@nestjs/swagger';
import type { Check, CheckStatus } from './readiness.js';

const words = { enum: ['healthy', 'unhealthy'] };

class HealthCheckDto {
  @ApiProperty(words)
  readonly status!: string;

  @ApiProperty()
  readonly message!: string;
}

class HealthChecksDto {
  @ApiProperty()
  readonly database!: HealthCheckDto;
}

export class HealthDto {
  @ApiProperty(words)
  readonly status!: string;

  @ApiProperty()
  readonly version!: string;

  @ApiProperty({ example: '1h2m3.4s' })
  readonly uptime!: string;

  @ApiProperty({ format: 'date-time' })
  readonly timestamp!: string;

  @ApiProperty()
  readonly checks!: HealthChecksDto;
}

export class ReadinessCheckDto implements Check {
  @ApiProperty({ enum: ['up', 'down', 'degraded'] })
  readonly status!: CheckStatus;

  @ApiPropertyOptional()
  readonly latency_ms?: number;

  @ApiPropertyOptional()
  readonly reason?: string;
}

@ApiExtraModels(ReadinessCheckDto)
export class ReadinessDto {
  @ApiProperty(words)
  readonly status!: string;

  @ApiProperty({ type: 'object', additionalProperties: { $ref: getSchemaPath(ReadinessCheckDto) } })
  readonly checks!: Readonly<Record<string, Check>>;

  @ApiProperty()
  readonly version!: string;

  @ApiProperty()
  readonly deployment_mode!: string;
}

export class VersionDto {
  @ApiProperty()
  readonly version!: string;

  @ApiProperty({ format: 'date-time' })
  readonly requestDate!: string;
}
