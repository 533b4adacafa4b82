import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { refuse, RefusalError } from '@app/kernel';
import { ExecutorDto, ProviderDto, TriggerDto, ValidateExecutorConfigDto, ValidDto } from './catalog.dto.js';
import { connectors, executors, findExecutor, findProvider, findTrigger, triggers } from './catalog.js';
import type { Connector, Executor, Trigger } from './connector.js';
import { findingsText, schemaFindings } from './json-schema.js';

@ApiTags('catalog')
@Controller('v1/catalog')
export class CatalogController {
  @Get('executors')
  @ApiOperation({ summary: 'List what a node can call' })
  @ApiOkResponse({ type: [ExecutorDto] })
  executors(): ExecutorDto[] {
    return sorted(executors).map(executorSummary);
  }

  @Get('executors/:id')
  @ApiOperation({ summary: 'Read an executor with its schema' })
  @ApiOkResponse({ type: ExecutorDto })
  executor(@Param('id') id: string): ExecutorDto {
    const { schema, ...executor } = knownExecutor(id);
    return { ...executorSummary({ ...executor, schema }), schema: JSON.stringify(schema), schemaObject: schema };
  }

  @Post('executors/:id/validate')
  @HttpCode(200)
  @ApiOperation({ summary: 'Check an executor configuration against the schema' })
  @ApiOkResponse({ type: ValidDto })
  validate(@Param('id') id: string, @Body() { config }: ValidateExecutorConfigDto): ValidDto {
    const findings = schemaFindings(knownExecutor(id).schema, config, 'config');
    if (findings.length === 0) return { valid: true };
    const message = `the executor configuration is not valid: ${findingsText(findings)}`;
    throw new RefusalError(refuse('invalid', 'FLK-0201', message, findings));
  }

  @Get('triggers')
  @ApiOperation({ summary: 'List what can start a workflow' })
  @ApiOkResponse({ type: [TriggerDto] })
  triggers(): TriggerDto[] {
    return sorted(triggers).map(triggerSummary);
  }

  @Get('triggers/:id')
  @ApiOperation({ summary: 'Read a trigger with its schema' })
  @ApiOkResponse({ type: TriggerDto })
  trigger(@Param('id') id: string): TriggerDto {
    const trigger = findTrigger(id);
    if (!trigger) throw unknown('FLK-0210', 'trigger', id);
    const { schema } = trigger;
    return { ...triggerSummary(trigger), schema: JSON.stringify(schema), schemaObject: schema };
  }

  @Get('providers')
  @ApiOperation({ summary: 'List the kinds of provider' })
  @ApiOkResponse({ type: [ProviderDto] })
  providers(): ProviderDto[] {
    return sorted(connectors).map(providerSummary);
  }

  @Get('providers/:id')
  @ApiOperation({ summary: 'Read a provider with the schema of its configuration' })
  @ApiOkResponse({ type: ProviderDto })
  provider(@Param('id') id: string): ProviderDto {
    const provider = knownProvider(id);
    const { configSchema } = provider;
    const schema = { configSchema: JSON.stringify(configSchema), configSchemaObject: configSchema };
    return { ...providerSummary(provider), ...schema };
  }

  @Get('providers/:id/executors')
  @ApiOperation({ summary: 'List the executors of a provider' })
  @ApiOkResponse({ type: [ExecutorDto] })
  executorsOf(@Param('id') id: string): ExecutorDto[] {
    return sorted(knownProvider(id).executors).map(executorSummary);
  }
}

function sorted<T extends { readonly id: string }>(entries: readonly T[]): T[] {
  return [...entries].sort((a, b) => (a.id < b.id ? -1 : 1));
}

function executorSummary({ id, name, category, version, providerId }: Omit<Executor, 'request'>): ExecutorDto {
  return { id, name, category, version, providerId };
}

function triggerSummary({ id, name, version }: Trigger): TriggerDto {
  return { id, name, version };
}

function providerSummary({ id, name, description, version }: Connector): ProviderDto {
  return { id, name, description, version };
}

function knownExecutor(id: string): Executor {
  const executor = findExecutor(id);
  if (!executor) throw unknown('FLK-0200', 'executor', id);
  return executor;
}

function knownProvider(id: string): Connector {
  const provider = findProvider(id);
  if (!provider) throw unknown('FLK-0230', 'provider', id);
  return provider;
}

function unknown(code: string, noun: string, id: string): RefusalError {
  return new RefusalError(refuse('not_found', code, `${noun} "${id.slice(0, 100)}" is not in the catalogue`));
}
