import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsObject, IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import type { JsonObject } from '@app/kernel';
import { WireCode } from '@app/shell/nest';

export class StartExecutionDto {
  @ApiPropertyOptional({ type: 'object', additionalProperties: true, description: "the run's input; absent: null" })
  @IsOptional()
  @IsObject()
  inputData?: JsonObject;
}

export class CancelExecutionDto {
  @ApiPropertyOptional({ maxLength: 500, description: 'why, in your own words; stands in the audit trail' })
  @IsOptional()
  @IsString()
  @MaxLength(500)
  reason?: string;
}

export const executionStatuses = ['pending', 'running', 'completed', 'failed', 'cancelled'] as const;

export class ExecutionListDto {
  @ApiPropertyOptional({ description: '1 to 100, default 10' })
  @IsOptional()
  @WireCode('FLK-0309')
  @Matches(/^([1-9]\d?|100)$/, { message: 'limit must be a whole number from 1 to 100' })
  limit?: string;

  @ApiPropertyOptional({ description: 'nextCursor of the page before; not together with sortBy or sortOrder' })
  @IsOptional()
  @IsString()
  @MaxLength(2_000)
  cursor?: string;

  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @IsString()
  workflowId?: string;

  @ApiPropertyOptional({ enum: executionStatuses })
  @IsOptional()
  @IsIn(executionStatuses)
  status?: string;

  @ApiPropertyOptional({ enum: ['startedAt', 'completedAt'] })
  @IsOptional()
  @IsIn(['startedAt', 'completedAt'])
  sortBy?: 'startedAt' | 'completedAt';

  @ApiPropertyOptional({ enum: ['ASC', 'DESC'], description: 'in any case; default DESC' })
  @IsOptional()
  @WireCode('FLK-0310')
  @Matches(/^(asc|desc)$/i, { message: 'sortOrder must be ASC or DESC' })
  sortOrder?: string;
}

@WireCode('FLK-0302')
export class ExecutionDashboardDto {
  @ApiPropertyOptional({ format: 'date-time', description: 'runs started then or later' })
  @IsOptional()
  @IsString()
  startTime?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'runs started then or earlier' })
  @IsOptional()
  @IsString()
  endTime?: string;

  @ApiPropertyOptional({ enum: executionStatuses })
  @IsOptional()
  @IsIn(executionStatuses)
  status?: string;
}
