import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsObject } from 'class-validator';
import type { JsonObject } from '@app/kernel';

export class ValidateExecutorConfigDto {
  @ApiProperty({ type: Object, description: 'Executor configuration, as it would stand in the data of a node' })
  @IsObject()
  config!: JsonObject;
}

export class ValidDto {
  @ApiProperty({ enum: [true] })
  valid!: boolean;
}

export class ExecutorDto {
  @ApiProperty()
  id!: string;

  @ApiProperty()
  name!: string;

  @ApiProperty()
  category!: string;

  @ApiProperty()
  version!: string;

  @ApiProperty()
  providerId!: string;

  @ApiPropertyOptional({ description: 'JSON Schema 2020-12 as text' })
  schema?: string;

  @ApiPropertyOptional({ type: Object, description: 'The same, parsed' })
  schemaObject?: JsonObject;
}

export class TriggerDto {
  @ApiProperty()
  id!: string;

  @ApiProperty()
  name!: string;

  @ApiProperty()
  version!: string;

  @ApiPropertyOptional({ description: 'JSON Schema 2020-12 as text' })
  schema?: string;

  @ApiPropertyOptional({ type: Object, description: 'The same, parsed' })
  schemaObject?: JsonObject;
}

export class ProviderDto {
  @ApiProperty()
  id!: string;

  @ApiProperty()
  name!: string;

  @ApiProperty()
  description!: string;

  @ApiProperty()
  version!: string;

  @ApiPropertyOptional({ description: 'JSON Schema 2020-12 as text' })
  configSchema?: string;

  @ApiPropertyOptional({ type: Object, description: 'The same, parsed' })
  configSchemaObject?: JsonObject;
}
