import { Controller, Get, Headers, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Executed } from '@app/event-store';
import type { RequestContext } from '@app/kernel';
import { accepted, refuse, RefusalError } from '@app/kernel';
import { Caller, UuidPipe } from '@app/shell/nest';
import {
  WorkflowItemDto,
  WorkflowVersionDetailDto,
  WorkflowVersionDifferenceDto,
  WorkflowVersionsDto,
} from './workflow-answers.dto.js';
import type { WorkflowEvent } from './workflow-events.js';
import type { WorkflowItem } from './workflow-item.js';
import type { VersionDetail, VersionDifference, VersionItem } from './workflow-reader.js';
import { WorkflowReader } from './workflow-reader.js';
import type { HeaderReply } from './workflow.controller.js';
import { optionsOf, shown } from './workflow.controller.js';
import { VersionDifferenceDto } from './workflow.dto.js';
import { WorkflowMessage } from './workflow.handler.js';
import type { WorkflowState } from './workflow.js';

/** The versions frozen by each activation. */
@ApiTags('workflows')
@Controller('v1/workflows/:id/versions')
export class WorkflowVersionController {
  constructor(
    private readonly commands: CommandBus,
    private readonly reader: WorkflowReader,
  ) {}

  @Get()
  @ApiOperation({ summary: 'The frozen versions of a workflow, newest first' })
  @ApiOkResponse({ type: WorkflowVersionsDto })
  @ApiResponse({ status: 404, description: 'FLK-0100' })
  async list(@Param('id', UuidPipe) id: string): Promise<{ items: readonly VersionItem[] }> {
    return { items: accepted(await this.reader.versions(id)) };
  }

  @Get(':version')
  @ApiOperation({ summary: 'One frozen version with its nodes, edges and settings' })
  @ApiOkResponse({ type: WorkflowVersionDetailDto })
  @ApiResponse({ status: 404, description: 'FLK-0100 no such workflow or version' })
  async get(@Param('id', UuidPipe) id: string, @Param('version') version: string): Promise<VersionDetail> {
    return accepted(await this.reader.version(id, versionNumber(version)));
  }

  @Get(':version/diff')
  @ApiOperation({ summary: 'What a version added, removed and changed, node by node and field by field' })
  @ApiOkResponse({ type: WorkflowVersionDifferenceDto })
  @ApiResponse({ status: 404, description: 'FLK-0100 no such workflow or version' })
  async difference(
    @Param('id', UuidPipe) id: string,
    @Param('version') version: string,
    @Query() { against }: VersionDifferenceDto,
  ): Promise<VersionDifference> {
    const other = against === undefined ? undefined : Number(against);
    return accepted(await this.reader.difference(id, versionNumber(version), other));
  }

  @Post(':version/restore')
  @HttpCode(200)
  @ApiOperation({ summary: 'Put the nodes, edges and settings of a version into the draft' })
  @ApiOkResponse({ type: WorkflowItemDto })
  @ApiHeader({ name: 'If-Match', required: false, description: 'ETag that the change was made on' })
  @ApiResponse({ status: 404, description: 'FLK-0100 no such workflow or version' })
  @ApiResponse({ status: 422, description: 'FLK-0103 not a draft' })
  async restore(
    @Param('id', UuidPipe) id: string,
    @Param('version') version: string,
    @Caller() context: RequestContext,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: HeaderReply,
  ): Promise<WorkflowItem> {
    const command = { kind: 'RestoreWorkflowVersion' as const, version: versionNumber(version) };
    const message = new WorkflowMessage(id, command, context, optionsOf(ifMatch));
    const done = await this.commands.execute<WorkflowMessage, Executed<WorkflowState, WorkflowEvent>>(message);
    return shown(accepted(await this.reader.shown(id, done)), reply);
  }
}

function versionNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  const message = 'version must be the number of a version, from 1';
  throw new RefusalError(refuse('invalid', 'FLK-0304', message, [{ field: 'version', message }]));
}
