// What runs answer.
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { Json, JsonObject, RecordedEvent } from '@app/kernel';
import { anyJson, RecordedEventDto } from '@app/shell/nest';
import type { RunError } from './execution-events.js';
import type { StepAttempt } from './execution-state.js';
import type { ExecutionItem, ExecutionResults, StepDetail, StepResultItem } from './execution-wire.js';
import type { RunCounts } from './run-counts.js';

const statuses = ['running', 'completed', 'failed', 'cancelled'];
const stepStatuses = ['running', 'waiting', 'completed', 'failed', 'skipped'] as const;
const freely = { type: 'object', additionalProperties: true } as const;

export class RunErrorDto implements RunError {
  @ApiProperty()
  readonly code!: string;

  @ApiProperty()
  readonly message!: string;

  @ApiPropertyOptional()
  readonly nodeId?: string;

  @ApiPropertyOptional({ type: 'integer' })
  readonly attempt?: number;

  @ApiPropertyOptional({ type: 'integer' })
  readonly httpStatus?: number;

  @ApiPropertyOptional()
  readonly bodyExcerpt?: string;
}

export class ExecutionItemDto implements ExecutionItem {
  @ApiProperty({ format: 'uuid' })
  readonly executionId!: string;

  @ApiProperty({ format: 'uuid' })
  readonly workflowId!: string;

  @ApiProperty()
  readonly workflowName!: string;

  @ApiProperty({ type: 'integer' })
  readonly workflowVersion!: number;

  @ApiProperty({ enum: statuses })
  readonly status!: string;

  @ApiProperty({ type: 'integer' })
  readonly currentStepNumber!: number;

  @ApiProperty({ type: 'integer' })
  readonly totalSteps!: number;

  @ApiProperty({ format: 'date-time' })
  readonly startedAt!: string;

  @ApiPropertyOptional({ format: 'date-time' })
  readonly completedAt?: string;

  @ApiPropertyOptional({ description: 'only of a failed run' })
  readonly errorMessage?: string;

  @ApiPropertyOptional({ type: RunErrorDto })
  readonly error?: RunError;
}

export class ExecutionItemsPageDto {
  @ApiProperty({ type: [ExecutionItemDto] })
  readonly items!: readonly ExecutionItem[];

  @ApiProperty({ description: 'empty on the last page' })
  readonly nextCursor!: string;

  @ApiProperty()
  readonly hasMore!: boolean;
}

export class StartedExecutionDto {
  @ApiProperty({ format: 'uuid' })
  readonly executionId!: string;

  @ApiProperty({ format: 'uuid' })
  readonly workflowId!: string;

  @ApiProperty({ enum: statuses })
  readonly status!: string;

  @ApiProperty({ format: 'date-time' })
  readonly startedAt!: string;

  @ApiPropertyOptional({
    format: 'date-time',
    description: 'only where the start waited and the run has ended, as all that follows',
  })
  readonly completedAt?: string;

  @ApiPropertyOptional(anyJson)
  readonly finalOutput?: Json;

  @ApiPropertyOptional()
  readonly errorMessage?: string;

  @ApiPropertyOptional({ type: RunErrorDto })
  readonly error?: RunError;
}

export class StepResultDto implements StepResultItem {
  @ApiProperty({ type: 'integer' })
  readonly stepNumber!: number;

  @ApiProperty()
  readonly stepName!: string;

  @ApiProperty()
  readonly nodeId!: string;

  @ApiProperty({ enum: ['completed', 'failed'] })
  readonly status!: 'completed' | 'failed';

  @ApiPropertyOptional(anyJson)
  readonly output?: Json;

  @ApiPropertyOptional()
  readonly errorMessage?: string;

  @ApiProperty({ format: 'date-time' })
  readonly executedAt!: string;

  @ApiProperty()
  readonly durationMs!: number;
}

export class ExecutionResultsDto implements ExecutionResults {
  @ApiProperty({ format: 'uuid' })
  readonly executionId!: string;

  @ApiProperty({ format: 'uuid' })
  readonly workflowId!: string;

  @ApiProperty({ enum: statuses })
  readonly status!: string;

  @ApiProperty({ type: [StepResultDto] })
  readonly stepResults!: readonly StepResultItem[];

  @ApiPropertyOptional(anyJson)
  readonly finalOutput?: Json;

  @ApiProperty({ format: 'date-time' })
  readonly startedAt!: string;

  @ApiPropertyOptional({ format: 'date-time' })
  readonly completedAt?: string;
}

export class StepAttemptDto implements StepAttempt {
  @ApiProperty({ type: 'integer' })
  readonly attempt!: number;

  @ApiProperty({ format: 'date-time' })
  readonly startedAt!: string;

  @ApiPropertyOptional()
  readonly durationMs?: number;

  @ApiPropertyOptional({ type: RunErrorDto })
  readonly error?: RunError;

  @ApiPropertyOptional(freely)
  readonly call?: JsonObject;

  @ApiPropertyOptional({ format: 'date-time' })
  readonly retryAt?: string;
}

export class StepDetailDto implements StepDetail {
  @ApiProperty()
  readonly nodeId!: string;

  @ApiProperty()
  readonly stepName!: string;

  @ApiProperty()
  readonly nodeType!: string;

  @ApiProperty({ enum: stepStatuses })
  readonly status!: StepDetail['status'];

  @ApiPropertyOptional({ type: 'integer' })
  readonly stepNumber?: number;

  @ApiPropertyOptional(anyJson)
  readonly input?: Json;

  @ApiPropertyOptional(anyJson)
  readonly output?: Json;

  @ApiPropertyOptional({ type: RunErrorDto })
  readonly error?: RunError;

  @ApiPropertyOptional({ type: [StepAttemptDto] })
  readonly attempts?: readonly StepAttempt[];

  @ApiPropertyOptional({ enum: ['idempotent', 'at_least_once', 'at_most_once'] })
  readonly effect?: string;

  @ApiPropertyOptional()
  readonly executorId?: string;

  @ApiPropertyOptional()
  readonly providerConfigId?: string;

  @ApiPropertyOptional({ format: 'date-time' })
  readonly startedAt?: string;

  @ApiPropertyOptional()
  readonly durationMs?: number;

  @ApiPropertyOptional({ format: 'date-time' })
  readonly retryAt?: string;

  @ApiPropertyOptional({ description: 'why it was skipped' })
  readonly reason?: string;
}

export class ExecutionStepsDto {
  @ApiProperty({ format: 'uuid' })
  readonly executionId!: string;

  @ApiProperty({ type: [StepDetailDto] })
  readonly steps!: readonly StepDetail[];
}

export class ExecutionEventsDto {
  @ApiProperty({ type: [RecordedEventDto] })
  readonly items!: RecordedEvent[];
}

export class ExecutionCountsDto implements RunCounts {
  @ApiProperty({ type: 'integer' })
  readonly total!: number;

  @ApiProperty({ type: 'integer' })
  readonly completed!: number;

  @ApiProperty({ type: 'integer' })
  readonly failed!: number;

  @ApiProperty({ type: 'integer', description: 'always 0: a run is running from its first event on' })
  readonly pending!: number;

  @ApiProperty({ type: 'integer' })
  readonly running!: number;

  @ApiProperty({ type: 'integer' })
  readonly cancelled!: number;
}
