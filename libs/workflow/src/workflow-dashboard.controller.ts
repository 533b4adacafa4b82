import { Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { WorkflowReader } from './workflow-reader.js';

@ApiTags('dashboards')
@Controller('v1/dashboards/workflows')
export class WorkflowDashboardController {
  constructor(private readonly reader: WorkflowReader) {}

  @Get('summary')
  @ApiOperation({ summary: 'How many workflows there are, by status' })
  summary(): ReturnType<WorkflowReader['summary']> {
    return this.reader.summary();
  }
}
