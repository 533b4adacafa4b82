import { Type } from '@sinclair/typebox';
import type { EventsOf } from '@app/kernel';
import { defineEvent } from '@app/kernel';

export const apiKeyEvents = {
  ApiKeyCreated: defineEvent(
    'ApiKeyCreated',
    'An API key came to be; its text was shown once and is stored nowhere.',
    Type.Object({
      name: Type.String(),
      /** HMAC-SHA-256 of the key's secret under the server's own key, hexadecimal. */
      keyedHash: Type.String(),
      expiresAt: Type.Optional(Type.String({ format: 'date-time' })),
    }),
  ),
  ApiKeyRevoked: defineEvent(
    'ApiKeyRevoked',
    'An API key stopped being accepted.',
    Type.Object({ name: Type.String() }),
  ),
};
export type ApiKeyEvent = EventsOf<typeof apiKeyEvents>;

/** Recorded on `access-<yyyymmdd>`. */
export const accessEvents = {
  AccessDenied: defineEvent(
    'AccessDenied',
    'Somebody was turned away (401, 403).',
    Type.Object({
      method: Type.String(),
      path: Type.String(),
      status: Type.Integer(),
      code: Type.String(),
      message: Type.String(),
      /** How many of the same kind this entry stands for; absent: one. */
      count: Type.Optional(Type.Integer()),
    }),
  ),
  CommandRefused: defineEvent(
    'CommandRefused',
    'A command was understood and refused, because of a conflict or the state of things.',
    Type.Object({
      method: Type.String(),
      path: Type.String(),
      status: Type.Integer(),
      code: Type.String(),
      message: Type.String(),
      resourceType: Type.Optional(Type.String()),
      resourceId: Type.Optional(Type.String()),
    }),
  ),
  AuditExported: defineEvent(
    'AuditExported',
    'Somebody took a copy of audit entries out of the system.',
    Type.Object({
      format: Type.Union([Type.Literal('ndjson'), Type.Literal('csv')]),
      /** The query parameters that selected the entries. */
      filter: Type.Record(Type.String(), Type.String()),
      /** Entries up to this position of the log were exported; absent: the log was empty. */
      asOf: Type.Optional(Type.String()),
    }),
  ),
};
export type AccessEvent = EventsOf<typeof accessEvents>;

/** Recorded on `system-<yyyymmdd>`. */
export const systemEvents = {
  ServerStarted: defineEvent(
    'ServerStarted',
    'A server began to serve.',
    Type.Object({
      serverId: Type.String(),
      version: Type.String(),
      host: Type.String(),
      port: Type.Integer(),
      auth: Type.String(),
    }),
  ),
  ServerStopped: defineEvent(
    'ServerStopped',
    'A server ended in good order.',
    Type.Object({ serverId: Type.String(), signal: Type.Optional(Type.String()) }),
  ),
  ViewsRebuilt: defineEvent(
    'ViewsRebuilt',
    'Views were folded again from the first event.',
    Type.Object({ views: Type.Array(Type.String()) }),
  ),
};
export type SystemEvent = EventsOf<typeof systemEvents>;
