// Queries of the audit trail as they come in: texts of bounded length. What they mean, audit-query.ts knows.
import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import type { Interval } from './audit-counts.js';
import { intervals } from './audit-counts.js';
import type { ExportFormat } from './audit-export.js';
import { exportFormats } from './audit-export.js';
import { auditActions, auditCategories, auditEventTypes, auditResults, resourceTypes } from './audit-table.js';
import type { AuditFilterInput, AuditPageInput } from './audit-query.js';

const TEXT_MAX = 200;
const LIST_MAX = 2_000;
const several = 'several separated by commas';

export class AuditFilterDto implements AuditFilterInput {
  @ApiPropertyOptional({ description: `${several}: ${auditEventTypes.join(', ')}` })
  @IsOptional()
  @IsString()
  @MaxLength(LIST_MAX)
  eventType?: string;

  @ApiPropertyOptional({ description: `${several}: ${auditActions.join(', ')}` })
  @IsOptional()
  @IsString()
  @MaxLength(LIST_MAX)
  action?: string;

  @ApiPropertyOptional({ description: `${several}: ${auditResults.join(', ')}` })
  @IsOptional()
  @IsString()
  @MaxLength(TEXT_MAX)
  result?: string;

  @ApiPropertyOptional({ description: `${several}: ${resourceTypes.join(', ')}` })
  @IsOptional()
  @IsString()
  @MaxLength(TEXT_MAX)
  resourceType?: string;

  @ApiPropertyOptional({
    description:
      'UUID of a workflow, run, provider configuration or API key. Entries of access, system and reservation streams ' +
      'have no UUID; select them by resourceType.',
  })
  @IsOptional()
  @IsString()
  resourceId?: string;

  @ApiPropertyOptional({ description: `${several}: ${auditCategories.join(', ')}` })
  @IsOptional()
  @IsString()
  @MaxLength(TEXT_MAX)
  category?: string;

  @ApiPropertyOptional({ description: 'id of the API key or user; `anonymous`; `engine`' })
  @IsOptional()
  @IsString()
  @MaxLength(TEXT_MAX)
  actorId?: string;

  @ApiPropertyOptional({ description: `${several}: user, api_key, system` })
  @IsOptional()
  @IsString()
  @MaxLength(TEXT_MAX)
  actorType?: string;

  @ApiPropertyOptional({ description: `${several}: rest, webhook, schedule, cli, engine` })
  @IsOptional()
  @IsString()
  @MaxLength(TEXT_MAX)
  channel?: string;

  @ApiPropertyOptional({ description: 'address from which the request came, as entries show it' })
  @IsOptional()
  @IsString()
  @MaxLength(TEXT_MAX)
  ip?: string;

  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @MaxLength(TEXT_MAX)
  correlationId?: string;

  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @MaxLength(TEXT_MAX)
  requestId?: string;

  @ApiPropertyOptional({ description: 'RFC 3339, inclusive' })
  @IsOptional()
  @IsString()
  dateFrom?: string;

  @ApiPropertyOptional({ description: 'RFC 3339, inclusive' })
  @IsOptional()
  @IsString()
  dateTo?: string;

  @ApiPropertyOptional({
    description: 'words over summary, names, ids, reason and changed paths; all must occur, each as a prefix',
  })
  @IsOptional()
  @IsString()
  @MaxLength(TEXT_MAX)
  q?: string;

  @ApiPropertyOptional({ description: 'only entries up to this `position` of the log' })
  @IsOptional()
  @IsString()
  @MaxLength(TEXT_MAX)
  asOf?: string;
}

export class AuditPageDto extends AuditFilterDto implements AuditPageInput {
  @ApiPropertyOptional({ description: 'default 20; below 1 it is 20, above 100 it is 100' })
  @IsOptional()
  @IsString()
  limit?: string;

  @ApiPropertyOptional({ description: '`nextCursor` of the page before' })
  @IsOptional()
  @IsString()
  cursor?: string;

  @ApiPropertyOptional({ description: 'by position in the log: DESC (default, newest first) or ASC' })
  @IsOptional()
  @IsString()
  sortOrder?: string;
}

export class AuditHistogramDto extends AuditFilterDto {
  @ApiPropertyOptional({ enum: Object.keys(intervals), description: 'default hour; dateFrom and dateTo must be given' })
  @IsOptional()
  @IsIn(Object.keys(intervals))
  interval?: Interval;
}

export class AuditExportDto extends AuditFilterDto {
  @ApiPropertyOptional({ enum: exportFormats, description: 'default ndjson' })
  @IsOptional()
  @IsIn(exportFormats)
  format?: ExportFormat;

  @ApiPropertyOptional({ description: 'by position in the log: DESC (default, newest first) or ASC' })
  @IsOptional()
  @IsString()
  sortOrder?: string;
}

export class RelatedPageDto {
  @ApiPropertyOptional({ description: 'default 20; below 1 it is 20, above 100 it is 100' })
  @IsOptional()
  @IsString()
  limit?: string;

  @ApiPropertyOptional({ description: '`nextCursor` of the page before' })
  @IsOptional()
  @IsString()
  cursor?: string;
}

export class StreamPageDto {
  @ApiPropertyOptional({ description: 'revision of the first event, inclusive' })
  @IsOptional()
  @Matches(/^\d{1,15}$/, { message: 'from must be a revision, an integer of at least 0' })
  from?: string;

  @ApiPropertyOptional({ description: '1 to 1000; default 100' })
  @IsOptional()
  @Matches(/^([1-9]\d{0,2}|1000)$/, { message: 'limit must be an integer from 1 to 1000' })
  limit?: string;

  @ApiPropertyOptional({ enum: ['forward', 'backward'], description: 'default forward' })
  @IsOptional()
  @IsIn(['forward', 'backward'])
  direction?: 'forward' | 'backward';
}

export class StreamStateDto {
  @ApiPropertyOptional({ description: 'the last revision folded; not together with `at`' })
  @IsOptional()
  @Matches(/^\d{1,15}$/, { message: 'revision must be an integer of at least 0' })
  revision?: string;

  @ApiPropertyOptional({ description: 'RFC 3339, inclusive; not together with `revision`' })
  @IsOptional()
  @IsString()
  at?: string;
}
