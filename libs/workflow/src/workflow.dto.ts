import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { Allow, IsArray, IsNumber, IsObject, IsOptional, IsString, Matches, ValidateNested } from 'class-validator';
import type { JsonObject } from '@app/kernel';
import { WireCode } from '@app/shell/nest';
import type { WorkflowPageInput } from './workflow-page.js';
import type { WorkflowContent } from './workflow.js';

const example = '0d6f2a8e-1c1b-4f6e-9a7f-8a2f7a0c9e11';

export class PositionDto {
  @ApiPropertyOptional({ type: Number, nullable: true, default: 0, description: 'may be fractional' })
  @IsOptional()
  @IsNumber()
  x?: number | null;

  @ApiPropertyOptional({ type: Number, nullable: true, default: 0 })
  @IsOptional()
  @IsNumber()
  y?: number | null;
}

export class NodeDto {
  @ApiProperty({ maxLength: 50, example: 'screen' })
  @IsString()
  id!: string;

  @ApiProperty({ maxLength: 50, description: 'trigger, executor, conditional, action; any other passes through' })
  @IsString()
  type!: string;

  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 50 })
  @IsOptional()
  @IsString()
  name?: string | null;

  @ApiPropertyOptional({ type: PositionDto })
  @IsOptional()
  @ValidateNested()
  @Type(() => PositionDto)
  position?: PositionDto | null;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    description: 'what the type reads; kept as it is',
  })
  @IsOptional()
  @IsObject()
  data?: JsonObject | null;
}

export class EdgeDto {
  @ApiProperty({ maxLength: 50, example: 'e1' })
  @IsString()
  id!: string;

  @ApiProperty({ maxLength: 50, description: 'id of a node' })
  @IsString()
  source!: string;

  @ApiProperty({ maxLength: 50, description: 'id of a node' })
  @IsString()
  target!: string;

  @ApiPropertyOptional({ type: String, nullable: true, description: '"true" or "false" on the edges of a conditional' })
  @IsOptional()
  @IsString()
  sourceHandle?: string | null;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    maxLength: 500,
    description: 'the edge is followed only when it is true',
  })
  @IsOptional()
  @IsString()
  condition?: string | null;

  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 50 })
  @IsOptional()
  @IsString()
  label?: string | null;
}

export class SettingsDto {
  @ApiPropertyOptional({
    type: Number,
    nullable: true,
    description: 'seconds a whole run may take, > 0 and <= 86400',
    default: 300,
  })
  @IsOptional()
  @IsNumber()
  runTimeoutSeconds?: number | null;

  @ApiPropertyOptional({
    type: Number,
    nullable: true,
    description: 'seconds one attempt of a step may take, > 0 and <= 300',
    default: 30,
  })
  @IsOptional()
  @IsNumber()
  stepTimeoutSeconds?: number | null;

  @ApiPropertyOptional({
    type: Number,
    nullable: true,
    description: 'provider calls at the same time over all runs of the workflow, 1 to 1000',
  })
  @IsOptional()
  @IsNumber()
  stepConcurrencyMax?: number | null;
}

/** What is read only may be sent back, as a client does that edits what it got; it is ignored. */
class ReadOnlyFields {
  @ApiPropertyOptional({ type: String, readOnly: true, example })
  @Allow()
  id?: unknown;

  @ApiPropertyOptional({ type: String, readOnly: true, example })
  @Allow()
  workflowId?: unknown;

  @ApiPropertyOptional({ type: String, readOnly: true, enum: ['draft', 'active', 'inactive'] })
  @Allow()
  status?: unknown;

  @ApiPropertyOptional({ type: String, readOnly: true })
  @Allow()
  version?: unknown;

  @ApiPropertyOptional({ type: Number, readOnly: true })
  @Allow()
  activeVersion?: unknown;

  @ApiPropertyOptional({ type: String, readOnly: true, format: 'date-time' })
  @Allow()
  createdAt?: unknown;

  @ApiPropertyOptional({ type: String, readOnly: true, format: 'date-time' })
  @Allow()
  updatedAt?: unknown;
}

export class WorkflowDto extends ReadOnlyFields {
  @ApiProperty({ description: 'at most 100 bytes in UTF-8, unique', example: 'pix-screening' })
  @WireCode('FLK-0110')
  @IsString()
  name!: string;

  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 500 })
  @IsOptional()
  @IsString()
  description?: string | null;

  @ApiPropertyOptional({ type: [NodeDto], maxItems: 100 })
  @IsOptional()
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => NodeDto)
  nodes?: NodeDto[] | null;

  @ApiPropertyOptional({ type: [EdgeDto], maxItems: 200 })
  @IsOptional()
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => EdgeDto)
  edges?: EdgeDto[] | null;

  @ApiPropertyOptional({ type: 'object', additionalProperties: true, description: 'merged key by key on update' })
  @IsOptional()
  @IsObject()
  metadata?: JsonObject | null;

  @ApiPropertyOptional({ type: SettingsDto })
  @IsOptional()
  @ValidateNested()
  @Type(() => SettingsDto)
  settings?: SettingsDto | null;
}

export class CloneWorkflowDto {
  @ApiProperty({ description: 'name of the copy: at most 100 bytes in UTF-8, unique', example: 'pix-screening-v2' })
  @WireCode('FLK-0110')
  @IsString()
  name!: string;
}

export class TemplateParamsDto {
  @ApiPropertyOptional({ type: 'object', additionalProperties: true })
  @IsOptional()
  @IsObject()
  params?: JsonObject | null;
}

export class FromTemplateDto extends TemplateParamsDto {
  @ApiProperty({ example: 'tracer-midaz-validation' })
  @IsString()
  templateId!: string;
}

export class WorkflowPageDto implements WorkflowPageInput {
  @ApiPropertyOptional({ description: '1 to 100', default: 10 })
  @IsOptional()
  @IsString()
  limit?: string;

  @ApiPropertyOptional({ description: '`nextCursor` of the page before' })
  @IsOptional()
  @IsString()
  cursor?: string;

  @ApiPropertyOptional({ enum: ['draft', 'active', 'inactive'] })
  @IsOptional()
  @IsString()
  status?: string;

  @ApiPropertyOptional({ enum: ['createdAt', 'updatedAt', 'name'], default: 'createdAt' })
  @IsOptional()
  @IsString()
  sortBy?: string;

  @ApiPropertyOptional({ enum: ['ASC', 'DESC'], default: 'DESC', description: 'in any case' })
  @IsOptional()
  @IsString()
  sortOrder?: string;
}

export class WorkflowAtDto {
  @ApiPropertyOptional({ description: 'RFC 3339: the workflow as it stood then', example: '2026-05-02T13:00:00Z' })
  @IsOptional()
  @Matches(/^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/, {
    message: 'at must be a date-time of RFC 3339, as in 2026-05-02T13:00:00Z',
  })
  at?: string;
}

export class VersionDifferenceDto {
  @ApiPropertyOptional({ description: 'the version to compare with; default: the one before', example: 1 })
  @IsOptional()
  @Matches(/^[1-9]\d{0,8}$/, { message: 'against must be the number of a version' })
  against?: string;
}

/** The content that a body says; what is null or absent takes its default. */
export function contentOfDto(dto: WorkflowDto): WorkflowContent {
  return {
    name: dto.name,
    ...present('description', dto.description),
    nodes: (dto.nodes ?? []).map((node) => ({
      id: node.id,
      type: node.type,
      ...present('name', node.name),
      position: { x: node.position?.x ?? 0, y: node.position?.y ?? 0 },
      ...present('data', node.data),
    })),
    edges: (dto.edges ?? []).map(({ id, source, target, sourceHandle, condition, label }) => ({
      id,
      source,
      target,
      ...present('sourceHandle', sourceHandle),
      ...present('condition', condition),
      ...present('label', label),
    })),
    ...present('metadata', dto.metadata),
    ...(dto.settings ? { settings: settingsOf(dto.settings) } : {}),
  };
}

function settingsOf({ runTimeoutSeconds, stepTimeoutSeconds, stepConcurrencyMax }: SettingsDto) {
  return {
    ...present('runTimeoutSeconds', runTimeoutSeconds),
    ...present('stepTimeoutSeconds', stepTimeoutSeconds),
    ...present('stepConcurrencyMax', stepConcurrencyMax),
  };
}

function present<K extends string, V>(key: K, value: V | null | undefined): { [P in K]?: V } {
  return value === undefined || value === null ? {} : ({ [key]: value } as { [P in K]: V });
}
