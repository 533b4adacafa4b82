import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { WorkflowSummaryDto } from './workflow-answers.dto.js';
import { WorkflowReader } from './workflow-reader.js';

@ApiTags('dashboards')
@Controller('v1/dashboards/workflows')
export class WorkflowDashboardController {
  constructor(private readonly reader: WorkflowReader) {}

  @Get('summary')
  @ApiOperation({ summary: 'How many workflows there are, by status' })
  @ApiOkResponse({ type: WorkflowSummaryDto })
  summary(): Promise<WorkflowSummaryDto> {
    return this.reader.summary();
  }
}
