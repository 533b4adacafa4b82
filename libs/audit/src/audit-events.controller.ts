import { Readable } from 'node:stream';
import { Controller, Get, Param, Query, StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { EntryQuery } from '@app/read-model';
import type { RequestContext } from '@app/kernel';
import { accepted, refuse, RefusalError } from '@app/kernel';
import { EventLogRefusalLog } from '@app/access/nest';
import { Caller, UuidPipe } from '@app/shell/nest';
import type { EventVerification } from '@app/evidence';
import { EvidenceReader } from '@app/evidence';
import {
  AuditEntriesPageDto,
  AuditEntryDto,
  AuditFacetsDto,
  AuditHistogramAnswerDto,
  EventVerificationDto,
  RelatedEntriesDto,
} from './audit-answers.dto.js';
import type { AuditEntry } from './audit-entry.js';
import type { AuditFacets, BucketCount } from './audit-counts.js';
import { bucketsOf } from './audit-counts.js';
import { lineFormats, linesOf } from './audit-export.js';
import { auditOrderedOf, auditPageOf, auditSelectionOf } from './audit-query.js';
import type { AuditPage, RelatedEntries } from './audit-trail.js';
import { AuditTrail } from './audit-trail.js';
import { AuditExportDto, AuditFilterDto, AuditHistogramDto, AuditPageDto, RelatedPageDto } from './audit.dto.js';

const notFound = refuse('not_found', 'FLK-0600', 'audit event not found');

@ApiTags('audit')
@Controller('v1/audit-events')
export class AuditEventsController {
  constructor(
    private readonly trail: AuditTrail,
    private readonly journal: EventLogRefusalLog,
    private readonly evidence: EvidenceReader,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Who did what: entries, newest first' })
  @ApiOkResponse({ type: AuditEntriesPageDto })
  @ApiResponse({ status: 400, description: 'FLK-0002, FLK-0304, FLK-0305, FLK-0308, FLK-0610' })
  async list(@Query() query: AuditPageDto): Promise<AuditPage> {
    return accepted(await this.trail.page(accepted(auditPageOf(query))));
  }

  @Get('facets')
  @ApiOperation({
    summary: 'Event types, actors, kinds of resource and outcomes with their counts, within a selection',
  })
  @ApiOkResponse({ type: AuditFacetsDto })
  async facets(@Query() query: AuditFilterDto): Promise<AuditFacets> {
    return accepted(await this.trail.facets(accepted(auditSelectionOf(query))));
  }

  @Get('histogram')
  @ApiOperation({ summary: 'Counts per interval and outcome, within a selection' })
  @ApiOkResponse({ type: AuditHistogramAnswerDto })
  @ApiResponse({ status: 400, description: 'FLK-0305 without bounds, FLK-0308 too many intervals' })
  async histogram(@Query() { interval, ...query }: AuditHistogramDto): Promise<{ buckets: readonly BucketCount[] }> {
    const buckets = accepted(bucketsOf(accepted(auditSelectionOf(query)), interval ?? 'hour'));
    return { buckets: accepted(await this.trail.histogram(buckets)) };
  }

  @Get('export')
  @ApiOperation({ summary: 'Every entry of a selection as NDJSON or CSV; the export is itself an entry' })
  @ApiProduces('application/x-ndjson', 'text/csv')
  @ApiOkResponse({ schema: { type: 'string' }, description: 'an entry a line' })
  async export(@Query() query: AuditExportDto, @Caller() context: RequestContext): Promise<StreamableFile> {
    const { selection, descending } = accepted(auditOrderedOf(query));
    const { format = 'ndjson', ...sent } = query;
    const asOf = selection.asOf ?? (await this.trail.end());
    const filter = Object.fromEntries(Object.entries(sent).filter(([, value]) => value !== undefined && value !== ''));
    const data = { format, filter: filter as Record<string, string>, ...(asOf === undefined ? {} : { asOf }) };
    const until = { ...selection, ...(asOf === undefined ? {} : { asOf }) };
    accepted(await this.trail.page({ ...until, descending, limit: 1 }));
    await this.journal.enqueue({ type: 'AuditExported', data }, context);
    const { mediaType } = lineFormats[format];
    const file = { type: mediaType, disposition: `attachment; filename="audit-events.${format}"` };
    return new StreamableFile(Readable.from(linesOf(format, this.trail.portions(until, descending))), file);
  }

  @Get(':id')
  @ApiOperation({ summary: 'One entry' })
  @ApiOkResponse({ type: AuditEntryDto })
  @ApiResponse({ status: 404, description: 'FLK-0600' })
  async get(@Param('id', UuidPipe) id: string): Promise<AuditEntry> {
    return found(await this.trail.entry(id));
  }

  @Get(':id/related')
  @ApiOperation({ summary: 'What the same request set in motion, what caused the entry, what it caused' })
  @ApiOkResponse({ type: RelatedEntriesDto })
  @ApiResponse({ status: 404, description: 'FLK-0600' })
  async related(@Param('id', UuidPipe) id: string, @Query() query: RelatedPageDto): Promise<RelatedEntries> {
    const page: EntryQuery = accepted(auditPageOf(query));
    return found(await this.trail.related(id, page));
  }

  @Get(':id/verify')
  @ApiOperation({
    summary:
      'Recomputes the leaf of the event from the bytes in the log, and proves it against the last signed checkpoint',
  })
  @ApiOkResponse({ type: EventVerificationDto })
  @ApiResponse({ status: 404, description: 'FLK-0600' })
  @ApiResponse({ status: 503, description: 'it was recorded just now: ask again in a second' })
  async verify(@Param('id', UuidPipe) id: string): Promise<EventVerification> {
    if (!(await this.trail.has(id))) throw new RefusalError(notFound);
    return accepted(await this.evidence.verify(id));
  }
}

function found<T>(value: T | undefined): T {
  return accepted(value ?? notFound);
}
