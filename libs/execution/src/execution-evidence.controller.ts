import { Controller, Get, Param, StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import { accepted, refuse, streamName } from '@app/kernel';
import { download, UuidPipe } from '@app/shell/nest';
import { EvidenceExport } from '@app/evidence';
import { FrozenDefinitions } from './frozen-definitions.js';

const BUNDLE = 'application/x-tar';
const notFound = refuse('not_found', 'FLK-0500', 'execution not found');

@ApiTags('executions')
@Controller('v1/executions')
export class ExecutionEvidenceController {
  constructor(
    private readonly exports: EvidenceExport,
    private readonly definitions: FrozenDefinitions,
  ) {}

  @Get(':id/evidence')
  @ApiOperation({ summary: "A bundle of the run's events, with the proof that they are in the signed log" })
  @ApiProduces(BUNDLE)
  @ApiOkResponse({ schema: { type: 'string', format: 'binary' } })
  @ApiResponse({ status: 404, description: 'FLK-0500' })
  async evidence(@Param('id', UuidPipe) id: string): Promise<StreamableFile> {
    const definitions = await this.definitions.ofRun(id);
    const bundle = accepted((await this.exports.stream(streamName('execution', id), definitions)) ?? notFound);
    return download(bundle.chunks, BUNDLE, `execution-${id}.tar`);
  }
}
