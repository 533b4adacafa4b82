import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { RequestContext } from '@app/kernel';
import { Clock, RefusalError, timestamp } from '@app/kernel';
import type { Loaded } from '@app/event-store';
import { AggregateStore } from '@app/event-store';
import { etagOf } from '@app/shell';
import { Caller, UuidPipe } from '@app/shell/nest';
import type { ApiKeyState } from './api-key.js';
import { apiKey, apiKeyRefusals, isUsable } from './api-key.js';
import { ApiKeyItem, ApiKeyListQuery, ApiKeyPageDto, CreateApiKeyDto, IssuedKeyDto } from './api-key.dto.js';
import { CreateApiKey, RevokeApiKey } from './api-key.handler.js';
import type { IssuedKey } from './api-key-office.js';
import { ApiKeyDirectory } from './api-key-view.js';

@ApiTags('api-keys')
@Controller('v1/api-keys')
export class ApiKeyController {
  constructor(
    private readonly bus: CommandBus,
    private readonly aggregates: AggregateStore,
    private readonly directory: ApiKeyDirectory,
    private readonly clock: Clock,
  ) {}

  @Post()
  @ApiOperation({ summary: 'Create a key; its text is in this answer and nowhere else' })
  @ApiCreatedResponse({ type: IssuedKeyDto })
  async create(
    @Body() body: CreateApiKeyDto,
    @Caller() context: RequestContext,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<IssuedKeyDto> {
    const { name, expiresAt } = body;
    const order = { name, ...(expiresAt === undefined ? {} : { expiresAt: timestamp(Date.parse(expiresAt)) }) };
    const issued = await this.bus.execute<CreateApiKey, IssuedKey>(new CreateApiKey(order, context));
    void reply.header('Cache-Control', 'no-store').header('ETag', etagOf(0));
    const { id, key, createdAt } = issued;
    return { id, key, status: 'active', createdAt, ...order };
  }

  @Get()
  @ApiOperation({ summary: 'List keys, newest first' })
  @ApiOkResponse({ type: ApiKeyPageDto })
  async list(@Query() query: ApiKeyListQuery): Promise<ApiKeyPageDto> {
    const { limit = 20, cursor, status } = query;
    const page = await this.directory.page({
      limit,
      ...(cursor ? { cursor } : {}),
      ...(status === undefined ? {} : { revoked: status === 'revoked' }),
    });
    const items = page.rows.map((row) => ({
      ...row,
      status: this.statusOf({ ...row, revoked: row.revokedAt !== undefined }),
    }));
    return { items, nextCursor: page.nextCursor ?? '', hasMore: page.nextCursor !== undefined };
  }

  @Get(':id')
  @ApiOperation({ summary: 'Read what a key is, without its text' })
  @ApiOkResponse({ type: ApiKeyItem })
  async read(@Param('id', UuidPipe) id: string, @Res({ passthrough: true }) reply: FastifyReply): Promise<ApiKeyItem> {
    const loaded = await this.aggregates.load(apiKey, id);
    void reply.header('ETag', etagOf(loaded.revision));
    return this.itemOf(id, loaded);
  }

  @Post(':id/revoke')
  @HttpCode(200)
  @ApiOperation({ summary: 'Stop accepting a key' })
  @ApiOkResponse({ type: ApiKeyItem })
  async revoke(@Param('id', UuidPipe) id: string, @Caller() context: RequestContext): Promise<ApiKeyItem> {
    return this.itemOf(id, await this.bus.execute<RevokeApiKey, Loaded<ApiKeyState>>(new RevokeApiKey(id, context)));
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Stop accepting a key' })
  @ApiNoContentResponse()
  async remove(@Param('id', UuidPipe) id: string, @Caller() context: RequestContext): Promise<void> {
    await this.bus.execute(new RevokeApiKey(id, context));
  }

  private itemOf(id: string, { state, createdAt, updatedAt }: Loaded<ApiKeyState>): ApiKeyItem {
    if (!state) throw new RefusalError(apiKeyRefusals.notFound());
    const { name, expiresAt, revoked } = state;
    return {
      id,
      name,
      status: this.statusOf(state),
      createdAt: createdAt ?? '',
      ...(expiresAt === undefined ? {} : { expiresAt }),
      ...(revoked && updatedAt ? { revokedAt: updatedAt } : {}),
    };
  }

  private statusOf(key: { readonly revoked: boolean; readonly expiresAt?: string }): ApiKeyItem['status'] {
    if (key.revoked) return 'revoked';
    return isUsable(key, timestamp(this.clock.nowMs())) ? 'active' : 'expired';
  }
}
