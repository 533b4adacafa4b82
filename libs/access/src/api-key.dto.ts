import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsISO8601, IsOptional, IsString, Matches, Max, MaxLength, Min, MinLength } from 'class-validator';
import { WireCode } from '@app/shell/nest';
import { API_KEY_NAME_MAX } from './api-key.js';

export class CreateApiKeyDto {
  @ApiProperty({ description: 'Who uses the key: what the audit trail shows as actor', maxLength: API_KEY_NAME_MAX })
  @IsString()
  @MinLength(1)
  @MaxLength(API_KEY_NAME_MAX)
  name!: string;

  @ApiPropertyOptional({ description: 'RFC 3339; from then on the key is not accepted', format: 'date-time' })
  @IsOptional()
  @IsISO8601({ strict: true, strictSeparator: true })
  @Matches(/(Z|[+-]\d\d:\d\d)$/i, { message: 'expiresAt must name its time zone, as in 2027-01-31T00:00:00Z' })
  expiresAt?: string;
}

export class ApiKeyListQuery {
  @ApiPropertyOptional({ minimum: 1, maximum: 100, default: 20 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(100)
  @Type(() => Number)
  limit?: number;

  @ApiPropertyOptional({ description: 'As a previous page gave it in nextCursor' })
  @IsOptional()
  @IsString()
  @MaxLength(512)
  @WireCode('INVALID_CURSOR')
  cursor?: string;

  @ApiPropertyOptional({ enum: ['active', 'revoked'], description: 'active: not revoked, expired ones included' })
  @IsOptional()
  @IsIn(['active', 'revoked'])
  status?: 'active' | 'revoked';
}

export class ApiKeyItem {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty()
  name!: string;

  @ApiProperty({ enum: ['active', 'expired', 'revoked'] })
  status!: 'active' | 'expired' | 'revoked';

  @ApiProperty({ format: 'date-time' })
  createdAt!: string;

  @ApiPropertyOptional({ format: 'date-time' })
  expiresAt?: string;

  @ApiPropertyOptional({ format: 'date-time' })
  revokedAt?: string;
}

export class ApiKeyPageDto {
  @ApiProperty({ type: [ApiKeyItem] })
  items!: ApiKeyItem[];

  @ApiProperty({ description: 'Empty on the last page' })
  nextCursor!: string;

  @ApiProperty()
  hasMore!: boolean;
}

export class IssuedKeyDto extends ApiKeyItem {
  @ApiProperty({ description: 'The key itself: shown this once and stored nowhere' })
  key!: string;
}
