import 'reflect-metadata';
import { FASTIFY_ROUTE_CONFIG_METADATA } from '@nestjs/platform-fastify/constants.js';
import type { Channel } from '@app/kernel';

/** What a route may declare about itself; read by the hooks of this library. */
export interface RouteTraits {
  /** Bytes; a longer body is 413 before anything else is looked at. */
  readonly bodyLimit?: number;
  /** The code of that 413. */
  readonly tooLargeCode?: string;
  /** Keeps the body's bytes on the request, as they came: signatures are made over bytes. */
  readonly keepsRawBody?: boolean;
  readonly channel?: Channel;
  /** Answered also while the server drains. */
  readonly isProbe?: boolean;
}

/** Where the bytes stand when the route keeps them. */
export interface RawBodyRequest {
  rawBody?: Buffer;
}

/** `@Traits({bodyLimit: 1_048_576, tooLargeCode: 'FLK-0506'})` on a controller method; several add up. */
export function Traits(traits: RouteTraits): MethodDecorator {
  return (_target, _name, descriptor: PropertyDescriptor) => {
    const handler = descriptor.value as object;
    const known = Reflect.getMetadata(FASTIFY_ROUTE_CONFIG_METADATA, handler) as RouteTraits | undefined;
    Reflect.defineMetadata(FASTIFY_ROUTE_CONFIG_METADATA, { ...known, ...traits }, handler);
  };
}

/** A body over `bytes` is 413 with `code`, before anything else is checked. */
export function BodyLimit(bytes: number, code: string): MethodDecorator {
  return Traits({ bodyLimit: bytes, tooLargeCode: code });
}

/** A route that third parties call: events carry the channel `webhook`, and the body's bytes are kept. */
export function WebhookRoute(): MethodDecorator {
  return Traits({ channel: 'webhook', keepsRawBody: true });
}
