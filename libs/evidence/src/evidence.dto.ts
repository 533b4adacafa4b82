// Queries of the evidence as they come in.
import { ApiPropertyOptional, ApiProperty } from '@nestjs/swagger';
import { IsOptional, Matches } from 'class-validator';

const whole = /^(?:0|[1-9]\d{0,14})$/;
const positive = /^[1-9]\d{0,14}$/;

export class ExportDto {
  @ApiPropertyOptional({ description: 'index of the first leaf; default 0' })
  @IsOptional()
  @Matches(whole, { message: 'from must be the index of a leaf, an integer of at least 0' })
  from?: string;

  @ApiPropertyOptional({ description: 'index behind the last leaf; default: all that are signed' })
  @IsOptional()
  @Matches(positive, { message: 'to must be an integer of at least 1' })
  to?: string;
}

export class ConsistencyDto {
  @ApiProperty({ description: 'size of the tree that is known, at least 1' })
  @Matches(positive, { message: 'from must be the size of a tree, an integer of at least 1' })
  from!: string;

  @ApiPropertyOptional({ description: 'size of a checkpoint; default: the last one' })
  @IsOptional()
  @Matches(positive, { message: 'to must be the size of a checkpoint, an integer of at least 1' })
  to?: string;
}

export class KeyDto {
  @ApiPropertyOptional({ description: 'id of a former key, eight hexadecimal digits; default: the key that signs now' })
  @IsOptional()
  @Matches(/^[0-9a-f]{8}$/, { message: 'id must be eight lower-case hexadecimal digits' })
  id?: string;
}
