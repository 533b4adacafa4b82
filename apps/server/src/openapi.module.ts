// The description of the HTTP API, made from the controllers when somebody first asks for it.
import type { INestApplication } from '@nestjs/common';
import type { OpenAPIObject } from '@nestjs/swagger';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';

export function openApiDocumentOf(app: INestApplication, version: string): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('Runledger')
    .setDescription('A workflow engine whose database is its audit trail.')
    .setVersion(version)
    .addApiKey({ type: 'apiKey', in: 'header', name: 'X-API-Key' }, 'apiKey')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'rl_...' }, 'bearer')
    .addSecurityRequirements('apiKey')
    .addSecurityRequirements('bearer')
    .build();
  return SwaggerModule.createDocument(app, config);
}

/** Swagger UI at `/swagger`, the document at `/swagger/json`. */
export function serveOpenApi(app: INestApplication, version: string): void {
  SwaggerModule.setup('swagger', app, () => openApiDocumentOf(app, version), {
    jsonDocumentUrl: 'swagger/json',
    raw: ['json'],
    customSiteTitle: 'Runledger API',
  });
}
