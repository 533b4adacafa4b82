import { Type } from '@sinclair/typebox';
import type { EventsOf, Json, JsonObject } from '@app/kernel';
import { defineEvent } from '@app/kernel';

const jsonObject = Type.Unsafe<JsonObject>(Type.Record(Type.String(), Type.Unknown()));
const json = Type.Unsafe<Json>(Type.Unknown());

export const providerEvents = {
  ProviderConfigCreated: defineEvent(
    'ProviderConfigCreated',
    'A provider configuration came to be, active.',
    Type.Object({
      name: Type.String(),
      description: Type.Optional(Type.String()),
      providerId: Type.String(),
      /** Every secret is replaced by `{"$secret": "<id>"}`, a reference into the secret store. */
      config: jsonObject,
      metadata: Type.Optional(jsonObject),
    }),
  ),
  ProviderConfigUpdated: defineEvent(
    'ProviderConfigUpdated',
    'A provider configuration was changed.',
    Type.Object({
      name: Type.String(),
      description: Type.Optional(Type.String()),
      config: jsonObject,
      metadata: Type.Optional(jsonObject),
      changes: Type.Array(
        Type.Object({ path: Type.String(), before: Type.Optional(json), after: Type.Optional(json) }),
      ),
    }),
  ),
  ProviderConfigEnabled: defineEvent(
    'ProviderConfigEnabled',
    'A disabled provider configuration may be used again.',
    Type.Object({ name: Type.String() }),
  ),
  ProviderConfigDisabled: defineEvent(
    'ProviderConfigDisabled',
    'A provider configuration may not be used for now.',
    Type.Object({ name: Type.String() }),
  ),
  ProviderConfigDeleted: defineEvent(
    'ProviderConfigDeleted',
    'A provider configuration was deleted, its secrets with it.',
    Type.Object({ name: Type.String() }),
  ),
  ProviderConfigTested: defineEvent(
    'ProviderConfigTested',
    'Somebody tried whether a provider answers.',
    Type.Object({
      name: Type.String(),
      overallStatus: Type.String({ description: 'passed, partial or failed' }),
      stages: Type.Array(
        Type.Object({ name: Type.String(), status: Type.String(), statusCode: Type.Optional(Type.Integer()) }),
      ),
      durationMs: Type.Integer(),
    }),
  ),
};
export type ProviderEvent = EventsOf<typeof providerEvents>;
