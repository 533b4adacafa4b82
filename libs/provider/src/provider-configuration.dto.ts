import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Allow, IsObject, IsOptional, IsString } from 'class-validator';
import type { JsonObject } from '@app/kernel';

/** What is missing or too long is answered with a code of its own, so here only the types are checked. */
export class CreateProviderConfigurationDto {
  @ApiProperty({ description: 'Unique, at most 100 bytes' })
  @IsOptional()
  @IsString()
  name?: string | null;

  @ApiPropertyOptional({ maxLength: 500 })
  @IsOptional()
  @IsString()
  description?: string | null;

  @ApiProperty({ description: 'From the catalogue, as in tracer' })
  @IsOptional()
  @IsString()
  providerId?: string | null;

  @ApiProperty({ type: Object, description: 'Valid against the configSchema of the provider' })
  @IsOptional()
  @IsObject()
  config?: JsonObject | null;

  @ApiPropertyOptional({ type: Object })
  @IsOptional()
  @IsObject()
  metadata?: JsonObject | null;
}

/** What a GET answered may come back whole: the fields that nobody can set are ignored. */
export class UpdateProviderConfigurationDto extends CreateProviderConfigurationDto {
  @ApiPropertyOptional({ description: 'Ignored' })
  @Allow()
  id?: unknown;

  @ApiPropertyOptional({ description: 'Ignored' })
  @Allow()
  status?: unknown;

  @ApiPropertyOptional({ description: 'Ignored' })
  @Allow()
  createdAt?: unknown;

  @ApiPropertyOptional({ description: 'Ignored' })
  @Allow()
  updatedAt?: unknown;
}

export class ProviderConfigurationListQuery {
  @ApiPropertyOptional({ description: '1 to 100, 10 by default' })
  @IsOptional()
  @IsString()
  limit?: string;

  @ApiPropertyOptional({ description: 'As a previous page gave it in nextCursor' })
  @IsOptional()
  @IsString()
  cursor?: string;

  @ApiPropertyOptional({ enum: ['active', 'disabled'] })
  @IsOptional()
  @IsString()
  status?: string;

  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  providerId?: string;

  @ApiPropertyOptional({ enum: ['createdAt', 'updatedAt', 'name'] })
  @IsOptional()
  @IsString()
  sortBy?: string;

  @ApiPropertyOptional({ enum: ['ASC', 'DESC'] })
  @IsOptional()
  @IsString()
  sortOrder?: string;
}

export class ReadProviderConfigurationQuery {
  @ApiPropertyOptional({ description: 'RFC 3339: the configuration as it stood then', format: 'date-time' })
  @IsOptional()
  @IsString()
  at?: string;
}

export class ProviderConfigurationCreatedDto {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty()
  name!: string;

  @ApiProperty({ enum: ['active'] })
  status!: string;

  @ApiProperty({ format: 'date-time' })
  createdAt!: string;
}

export class ProviderConfigurationDto {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty()
  name!: string;

  @ApiPropertyOptional()
  description?: string;

  @ApiProperty()
  providerId!: string;

  @ApiProperty({ type: Object, description: 'Secrets are masked' })
  config!: JsonObject;

  @ApiProperty({ enum: ['active', 'disabled'] })
  status!: string;

  @ApiPropertyOptional({ type: Object })
  metadata?: JsonObject;

  @ApiProperty({ format: 'date-time' })
  createdAt!: string;

  @ApiProperty({ format: 'date-time' })
  updatedAt!: string;
}

export class ProviderConfigurationPageDto {
  @ApiProperty({ type: [ProviderConfigurationDto] })
  items!: readonly ProviderConfigurationDto[];

  @ApiProperty()
  nextCursor!: string;

  @ApiProperty()
  hasMore!: boolean;
}

class TestStageDto {
  @ApiProperty({ enum: ['connectivity', 'authentication', 'end_to_end'] })
  name!: string;

  @ApiProperty({ enum: ['passed', 'failed', 'skipped'] })
  status!: string;

  @ApiProperty()
  durationMs!: number;

  @ApiPropertyOptional()
  message?: string;

  @ApiPropertyOptional({ type: Object })
  details?: JsonObject;

  @ApiPropertyOptional()
  error?: string;
}

export class TestReportDto {
  @ApiProperty({ format: 'uuid' })
  providerConfigId!: string;

  @ApiProperty()
  providerId!: string;

  @ApiProperty({ enum: ['passed', 'partial', 'failed'] })
  overallStatus!: string;

  @ApiProperty()
  durationMs!: number;

  @ApiProperty({ type: [TestStageDto] })
  stages!: readonly TestStageDto[];

  @ApiProperty()
  summary!: string;

  @ApiProperty({ format: 'date-time' })
  startedAt!: string;

  @ApiProperty({ format: 'date-time' })
  completedAt!: string;
}
