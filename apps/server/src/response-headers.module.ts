// Headers that every response carries: what a browser may do with it, and from which pages.
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import helmet from '@fastify/helmet';

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
const allowedHeaders = [
  ...['Content-Type', 'Accept', 'Authorization', 'X-API-Key', 'X-Request-Id', 'X-Correlation-Id', 'X-Audit-Reason'],
  ...['Idempotency-Key', 'If-Match', 'If-None-Match', 'Prefer', 'X-Webhook-Token', 'Last-Event-ID', 'Traceparent'],
];
const exposedHeaders = [
  ...['ETag', 'Location', 'X-Request-Id', 'Retry-After', 'Idempotency-Replayed', 'Preference-Applied'],
  ...['Content-Disposition', 'X-Webhook-Workflow-ID', 'X-Webhook-Execution-ID'],
];

/** @param origins pages from which browsers may call; none: CORS stays off. */
export async function dressResponses(app: NestFastifyApplication, origins: readonly string[]): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
        objectSrc: ["'none'"],
        // Swagger UI styles itself inline; everything else comes from here.
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
      },
    },
    // The server speaks plain HTTP; whoever ends TLS before it says how long that holds.
    strictTransportSecurity: false,
    xFrameOptions: { action: 'deny' },
  });
  if (origins.length === 0) return;
  app.enableCors({ origin: [...origins], methods, allowedHeaders, exposedHeaders, maxAge: 3600 });
}
