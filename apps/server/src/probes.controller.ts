import { Controller, Get, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Clock, timestamp } from '@app/kernel';
import { Traits } from '@app/shell/nest';
import { PublicRoute } from '@app/access/nest';
import { HealthDto, ReadinessDto, VersionDto } from './probes.dto.js';
import { durationText, readinessOf } from './readiness.js';
import { ServerCondition } from './server-condition.js';

@ApiTags('probes')
@PublicRoute()
@Controller()
export class ProbesController {
  constructor(
    private readonly server: ServerCondition,
    private readonly clock: Clock,
  ) {}

  @Get('health')
  @Traits({ isProbe: true })
  @ApiOperation({ summary: 'Whether the process is sound: 503 asks to restart it' })
  @ApiOkResponse({ type: HealthDto, description: 'healthy' })
  @ApiResponse({ status: 503, type: HealthDto, description: 'unhealthy' })
  async health(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthDto> {
    const { store } = await this.server.now();
    const healthy = store.status === 'up';
    void reply.code(healthy ? 200 : 503).header('Cache-Control', 'no-store');
    const status = healthy ? 'healthy' : 'unhealthy';
    const message = healthy ? 'the event store answers' : 'the event store does not answer';
    const nowMs = this.clock.nowMs();
    return {
      status,
      version: this.server.version,
      uptime: durationText(nowMs - this.server.startedAtMs),
      timestamp: timestamp(nowMs),
      checks: { database: { status, message } },
    };
  }

  @Get('readyz')
  @Traits({ isProbe: true })
  @ApiOperation({ summary: 'Whether requests should be sent here, and why not' })
  @ApiOkResponse({ type: ReadinessDto, description: 'ready' })
  @ApiResponse({ status: 503, type: ReadinessDto, description: 'not ready: checks says why' })
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<ReadinessDto> {
    const { ready, checks } = readinessOf(await this.server.now());
    void reply.code(ready ? 200 : 503).header('Cache-Control', 'no-store');
    return { status: ready ? 'healthy' : 'unhealthy', checks, version: this.server.version, deployment_mode: 'local' };
  }

  @Get('version')
  @Traits({ isProbe: true })
  @ApiOperation({ summary: 'Which version this is' })
  @ApiOkResponse({ type: VersionDto, description: 'version and the time of the request' })
  version(): VersionDto {
    return { version: this.server.version, requestDate: timestamp(this.clock.nowMs()) };
  }
}
