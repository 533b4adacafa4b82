import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { EntryQuery } from '@app/read-model';
import { accepted, refuse, RefusalError } from '@app/kernel';
import { UuidPipe } from '@app/shell/nest';
import type { AuditEntry } from './audit-entry.js';
import { auditPageOf } from './audit-query.js';
import type { AuditPage, RelatedEntries } from './audit-trail.js';
import { AuditTrail } from './audit-trail.js';
import { AuditPageDto, RelatedPageDto } from './audit.dto.js';

const notFound = refuse('not_found', 'FLK-0600', 'audit event not found');
const evidenceNotAvailable = refuse(
  'unavailable',
  'EVIDENCE_NOT_AVAILABLE',
  'this version keeps no evidence by which an entry could be verified; nothing was checked',
);

@ApiTags('audit')
@Controller('v1/audit-events')
export class AuditEventsController {
  constructor(private readonly trail: AuditTrail) {}

  @Get()
  @ApiOperation({ summary: 'Who did what: entries, newest first' })
  @ApiResponse({ status: 400, description: 'FLK-0002, FLK-0304, FLK-0305, FLK-0308, FLK-0610' })
  async list(@Query() query: AuditPageDto): Promise<AuditPage> {
    return accepted(await this.trail.page(accepted(auditPageOf(query))));
  }

  @Get(':id')
  @ApiOperation({ summary: 'One entry' })
  @ApiResponse({ status: 404, description: 'FLK-0600' })
  async get(@Param('id', UuidPipe) id: string): Promise<AuditEntry> {
    return found(await this.trail.entry(id));
  }

  @Get(':id/related')
  @ApiOperation({ summary: 'What the same request set in motion, what caused the entry, what it caused' })
  @ApiResponse({ status: 404, description: 'FLK-0600' })
  async related(@Param('id', UuidPipe) id: string, @Query() query: RelatedPageDto): Promise<RelatedEntries> {
    const page: EntryQuery = accepted(auditPageOf(query));
    return found(await this.trail.related(id, page));
  }

  @Get(':id/verify')
  @ApiOperation({ summary: 'Proof that the entry stands unchanged in the log' })
  @ApiResponse({ status: 404, description: 'FLK-0600' })
  @ApiResponse({ status: 501, description: 'EVIDENCE_NOT_AVAILABLE: this version records no evidence yet' })
  async verify(@Param('id', UuidPipe) id: string): Promise<never> {
    found(await this.trail.entry(id));
    throw new RefusalError(evidenceNotAvailable);
  }
}

function found<T>(value: T | undefined): T {
  return accepted(value ?? notFound);
}
