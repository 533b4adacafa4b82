import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { accepted } from '@app/kernel';
import type { TemplateDetail, TemplateItem } from './template-catalog.js';
import { paramsRefusal, TemplateCatalog, templateNotFound } from './template-catalog.js';
import { TemplateDetailDto, TemplateItemDto, ValidTemplateParamsDto } from './workflow-answers.dto.js';
import { findTemplate } from './workflow-template.js';
import { TemplateParamsDto } from './workflow.dto.js';

@ApiTags('catalog')
@Controller('v1/catalog/templates')
export class TemplateController {
  constructor(private readonly catalog: TemplateCatalog) {}

  @Get()
  @ApiOperation({ summary: 'Templates from which workflows can be made' })
  @ApiOkResponse({ type: [TemplateItemDto] })
  list(): readonly TemplateItem[] {
    return this.catalog.list();
  }

  @Get(':id')
  @ApiOperation({ summary: 'One template with the schema of its parameters' })
  @ApiOkResponse({ type: TemplateDetailDto })
  @ApiResponse({ status: 404, description: 'FLK-0240' })
  async get(@Param('id') id: string): Promise<TemplateDetail> {
    return accepted(await this.catalog.detail(id));
  }

  @Post(':id/validate')
  @HttpCode(200)
  @ApiOperation({ summary: 'Check parameters without creating anything' })
  @ApiOkResponse({ type: ValidTemplateParamsDto })
  @ApiResponse({ status: 400, description: 'FLK-0242 with every finding' })
  @ApiResponse({ status: 404, description: 'FLK-0240' })
  validate(@Param('id') id: string, @Body() body: TemplateParamsDto): { valid: true } {
    const template = accepted(findTemplate(id) ?? templateNotFound(id));
    accepted(paramsRefusal(template, body.params));
    return { valid: true };
  }
}
