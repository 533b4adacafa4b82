import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import { accepted, instantOf, RefusalError, refuse } from '@app/kernel';
import { StreamPageAnswerDto, StreamStateAnswerDto } from './audit-answers.dto.js';
import { StreamPageDto, StreamStateDto } from './audit.dto.js';
import type { StreamPage, StreamState } from './stream-history.js';
import { StreamHistory, streamNameDefect } from './stream-history.js';

const LIMIT_DEFAULT = 100;

/** For the auditor who replays: what was recorded, word for word, and what it amounts to. */
@ApiTags('audit')
@Controller('v1/streams')
export class StreamsController {
  constructor(private readonly history: StreamHistory) {}

  @Get(':stream/events')
  @ApiOperation({ summary: 'The events of one stream, as they were recorded' })
  @ApiOkResponse({ type: StreamPageAnswerDto })
  @ApiParam({ name: 'stream', example: 'workflow-0d6f2a8e-1c1b-4f6e-9a7f-8a2f7a0c9e11' })
  @ApiResponse({ status: 400, description: 'FLK-0002 malformed name, FLK-0304 query' })
  @ApiResponse({ status: 404, description: 'STREAM_NOT_FOUND' })
  async events(@Param('stream') text: string, @Query() query: StreamPageDto): Promise<StreamPage> {
    const stream = wellNamed(text);
    return accepted(
      await this.history.page(stream, {
        direction: query.direction ?? 'forward',
        limit: Number(query.limit ?? LIMIT_DEFAULT),
        ...(query.from === undefined ? {} : { from: Number(query.from) }),
      }),
    );
  }

  @Get(':stream/state')
  @ApiOperation({ summary: 'The aggregate folded up to a revision, up to an instant, or up to now' })
  @ApiOkResponse({ type: StreamStateAnswerDto })
  @ApiParam({ name: 'stream', example: 'workflow-0d6f2a8e-1c1b-4f6e-9a7f-8a2f7a0c9e11' })
  @ApiResponse({ status: 400, description: 'FLK-0002 malformed name or no aggregate, FLK-0304 query' })
  @ApiResponse({ status: 404, description: 'STREAM_NOT_FOUND, REVISION_NOT_FOUND' })
  async state(@Param('stream') text: string, @Query() query: StreamStateDto): Promise<StreamState> {
    return accepted(await this.history.state(wellNamed(text), untilOf(query)));
  }
}

/** The name in the spelling of the log: keys are in lower case. */
function wellNamed(text: string): string {
  const dash = text.indexOf('-');
  const stream = text.slice(0, dash) + text.slice(dash).toLowerCase();
  const defect = streamNameDefect(stream);
  if (defect) throw new RefusalError(defect);
  return stream;
}

function untilOf({ revision, at }: StreamStateDto): { revision?: number; atMs?: number } {
  if (revision !== undefined && at !== undefined) throw invalid('at', 'give either revision or at, not both');
  if (revision !== undefined) return { revision: Number(revision) };
  if (at === undefined) return {};
  const instant = instantOf(at);
  if (!instant) throw invalid('at', 'at must be a date-time of RFC 3339, as in 2026-05-02T13:00:00Z');
  return { atMs: instant.ms };
}

function invalid(field: string, message: string): RefusalError {
  return new RefusalError(refuse('invalid', 'FLK-0304', message, [{ field, message }]));
}
