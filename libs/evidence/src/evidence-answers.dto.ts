// What the evidence answers in JSON.
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { LogKey } from './evidence-identity.js';
import type { EventProof } from './evidence-reader.js';
import type { EvidenceState } from './evidence-status.js';

export class LogKeyDto implements LogKey {
  @ApiProperty()
  readonly vkey!: string;

  @ApiProperty({ type: 'integer', description: 'leaves there were when it began to sign' })
  readonly fromSize!: number;
}

export class SignedTreeDto {
  @ApiProperty({ type: 'integer' })
  readonly size!: number;

  @ApiProperty({ format: 'date-time' })
  readonly at!: string;
}

export class ScrubPassDto {
  @ApiProperty({ type: 'integer' })
  readonly size!: number;

  @ApiProperty({ format: 'date-time' })
  readonly endedAt!: string;
}

export class ScrubDto {
  @ApiProperty({ type: 'integer', description: 'leaves that the pass under way has looked at' })
  readonly checkedTo!: number;

  @ApiPropertyOptional()
  readonly lastPass?: ScrubPassDto;
}

export class AnchorDto {
  @ApiProperty()
  readonly name!: string;

  @ApiPropertyOptional({ type: 'integer', description: 'of the last checkpoint that it took' })
  readonly size?: number;

  @ApiPropertyOptional({ format: 'date-time' })
  readonly at?: string;

  @ApiPropertyOptional({ description: 'why it did not take the last one' })
  readonly problem?: string;
}

export class EvidenceStatusDto {
  @ApiProperty({ enum: ['working', 'waiting', 'failed', 'stopped'] })
  readonly state!: EvidenceState;

  @ApiPropertyOptional()
  readonly reason?: string;

  @ApiProperty()
  readonly origin!: string;

  @ApiProperty({ type: [LogKeyDto] })
  readonly keys!: readonly LogKey[];

  @ApiProperty({ description: 'whether this server sequences' })
  readonly sequences!: boolean;

  @ApiProperty({ type: 'integer', description: 'leaves' })
  readonly size!: number;

  @ApiPropertyOptional()
  readonly signed?: SignedTreeDto;

  @ApiPropertyOptional()
  readonly lagMs?: number;

  @ApiProperty()
  readonly scrub!: ScrubDto;

  @ApiProperty({ type: [AnchorDto] })
  readonly anchors!: readonly AnchorDto[];
}

export class EventProofDto implements EventProof {
  @ApiProperty({ format: 'uuid' })
  readonly eventId!: string;

  @ApiProperty({ type: 'integer' })
  readonly leafIndex!: number;

  @ApiProperty({ description: 'base64, as all hashes here' })
  readonly leafHash!: string;

  @ApiProperty({ description: 'the leaf entry, which is canonical JSON' })
  readonly entry!: string;

  @ApiProperty({ type: 'integer' })
  readonly treeSize!: number;

  @ApiProperty()
  readonly rootHash!: string;

  @ApiProperty({ type: [String] })
  readonly proof!: readonly string[];

  @ApiProperty({ description: 'signed note' })
  readonly checkpoint!: string;
}
