import type { ExecutionContext } from '@nestjs/common';
import { createParamDecorator } from '@nestjs/common';
import type { RequestContext } from '@app/kernel';

/** Where the edge leaves the caller on the Fastify request: set once, before any guard, completed by the access guard. */
export interface CallerRequest {
  caller?: RequestContext;
}

/** `@Caller() context: RequestContext` - who asks, from where, in which chain of causes. */
export const Caller = createParamDecorator((_: unknown, host: ExecutionContext): RequestContext => {
  const { caller } = host.switchToHttp().getRequest<CallerRequest>();
  if (!caller) throw new Error('the request context was not set: shell middleware is missing');
  return caller;
});
