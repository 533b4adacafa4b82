// The executor configurations of the v1 contract: nothing ever created one, so the collection is empty and stays so.
import { Controller, Delete, Get, Param, Patch } from '@nestjs/common';
import { ApiNotFoundResponse, ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { refuse, RefusalError } from '@app/kernel';
import { UuidPipe } from '@app/shell/nest';

class ExecutorConfigurationPageDto {
  @ApiProperty({ type: [Object] })
  items!: readonly object[];

  @ApiProperty()
  nextCursor!: string;

  @ApiProperty()
  hasMore!: boolean;
}

@ApiTags('executors')
@Controller('v1/executors')
export class ExecutorConfigurationController {
  @Get()
  @ApiOperation({ summary: 'List executor configurations: always empty', deprecated: true })
  @ApiOkResponse({ type: ExecutorConfigurationPageDto })
  list(): ExecutorConfigurationPageDto {
    return { items: [], nextCursor: '', hasMore: false };
  }

  @Get(':id')
  @ApiOperation({ summary: 'Read an executor configuration: there is none', deprecated: true })
  @ApiNotFoundResponse({ description: 'FLK-0250' })
  read(@Param('id', UuidPipe) _id: string): never {
    throw notFound();
  }

  @Patch(':id')
  @ApiOperation({ summary: 'Change an executor configuration: there is none', deprecated: true })
  @ApiNotFoundResponse({ description: 'FLK-0250' })
  update(@Param('id', UuidPipe) _id: string): never {
    throw notFound();
  }

  @Delete(':id')
  @ApiOperation({ summary: 'Delete an executor configuration: there is none', deprecated: true })
  @ApiNotFoundResponse({ description: 'FLK-0250' })
  remove(@Param('id', UuidPipe) _id: string): never {
    throw notFound();
  }
}

function notFound(): RefusalError {
  return new RefusalError(refuse('not_found', 'FLK-0250', 'executor configuration not found'));
}
