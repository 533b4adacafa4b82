import { Body, Controller, Delete, Get, Headers, HttpCode, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { RequestContext } from '@app/kernel';
import { accepted, instantOf, refuse, RefusalError } from '@app/kernel';
import type { ExecuteOptions, Loaded } from '@app/event-store';
import { etagOf, expectedRevisionOf } from '@app/shell';
import { Caller, UuidPipe } from '@app/shell/nest';
import type { ConfigurationInput, WrittenConfiguration } from './configuration-author.js';
import { ConfigurationReader } from './configuration-reader.js';
import type { TestReport } from './configuration-tester.js';
import {
  CreateProviderConfigurationDto,
  ProviderConfigurationCreatedDto,
  ProviderConfigurationDto,
  ProviderConfigurationListQuery,
  ProviderConfigurationPageDto,
  ReadProviderConfigurationQuery,
  TestReportDto,
  UpdateProviderConfigurationDto,
} from './provider-configuration.dto.js';
import {
  CreateProviderConfiguration,
  DeleteProviderConfiguration,
  ProviderConfigurationMessage,
  TestProviderConfiguration,
  UpdateProviderConfiguration,
} from './provider-configuration.handler.js';
import type { ProviderConfigurationState } from './provider-configuration.js';

@ApiTags('provider-configurations')
@Controller('v1/provider-configurations')
export class ProviderConfigurationController {
  constructor(
    private readonly bus: CommandBus,
    private readonly reader: ConfigurationReader,
  ) {}

  @Post()
  @ApiOperation({ summary: 'Create a provider configuration, active' })
  @ApiCreatedResponse({ type: ProviderConfigurationCreatedDto })
  async create(
    @Body() body: CreateProviderConfigurationDto,
    @Caller() context: RequestContext,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ProviderConfigurationCreatedDto> {
    const command = new CreateProviderConfiguration(inputOf(body), context);
    const written = await this.bus.execute<CreateProviderConfiguration, WrittenConfiguration>(command);
    const { item, revision } = accepted(await this.reader.shown(written.id, written));
    void reply.header('ETag', etagOf(revision));
    return { id: item.id, name: item.name, status: item.status, createdAt: item.createdAt };
  }

  @Get()
  @ApiOperation({ summary: 'List provider configurations' })
  @ApiOkResponse({ type: ProviderConfigurationPageDto })
  async list(@Query() query: ProviderConfigurationListQuery): Promise<ProviderConfigurationPageDto> {
    return accepted(await this.reader.page({ ...query }));
  }

  @Get(':id')
  @ApiOperation({ summary: 'Read a provider configuration, now or as it stood at a time' })
  @ApiOkResponse({ type: ProviderConfigurationDto })
  async read(
    @Param('id', UuidPipe) id: string,
    @Query() { at }: ReadProviderConfigurationQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ProviderConfigurationDto> {
    const { item, revision } = accepted(await this.reader.configuration(id, millisecondsOf(at)));
    void reply.header('ETag', etagOf(revision));
    return item;
  }

  @Patch(':id')
  @ApiOperation({ summary: 'Change a provider configuration; config replaces, metadata merges' })
  @ApiOkResponse({ type: ProviderConfigurationDto })
  async update(
    @Param('id', UuidPipe) id: string,
    @Body() body: UpdateProviderConfigurationDto,
    @Headers('if-match') ifMatch: string | undefined,
    @Caller() context: RequestContext,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ProviderConfigurationDto> {
    const command = new UpdateProviderConfiguration(id, inputOf(body), context, optionsOf(ifMatch));
    const written = await this.bus.execute<UpdateProviderConfiguration, WrittenConfiguration>(command);
    return this.answer(id, written, reply);
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete a provider configuration that no workflow uses, and its secrets' })
  @ApiNoContentResponse()
  async remove(
    @Param('id', UuidPipe) id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Caller() context: RequestContext,
  ): Promise<void> {
    await this.bus.execute(new DeleteProviderConfiguration(id, context, optionsOf(ifMatch)));
  }

  @Post(':id/disable')
  @HttpCode(200)
  @ApiOperation({ summary: 'Stop using a provider configuration, also in runs under way' })
  @ApiOkResponse({ type: ProviderConfigurationDto })
  async disable(
    @Param('id', UuidPipe) id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Caller() context: RequestContext,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ProviderConfigurationDto> {
    return this.switchTo('DisableProviderConfiguration', id, ifMatch, context, reply);
  }

  @Post(':id/enable')
  @HttpCode(200)
  @ApiOperation({ summary: 'Use a disabled provider configuration again' })
  @ApiOkResponse({ type: ProviderConfigurationDto })
  async enable(
    @Param('id', UuidPipe) id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Caller() context: RequestContext,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ProviderConfigurationDto> {
    return this.switchTo('EnableProviderConfiguration', id, ifMatch, context, reply);
  }

  @Post(':id/test')
  @HttpCode(200)
  @ApiOperation({ summary: 'Try whether the provider answers' })
  @ApiOkResponse({ type: TestReportDto })
  async test(@Param('id', UuidPipe) id: string, @Caller() context: RequestContext): Promise<TestReportDto> {
    return this.bus.execute<TestProviderConfiguration, TestReport>(new TestProviderConfiguration(id, context));
  }

  private async switchTo(
    kind: 'EnableProviderConfiguration' | 'DisableProviderConfiguration',
    id: string,
    ifMatch: string | undefined,
    context: RequestContext,
    reply: FastifyReply,
  ): Promise<ProviderConfigurationDto> {
    const message = new ProviderConfigurationMessage(id, { kind }, context, optionsOf(ifMatch));
    const done = await this.bus.execute<ProviderConfigurationMessage, Loaded<ProviderConfigurationState>>(message);
    return this.answer(id, done, reply);
  }

  private async answer(
    id: string,
    loaded: Loaded<ProviderConfigurationState>,
    reply: FastifyReply,
  ): Promise<ProviderConfigurationDto> {
    const { item, revision } = accepted(await this.reader.shown(id, loaded));
    void reply.header('ETag', etagOf(revision));
    return item;
  }
}

/** Null says the same as nothing, as clients of the contract know it. */
function inputOf(body: CreateProviderConfigurationDto): ConfigurationInput {
  const { name, description, providerId, config, metadata } = body;
  const given = Object.entries({ name, description, providerId, config, metadata });
  return Object.fromEntries(given.filter(([, value]) => value !== undefined && value !== null));
}

function optionsOf(ifMatch: string | undefined): ExecuteOptions {
  const expectedRevision = accepted(expectedRevisionOf(ifMatch));
  return expectedRevision === undefined ? {} : { expectedRevision };
}

function millisecondsOf(at: string | undefined): number | undefined {
  if (at === undefined) return undefined;
  const instant = instantOf(at);
  if (instant) return instant.ms;
  const fields = [{ field: 'at', message: 'must be a time of RFC 3339, as in 2026-05-02T13:00:00Z' }];
  throw new RefusalError(refuse('invalid', 'FLK-0304', 'at is not a time', fields));
}
