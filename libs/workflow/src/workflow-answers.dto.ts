// What workflows, their versions and the templates answer.
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { Json, JsonObject } from '@app/kernel';
import { anyJson } from '@app/shell/nest';
import type { WorkflowEdge, WorkflowNode, WorkflowSettings } from './definition.js';
import type { ElementDifference } from './definition-diff.js';
import type { TemplateDetail, TemplateItem } from './template-catalog.js';
import type { Change } from './workflow-events.js';
import type { CreatedItem, WorkflowItem } from './workflow-item.js';
import type { VersionDetail, VersionDifference, VersionItem } from './workflow-reader.js';

const statuses = ['draft', 'active', 'inactive'] as const;
const freely = { type: 'object', additionalProperties: true } as const;
const definitionHash = { description: 'SHA-256, hexadecimal' };

class NodePositionDto implements Readonly<WorkflowNode['position']> {
  @ApiProperty()
  readonly x!: number;

  @ApiProperty()
  readonly y!: number;
}

export class WorkflowNodeDto implements Readonly<WorkflowNode> {
  @ApiProperty()
  readonly id!: string;

  @ApiProperty()
  readonly type!: string;

  @ApiPropertyOptional()
  readonly name?: string;

  @ApiProperty({ type: NodePositionDto })
  readonly position!: WorkflowNode['position'];

  @ApiPropertyOptional(freely)
  readonly data?: JsonObject;
}

export class WorkflowEdgeDto implements Readonly<WorkflowEdge> {
  @ApiProperty()
  readonly id!: string;

  @ApiProperty()
  readonly source!: string;

  @ApiProperty()
  readonly target!: string;

  @ApiPropertyOptional()
  readonly sourceHandle?: string;

  @ApiPropertyOptional()
  readonly condition?: string;

  @ApiPropertyOptional()
  readonly label?: string;
}

export class WorkflowSettingsDto implements Readonly<WorkflowSettings> {
  @ApiPropertyOptional()
  readonly runTimeoutSeconds?: number;

  @ApiPropertyOptional()
  readonly stepTimeoutSeconds?: number;

  @ApiPropertyOptional()
  readonly stepConcurrencyMax?: number;
}

export class WorkflowItemDto implements WorkflowItem {
  @ApiProperty({ format: 'uuid' })
  readonly id!: string;

  @ApiProperty()
  readonly name!: string;

  @ApiPropertyOptional()
  readonly description?: string;

  @ApiProperty({ enum: statuses })
  readonly status!: WorkflowItem['status'];

  @ApiProperty({ type: [WorkflowNodeDto] })
  readonly nodes!: readonly WorkflowNode[];

  @ApiProperty({ type: [WorkflowEdgeDto] })
  readonly edges!: readonly WorkflowEdge[];

  @ApiPropertyOptional({ ...freely, description: 'absent when empty' })
  readonly metadata?: JsonObject;

  @ApiPropertyOptional({ type: WorkflowSettingsDto })
  readonly settings?: WorkflowSettings;

  @ApiPropertyOptional({ type: 'integer', description: 'that new runs are pinned to; only while active' })
  readonly activeVersion?: number;

  @ApiProperty({ format: 'date-time' })
  readonly createdAt!: string;

  @ApiProperty({ format: 'date-time' })
  readonly updatedAt!: string;
}

export class WorkflowItemsPageDto {
  @ApiProperty({ type: [WorkflowItemDto] })
  readonly items!: readonly WorkflowItem[];

  @ApiProperty({ description: 'empty on the last page' })
  readonly nextCursor!: string;

  @ApiProperty()
  readonly hasMore!: boolean;
}

export class WorkflowCreatedDto implements CreatedItem {
  @ApiProperty({ format: 'uuid' })
  readonly workflowId!: string;

  @ApiProperty({ format: 'uuid' })
  readonly id!: string;

  @ApiProperty({ enum: ['1.0.0'] })
  readonly version!: CreatedItem['version'];

  @ApiProperty({ enum: ['draft'] })
  readonly status!: 'draft';

  @ApiProperty({ format: 'date-time' })
  readonly createdAt!: string;
}

class VersionActorDto {
  @ApiProperty()
  readonly type!: string;

  @ApiProperty()
  readonly id!: string;

  @ApiProperty()
  readonly name!: string;
}

export class WorkflowVersionDto implements VersionItem {
  @ApiProperty({ type: 'integer', description: 'from 1' })
  readonly version!: number;

  @ApiProperty(definitionHash)
  readonly definitionHash!: string;

  @ApiProperty({ format: 'date-time' })
  readonly activatedAt!: string;

  @ApiProperty({ type: VersionActorDto })
  readonly activatedBy!: VersionItem['activatedBy'];

  @ApiProperty({ type: 'integer' })
  readonly activatedRevision!: number;

  @ApiProperty()
  readonly isActive!: boolean;
}

export class WorkflowVersionsDto {
  @ApiProperty({ type: [WorkflowVersionDto] })
  readonly items!: readonly VersionItem[];
}

export class WorkflowVersionDetailDto extends WorkflowVersionDto implements VersionDetail {
  @ApiProperty({ format: 'uuid' })
  readonly workflowId!: string;

  @ApiProperty({ type: [WorkflowNodeDto] })
  readonly nodes!: readonly WorkflowNode[];

  @ApiProperty({ type: [WorkflowEdgeDto] })
  readonly edges!: readonly WorkflowEdge[];

  @ApiPropertyOptional({ type: WorkflowSettingsDto })
  readonly settings?: WorkflowSettings;
}

export class WorkflowChangeDto implements Readonly<Change> {
  @ApiProperty()
  readonly path!: string;

  @ApiPropertyOptional(anyJson)
  readonly before?: Json;

  @ApiPropertyOptional(anyJson)
  readonly after?: Json;
}

class ChangedElementDto {
  @ApiProperty()
  readonly id!: string;

  @ApiProperty({ type: [WorkflowChangeDto] })
  readonly changes!: readonly Change[];
}

export class ElementDifferenceDto implements ElementDifference {
  @ApiProperty({ type: [String] })
  readonly added!: readonly string[];

  @ApiProperty({ type: [String] })
  readonly removed!: readonly string[];

  @ApiProperty({ type: [ChangedElementDto] })
  readonly changed!: ElementDifference['changed'];
}

export class WorkflowVersionDifferenceDto implements VersionDifference {
  @ApiProperty({ format: 'uuid' })
  readonly workflowId!: string;

  @ApiProperty({ type: 'integer' })
  readonly version!: number;

  @ApiProperty({
    oneOf: [{ type: 'integer' }, { type: 'string', enum: ['none'] }],
    description: 'none: the version is the first',
  })
  readonly against!: VersionDifference['against'];

  @ApiProperty({ type: ElementDifferenceDto })
  readonly nodes!: ElementDifference;

  @ApiProperty({ type: ElementDifferenceDto })
  readonly edges!: ElementDifference;

  @ApiProperty({ type: [WorkflowChangeDto] })
  readonly settings!: readonly Change[];
}

class StatusCountDto {
  @ApiProperty({ enum: statuses })
  readonly status!: string;

  @ApiProperty({ type: 'integer' })
  readonly count!: number;
}

export class WorkflowSummaryDto {
  @ApiProperty({ type: 'integer' })
  readonly total!: number;

  @ApiProperty({ type: 'integer' })
  readonly active!: number;

  @ApiProperty({ type: [StatusCountDto], description: 'without those of which there are none' })
  readonly byStatus!: { status: string; count: number }[];
}

export class TemplateItemDto implements TemplateItem {
  @ApiProperty()
  readonly id!: string;

  @ApiProperty()
  readonly name!: string;

  @ApiProperty()
  readonly description!: string;

  @ApiProperty()
  readonly version!: string;

  @ApiProperty()
  readonly category!: string;
}

export class TemplateDetailDto extends TemplateItemDto implements TemplateDetail {
  @ApiProperty({ description: 'JSON Schema 2020-12 as text' })
  readonly paramSchema!: string;

  @ApiProperty({ ...freely, description: 'the same, parsed' })
  readonly paramSchemaObject!: JsonObject;
}

export class ValidTemplateParamsDto {
  @ApiProperty({ enum: [true] })
  readonly valid!: true;
}
