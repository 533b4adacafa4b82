import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { instantOf, refuse, RefusalError } from '@app/kernel';
import { EventStore } from '@app/event-store';
import { ViewStore } from '@app/read-model';
import { ExecutionCountsDto } from './execution-answers.dto.js';
import { ExecutionDashboardDto } from './execution.dto.js';
import type { RunCounts } from './run-counts.js';
import { runCounts } from './run-counts.js';

@ApiTags('dashboards')
@Controller('v1/dashboards')
export class ExecutionDashboardController {
  constructor(
    private readonly views: ViewStore,
    private readonly events: EventStore,
  ) {}

  @Get('executions')
  @ApiOperation({ summary: 'How many runs started in a span of time, by outcome' })
  @ApiOkResponse({ type: ExecutionCountsDto })
  async counts(@Query() query: ExecutionDashboardDto): Promise<RunCounts> {
    const fromMs = millisecondsOf('startTime', query.startTime);
    const toMs = millisecondsOf('endTime', query.endTime);
    if (fromMs !== undefined && toMs !== undefined && fromMs > toMs) {
      throw invalid('startTime', 'must not be after endTime');
    }
    await this.views.waitFor(this.events.lastAppended);
    const span = { ...(fromMs === undefined ? {} : { fromMs }), ...(toMs === undefined ? {} : { toMs }) };
    return runCounts(this.views, span, query.status);
  }
}

function millisecondsOf(field: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const instant = instantOf(text);
  if (!instant) throw invalid(field, 'must be a date-time of RFC 3339, as in 2026-05-02T13:05:00Z');
  return instant.ms;
}

function invalid(field: string, message: string): RefusalError {
  return new RefusalError(refuse('invalid', 'FLK-0302', `${field} ${message}`, [{ field, message }]));
}
