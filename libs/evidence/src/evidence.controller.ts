import { Controller, Get, Header, Param, Query, Res, StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { accepted, refuse, RefusalError, timestamp } from '@app/kernel';
import { download, UuidPipe } from '@app/shell/nest';
import { EvidenceExport } from './evidence-export.js';
import { EvidenceKeeper } from './evidence-keeper.js';
import type { EventProof } from './evidence-reader.js';
import { EvidenceReader, noEvidence } from './evidence-reader.js';
import type { EvidenceStatus } from './evidence-status.js';
import { EventProofDto, EvidenceStatusDto } from './evidence-answers.dto.js';
import { ConsistencyDto, ExportDto, KeyDto } from './evidence.dto.js';
import { TILE_WIDTH } from './tile.js';
import { parseEntriesPath, parseTilePath } from './tile-path.js';

const TEXT = 'text/plain; charset=utf-8';
const BYTES = 'application/octet-stream';
const BUNDLE = 'application/x-tar';
const binary = { type: 'string', format: 'binary' };
/** A tile of that width never holds anything else; one that is not full is only asked for until it is. */
const forEver = 'private, max-age=31536000, immutable';
const forNow = 'private, max-age=60';

@ApiTags('evidence')
@Controller('v1/evidence')
export class EvidenceController {
  constructor(
    private readonly reader: EvidenceReader,
    private readonly keeper: EvidenceKeeper,
    private readonly exports: EvidenceExport,
  ) {}

  @Get('checkpoint')
  @Header('Content-Type', TEXT)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: 'The last checkpoint: a signed note (C2SP tlog-checkpoint), with the cosignatures it has so far',
  })
  @ApiProduces('text/plain')
  @ApiOkResponse({ type: String })
  @ApiResponse({ status: 503, description: 'nothing was signed yet: ask again in a second' })
  async checkpoint(): Promise<string> {
    return this.reader.noteOf(accepted(await this.reader.checkpoint()));
  }

  @Get('key')
  @Header('Content-Type', TEXT)
  @ApiOperation({ summary: 'The public key of the log, as a verifier key (C2SP signed-note); a former one by its id' })
  @ApiProduces('text/plain')
  @ApiOkResponse({ type: String })
  @ApiResponse({ status: 404, description: 'EVIDENCE_NOT_FOUND' })
  key(@Query() { id }: KeyDto): string {
    const { keys } = this.keeper.status();
    const found = id === undefined ? keys.at(-1) : keys.find(({ vkey }) => vkey.split('+')[1] === id);
    return `${accepted(found ?? noEvidence('this log was never signed with that key')).vkey}\n`;
  }

  @Get('status')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'How far the log is sequenced, signed, scrubbed and anchored, and what is wrong' })
  @ApiOkResponse({ type: EvidenceStatusDto })
  status(): EvidenceStatusDto {
    return statusOf(this.keeper.status());
  }

  @Get('consistency')
  @Header('Content-Type', TEXT)
  @ApiOperation({
    summary: 'The proof that a signed tree continues an earlier one (C2SP tlog-witness, body of add-checkpoint)',
  })
  @ApiProduces('text/plain')
  @ApiOkResponse({ type: String })
  @ApiResponse({ status: 400, description: 'FLK-0304' })
  @ApiResponse({ status: 404, description: 'EVIDENCE_NOT_FOUND: no checkpoint of that size was signed' })
  async consistency(@Query() { from, to }: ConsistencyDto): Promise<string> {
    return accepted(await this.reader.consistency(Number(from), to === undefined ? undefined : Number(to)));
  }

  @Get('events/:id/proof')
  @ApiOperation({ summary: 'That one event is in the signed tree' })
  @ApiOkResponse({ type: EventProofDto })
  @ApiResponse({ status: 404, description: 'EVIDENCE_NOT_FOUND' })
  @ApiResponse({ status: 503, description: 'it was recorded just now: ask again in a second' })
  async proof(@Param('id', UuidPipe) id: string): Promise<EventProof> {
    return accepted(await this.reader.eventProof(id));
  }

  @Get('export')
  @ApiOperation({ summary: 'A bundle of leaves and events, to be verified offline' })
  @ApiProduces(BUNDLE)
  @ApiOkResponse({ schema: binary })
  @ApiResponse({ status: 400, description: 'FLK-0304' })
  async export(@Query() { from, to }: ExportDto): Promise<StreamableFile> {
    const bounds = [from, to].map((text) => (text === undefined ? undefined : Number(text)));
    const bundle = accepted(await this.exports.stretch(bounds[0], bounds[1]));
    return download(bundle.chunks, BUNDLE, `evidence-${bundle.from}-${bundle.to}.tar`);
  }

  @Get('tile/*')
  @ApiOperation({ summary: 'A tile of hashes, or an entry bundle (C2SP tlog-tiles)' })
  @ApiParam({ name: '*', example: '0/x001/234' })
  @ApiProduces(BYTES)
  @ApiOkResponse({ schema: binary })
  @ApiResponse({ status: 400, description: 'FLK-0002: no tile is called so' })
  @ApiResponse({ status: 404, description: 'EVIDENCE_NOT_FOUND: the signed tree has no such tile' })
  async tile(
    @Param('*') path: string | string[],
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StreamableFile> {
    return this.tileAt(`tile/${joined(path)}`, reply);
  }

  @Get('entries/*')
  @ApiOperation({ summary: 'An entry bundle, also found below tile/entries' })
  @ApiParam({ name: '*', example: 'x001/234' })
  @ApiProduces(BYTES)
  @ApiOkResponse({ schema: binary })
  @ApiResponse({ status: 400, description: 'FLK-0002: no entry bundle is called so' })
  @ApiResponse({ status: 404, description: 'EVIDENCE_NOT_FOUND: not so many leaves were signed' })
  async entries(
    @Param('*') path: string | string[],
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StreamableFile> {
    return this.tileAt(`tile/entries/${joined(path)}`, reply);
  }

  private async tileAt(path: string, reply: FastifyReply): Promise<StreamableFile> {
    const [tile, entries] = [parseTilePath(path), parseEntriesPath(path)];
    const place = tile ?? entries;
    if (!place) throw new RefusalError(malformed(path));
    const bytes = tile ? await this.reader.tile(tile) : entries && (await this.reader.entries(entries));
    const found = accepted(bytes ?? noEvidence(`the signed tree has no ${path}`));
    void reply.header('Cache-Control', place.width === TILE_WIDTH ? forEver : forNow);
    return new StreamableFile(found, { type: BYTES, length: found.length });
  }
}

function joined(path: string | string[]): string {
  return Array.isArray(path) ? path.join('/') : path;
}

function malformed(path: string): ReturnType<typeof refuse> {
  const message = 'must be as in tile/0/x001/234, tile/0/x001/234.p/12 or entries/x001/234';
  return refuse('invalid', 'FLK-0002', `${path.slice(0, 80)} is not the path of a tile: it ${message}`, [
    { field: 'path', message },
  ]);
}

function statusOf({ signed, scrub, anchors, keys, ...status }: EvidenceStatus): EvidenceStatusDto {
  const { checkedTo, lastPass } = scrub;
  return {
    ...status,
    ...(signed ? { signed: { size: signed.size, at: timestamp(signed.atMs) } } : {}),
    keys,
    scrub: {
      checkedTo,
      ...(lastPass ? { lastPass: { size: lastPass.size, endedAt: timestamp(lastPass.endedAtMs) } } : {}),
    },
    anchors: anchors.map(({ atMs, ...anchor }) => ({
      ...anchor,
      ...(atMs === undefined ? {} : { at: timestamp(atMs) }),
    })),
  };
}
