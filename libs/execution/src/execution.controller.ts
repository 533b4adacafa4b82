import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiCreatedResponse, ApiHeader, ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { JsonObject, RecordedEvent, RequestContext } from '@app/kernel';
import { accepted, refuse, RefusalError, streamName } from '@app/kernel';
import { BlobStore, EventStore, isStoreError } from '@app/event-store';
import type { Page } from '@app/read-model';
import { ViewStore } from '@app/read-model';
import { etagOf } from '@app/shell';
import { BodyLimit, Caller, UuidPipe } from '@app/shell/nest';
import {
  ExecutionEventsDto,
  ExecutionItemDto,
  ExecutionItemsPageDto,
  ExecutionResultsDto,
  ExecutionStepsDto,
  StartedExecutionDto,
} from './execution-answers.dto.js';
import { executionPage, executionQueryOf } from './execution-list.js';
import type { ExecutionItem, ExecutionResults, StepDetail } from './execution-wire.js';
import { executionItemOf, executionResultsOf, stepDetailsOf } from './execution-wire.js';
import { CancelExecutionDto, ExecutionListDto, StartExecutionDto } from './execution.dto.js';
import { CancelExecution, RetryExecution, StartExecution, type StartedRun } from './execution.messages.js';
import type { RunState } from './execution-state.js';
import { waitSecondsOf } from './prefer.js';
import { idempotencyKeyOf } from './idempotency-key.js';
import { readRun } from './run-reader.js';
import { Runner } from './runner.worker.js';
import { answerStart } from './start-answer.js';

const BODY_MAX = 1024 * 1024;
const notFound = refuse('not_found', 'FLK-0500', 'execution not found');

@ApiTags('executions')
@Controller('v1')
export class ExecutionController {
  constructor(
    private readonly commands: CommandBus,
    private readonly views: ViewStore,
    private readonly events: EventStore,
    private readonly blobs: BlobStore,
    private readonly runner: Runner,
  ) {}

  @Post('workflows/:workflowId/executions')
  @BodyLimit(BODY_MAX, 'FLK-0506')
  @ApiOperation({ summary: 'Start a run of the active version' })
  @ApiHeader({ name: 'Idempotency-Key', required: true, description: 'the same key and body give the same run' })
  @ApiHeader({ name: 'Prefer', required: false, description: 'wait=<seconds> answers with the ended run (RFC 7240)' })
  @ApiCreatedResponse({ type: StartedExecutionDto, description: 'a new run' })
  @ApiOkResponse({
    type: StartedExecutionDto,
    description: 'the run that this key began before; Idempotency-Replayed: true',
  })
  @ApiResponse({ status: 409, description: 'FLK-0505: the key was used for another body' })
  @ApiResponse({ status: 422, description: 'FLK-0501: the workflow is not active' })
  async start(
    @Param('workflowId', UuidPipe) workflowId: string,
    @Headers('idempotency-key') keyHeader: string | undefined,
    @Headers('prefer') prefer: string | undefined,
    @Body() body: StartExecutionDto,
    @Caller() context: RequestContext,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<JsonObject> {
    const idempotencyKey = accepted(idempotencyKeyOf(keyHeader));
    if (idempotencyKey === undefined) {
      throw new RefusalError(
        refuse('invalid', 'FLK-0509', 'the header Idempotency-Key is required', [
          { field: 'Idempotency-Key', message: 'is required' },
        ]),
      );
    }
    const input = body.inputData ?? null;
    const waitSeconds = waitSecondsOf(prefer);
    const started = await this.commands.execute<StartExecution, StartedRun>(
      new StartExecution(
        { workflowId, input, body: input, trigger: 'rest', idempotencyKey, waitMs: waitSeconds * 1000 },
        context,
      ),
    );
    return answerStart(reply, started, waitSeconds);
  }

  @Get('executions')
  @ApiOperation({ summary: 'Runs, newest first' })
  @ApiOkResponse({ type: ExecutionItemsPageDto })
  async list(@Query() query: ExecutionListDto): Promise<Page<ExecutionItem>> {
    const parsed = accepted(executionQueryOf(query));
    await this.views.waitFor(this.events.lastAppended);
    return executionPage(this.views, parsed);
  }

  @Get('executions/:id')
  @ApiOperation({ summary: 'How a run stands' })
  @ApiOkResponse({ type: ExecutionItemDto })
  @ApiResponse({ status: 404, description: 'FLK-0500' })
  async get(
    @Param('id', UuidPipe) id: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ExecutionItem> {
    const { state, revision } = await this.read(id);
    void reply.header('etag', etagOf(revision));
    return executionItemOf(id, state);
  }

  @Get('executions/:id/results')
  @ApiOperation({ summary: 'What an ended run brought' })
  @ApiOkResponse({ type: ExecutionResultsDto })
  @ApiResponse({ status: 404, description: 'FLK-0500' })
  @ApiResponse({ status: 422, description: 'FLK-0502: it has not ended' })
  async results(@Param('id', UuidPipe) id: string): Promise<ExecutionResults> {
    const { state } = await this.read(id);
    if (state.status === 'running') {
      throw new RefusalError(refuse('state', 'FLK-0502', 'the execution has not ended yet'));
    }
    return executionResultsOf(id, state);
  }

  @Get('executions/:id/steps')
  @ApiOperation({ summary: 'Every step with input, output and attempts, those under way and those skipped included' })
  @ApiOkResponse({ type: ExecutionStepsDto })
  @ApiResponse({ status: 404, description: 'FLK-0500' })
  async steps(@Param('id', UuidPipe) id: string): Promise<{ executionId: string; steps: readonly StepDetail[] }> {
    const { state } = await this.read(id);
    return { executionId: id, steps: stepDetailsOf(state) };
  }

  @Get('executions/:id/events')
  @ApiOperation({ summary: "The run's events as they were recorded" })
  @ApiOkResponse({ type: ExecutionEventsDto })
  @ApiResponse({ status: 404, description: 'FLK-0500' })
  async recorded(@Param('id', UuidPipe) id: string): Promise<{ items: RecordedEvent[] }> {
    const items: RecordedEvent[] = [];
    try {
      for await (const event of this.events.readStream(streamName('execution', id))) items.push(event);
    } catch (error) {
      if (isStoreError(error, 'StreamNotFound')) throw new RefusalError(notFound);
      throw error;
    }
    return { items };
  }

  @Post('executions/:id/cancel')
  @HttpCode(200)
  @ApiOperation({ summary: 'End a run; it makes no new call once this is answered' })
  @ApiOkResponse({ type: ExecutionItemDto })
  @ApiResponse({ status: 404, description: 'FLK-0500' })
  @ApiResponse({ status: 422, description: 'FLK-0501: it has ended' })
  async cancel(
    @Param('id', UuidPipe) id: string,
    @Body() body: CancelExecutionDto,
    @Caller() context: RequestContext,
  ): Promise<ExecutionItem> {
    const command = new CancelExecution(id, body.reason ?? context.reason, context);
    return executionItemOf(id, await this.commands.execute<CancelExecution, RunState>(command));
  }

  @Post('executions/:id/retry')
  @HttpCode(200)
  @ApiOperation({ summary: 'Go on with a failed run from the step that failed' })
  @ApiOkResponse({ type: ExecutionItemDto })
  @ApiResponse({ status: 404, description: 'FLK-0500' })
  @ApiResponse({ status: 422, description: 'FLK-0501: it has not failed' })
  async retry(@Param('id', UuidPipe) id: string, @Caller() context: RequestContext): Promise<ExecutionItem> {
    return executionItemOf(id, await this.commands.execute<RetryExecution, RunState>(new RetryExecution(id, context)));
  }

  private async read(id: string): Promise<{ readonly state: RunState; readonly revision: number }> {
    const read = this.runner.stateOf(id) ?? (await readRun(this.events, this.blobs, id));
    if (!read) throw new RefusalError(notFound);
    return read;
  }
}
