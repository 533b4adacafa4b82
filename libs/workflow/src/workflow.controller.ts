import { Body, Controller, Delete, Get, Headers, HttpCode, Param, Post, Put, Query, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import {
  ApiCreatedResponse,
  ApiHeader,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import type { ExecuteOptions, Executed } from '@app/event-store';
import type { RequestContext } from '@app/kernel';
import type { Page } from '@app/read-model';
import { accepted, instantOf, refuse, RefusalError } from '@app/kernel';
import { etagOf, expectedRevisionOf } from '@app/shell';
import { Caller, UuidPipe } from '@app/shell/nest';
import { contentFromTemplate } from './template-catalog.js';
import type { Authored } from './workflow-author.js';
import { WorkflowCreatedDto, WorkflowItemDto, WorkflowItemsPageDto } from './workflow-answers.dto.js';
import type { WorkflowEvent } from './workflow-events.js';
import type { CreatedItem, WorkflowItem } from './workflow-item.js';
import { createdItem } from './workflow-item.js';
import type { Shown } from './workflow-reader.js';
import { WorkflowReader } from './workflow-reader.js';
import {
  CloneWorkflowDto,
  contentOfDto,
  FromTemplateDto,
  WorkflowAtDto,
  WorkflowDto,
  WorkflowPageDto,
} from './workflow.dto.js';
import {
  ActivateWorkflowMessage,
  CloneWorkflowMessage,
  CreateWorkflowMessage,
  DeactivateWorkflowMessage,
  DeleteWorkflowMessage,
  UpdateWorkflowMessage,
  WorkflowMessage,
} from './workflow.handler.js';
import type { WorkflowState } from './workflow.js';

/** As much of the reply as is needed here. */
export interface HeaderReply {
  header(name: string, value: string): unknown;
}

@ApiTags('workflows')
@Controller('v1/workflows')
export class WorkflowController {
  constructor(
    private readonly commands: CommandBus,
    private readonly reader: WorkflowReader,
  ) {}

  @Post()
  @ApiOperation({ summary: 'Create a workflow, as a draft' })
  @ApiCreatedResponse({ type: WorkflowCreatedDto })
  @ApiResponse({ status: 404, description: 'FLK-0104 unknown executor' })
  @ApiResponse({ status: 409, description: 'FLK-0101 the name is taken' })
  async create(
    @Body() body: WorkflowDto,
    @Caller() context: RequestContext,
    @Res({ passthrough: true }) reply: HeaderReply,
  ) {
    const message = new CreateWorkflowMessage(contentOfDto(body), context);
    return created(await this.commands.execute<CreateWorkflowMessage, Authored>(message), reply);
  }

  @Post('from-template')
  @ApiOperation({ summary: 'Create a workflow from a template of the catalogue' })
  @ApiCreatedResponse({ type: WorkflowCreatedDto })
  @ApiResponse({ status: 400, description: 'FLK-0242 params, and whatever creating a workflow answers' })
  @ApiResponse({ status: 404, description: 'FLK-0240 unknown template' })
  async fromTemplate(
    @Body() body: FromTemplateDto,
    @Caller() context: RequestContext,
    @Res({ passthrough: true }) reply: HeaderReply,
  ) {
    const { content, template } = accepted(contentFromTemplate(body.templateId, body.params ?? {}));
    const message = new CreateWorkflowMessage(content, context, template);
    return created(await this.commands.execute<CreateWorkflowMessage, Authored>(message), reply);
  }

  @Get()
  @ApiOperation({ summary: 'Workflows, newest first' })
  @ApiOkResponse({ type: WorkflowItemsPageDto })
  @ApiResponse({ status: 400, description: 'FLK-0304, INVALID_CURSOR' })
  async list(@Query() query: WorkflowPageDto): Promise<Page<WorkflowItem>> {
    return accepted(await this.reader.page(query));
  }

  @Get(':id')
  @ApiOperation({ summary: 'One workflow, now or as it stood at an instant' })
  @ApiOkResponse({ type: WorkflowItemDto })
  @ApiResponse({ status: 404, description: 'FLK-0100' })
  async get(
    @Param('id', UuidPipe) id: string,
    @Query() { at }: WorkflowAtDto,
    @Res({ passthrough: true }) reply: HeaderReply,
  ): Promise<WorkflowItem> {
    return shown(accepted(await this.reader.workflow(id, at === undefined ? undefined : millisecondsOf(at))), reply);
  }

  @Put(':id')
  @ApiOperation({ summary: 'Replace the content of a draft; metadata is merged' })
  @ApiOkResponse({ type: WorkflowItemDto })
  @ApiHeader({ name: 'If-Match', required: false, description: 'ETag that the change was made on' })
  @ApiResponse({ status: 409, description: 'FLK-0101 the name is taken, FLK-0350 changed meanwhile' })
  @ApiResponse({ status: 422, description: 'FLK-0103 not a draft' })
  async update(
    @Param('id', UuidPipe) id: string,
    @Body() body: WorkflowDto,
    @Caller() context: RequestContext,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: HeaderReply,
  ): Promise<WorkflowItem> {
    return this.run(id, new UpdateWorkflowMessage(id, contentOfDto(body), context, optionsOf(ifMatch)), reply);
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete a draft or an inactive workflow; its runs stay readable' })
  @ApiNoContentResponse()
  @ApiResponse({ status: 422, description: 'FLK-0103 it is active' })
  async delete(
    @Param('id', UuidPipe) id: string,
    @Caller() context: RequestContext,
    @Headers('if-match') ifMatch: string | undefined,
  ): Promise<void> {
    await this.commands.execute(new DeleteWorkflowMessage(id, context, optionsOf(ifMatch)));
  }

  @Post(':id/clone')
  @ApiOperation({ summary: 'Copy a workflow, in any status, into a new draft' })
  @ApiCreatedResponse({ type: WorkflowCreatedDto })
  @ApiResponse({ status: 409, description: 'FLK-0101 the name is taken' })
  async clone(
    @Param('id', UuidPipe) id: string,
    @Body() body: CloneWorkflowDto,
    @Caller() context: RequestContext,
    @Res({ passthrough: true }) reply: HeaderReply,
  ) {
    const message = new CloneWorkflowMessage(id, body.name, context);
    return created(await this.commands.execute<CloneWorkflowMessage, Authored>(message), reply);
  }

  @Post(':id/activate')
  @HttpCode(200)
  @ApiOperation({ summary: 'Freeze the content of a draft as a numbered version and let runs start' })
  @ApiOkResponse({ type: WorkflowItemDto })
  @ApiResponse({ status: 400, description: 'FLK-0115, FLK-0120, FLK-0140, FLK-0142, FLK-0150, FLK-0360' })
  @ApiResponse({ status: 422, description: 'FLK-0102, FLK-0105, FLK-0112, FLK-0116' })
  async activate(
    @Param('id', UuidPipe) id: string,
    @Caller() context: RequestContext,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: HeaderReply,
  ): Promise<WorkflowItem> {
    return this.run(id, new ActivateWorkflowMessage(id, context, optionsOf(ifMatch)), reply);
  }

  @Post(':id/deactivate')
  @HttpCode(200)
  @ApiOperation({ summary: 'Take an active workflow out of service; runs under way go on' })
  @ApiOkResponse({ type: WorkflowItemDto })
  @ApiResponse({ status: 422, description: 'FLK-0102 it is not active' })
  async deactivate(
    @Param('id', UuidPipe) id: string,
    @Caller() context: RequestContext,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: HeaderReply,
  ): Promise<WorkflowItem> {
    return this.run(id, new DeactivateWorkflowMessage(id, context, optionsOf(ifMatch)), reply);
  }

  @Post(':id/draft')
  @HttpCode(200)
  @ApiOperation({ summary: 'Make an inactive workflow a draft again' })
  @ApiOkResponse({ type: WorkflowItemDto })
  @ApiResponse({ status: 422, description: 'FLK-0102 it is not inactive' })
  async draft(
    @Param('id', UuidPipe) id: string,
    @Caller() context: RequestContext,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: HeaderReply,
  ): Promise<WorkflowItem> {
    return this.run(id, new WorkflowMessage(id, { kind: 'DraftWorkflow' }, context, optionsOf(ifMatch)), reply);
  }

  private async run(id: string, message: object, reply: HeaderReply): Promise<WorkflowItem> {
    const done = await this.commands.execute<object, Executed<WorkflowState, WorkflowEvent>>(message);
    return shown(accepted(await this.reader.shown(id, done)), reply);
  }
}

function created(done: Authored, reply: HeaderReply): CreatedItem {
  reply.header('ETag', etagOf(done.revision));
  return createdItem(done.id, done);
}

export function shown({ item, revision }: Shown, reply: HeaderReply): WorkflowItem {
  reply.header('ETag', etagOf(revision));
  return item;
}

export function optionsOf(ifMatch: string | undefined): ExecuteOptions {
  const expectedRevision = accepted(expectedRevisionOf(ifMatch));
  return expectedRevision === undefined ? {} : { expectedRevision };
}

/** The DTO has checked the form; a day that does not exist is left. */
function millisecondsOf(at: string): number {
  const instant = instantOf(at);
  if (instant) return instant.ms;
  const message = 'at must name an instant that exists';
  throw new RefusalError(refuse('invalid', 'FLK-0304', message, [{ field: 'at', message }]));
}
