// Headers that every response carries: what a browser may do with it, and from which pages.
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
const allowedHeaders = [
  ...['Content-Type', 'Accept', 'Authorization', 'X-API-Key', 'X-Request-Id', 'X-Correlation-Id', 'X-Audit-Reason'],
  ...['Idempotency-Key', 'If-Match', 'If-None-Match', 'Prefer', 'X-Webhook-Token', 'Last-Event-ID', 'Traceparent'],
];
const exposedHeaders = [
  ...['ETag', 'Location', 'X-Request-Id', 'Retry-After', 'Idempotency-Replayed', 'Preference-Applied'],
  ...['Content-Disposition', 'X-Webhook-Workflow-ID', 'X-Webhook-Execution-ID'],
];

/**
 * Constant, so that they cost next to nothing: @fastify/helmet composes its policy anew for every response, a tenth of
 * the price of a small request. No Strict-Transport-Security: the server speaks plain HTTP, and whoever ends TLS before
 * it says how long that holds.
 */
const everywhere: Readonly<Record<string, string>> = {
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
};
/** Answers of the API are never pages. */
const apiPolicy = "default-src 'none'; frame-ancestors 'none'";
/** Swagger UI styles itself inline and draws with data URLs; everything else comes from here. */
const pagePolicy =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
  "base-uri 'none'; object-src 'none'; frame-ancestors 'none'";

const forApi = { ...everywhere, 'Content-Security-Policy': apiPolicy };
const forPages = { ...everywhere, 'Content-Security-Policy': pagePolicy };

/** @param origins pages from which browsers may call; none: CORS stays off. */
export function dressResponses(app: NestFastifyApplication, origins: readonly string[]): void {
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onRequest', (request, reply, done) => {
      reply.headers(request.url.startsWith('/swagger') ? forPages : forApi);
      done();
    });
  if (origins.length === 0) return;
  app.enableCors({ origin: [...origins], methods, allowedHeaders, exposedHeaders, maxAge: 3600 });
}
