import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import type { RequestContext } from '@app/kernel';
import { RefusalError } from '@app/kernel';
import type { CallerRequest } from '@app/shell/nest';
import { AccessPolicy } from './access-policy.js';
import type { RouteAccess } from './access.decorator.js';
import { ROUTE_ACCESS } from './access.decorator.js';
import { API_KEY_PREFIX } from './api-key-text.js';
import { Authenticator, DenialError, offeredKey } from './authenticator.js';
import { Authorizer } from './authorizer.js';

type Request = FastifyRequest & CallerRequest;

/** Completes the caller of every request with its actor, or turns it away. */
@Injectable()
export class AccessGuard implements CanActivate {
  private readonly routes = new WeakMap<object, RouteAccess | 'keyed'>();

  constructor(
    private readonly reflector: Reflector,
    private readonly policy: AccessPolicy,
    private readonly authenticator: Authenticator,
    private readonly authorizer: Authorizer,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    if (this.policy.mode === 'off') return true;
    const access = this.accessOf(context);
    if (access === 'public') return true;
    const request = context.switchToHttp().getRequest<Request>();
    const { caller } = request;
    if (!caller) throw new Error('the request context was not set: the HTTP edge is missing');
    if (access === 'local' && isLocal(request, caller)) return true;
    const offered = offeredKey(request.headers);
    if (access === 'self' && !offered?.startsWith(`${API_KEY_PREFIX}_`)) return true;
    if (offered !== undefined) return this.admit(request, caller, offered);
    throw new DenialError('no key was offered');
  }

  private async admit(request: Request, caller: RequestContext, offered: string): Promise<true> {
    const actor = await this.authenticator.actorOf(offered);
    request.caller = { ...caller, actor };
    const errand = { method: request.method, route: request.routeOptions.url ?? '' };
    const refusal = this.authorizer.refusal(actor, errand);
    if (refusal) throw new RefusalError(refusal);
    return true;
  }

  private accessOf(context: ExecutionContext): RouteAccess | 'keyed' {
    const handler = context.getHandler();
    const known = this.routes.get(handler);
    if (known) return known;
    const targets = [handler, context.getClass()];
    const access = this.reflector.getAllAndOverride<RouteAccess | undefined>(ROUTE_ACCESS, targets) ?? 'keyed';
    this.routes.set(handler, access);
    return access;
  }
}

/** From this machine, and not through a proxy on it. */
function isLocal(request: Request, caller: RequestContext): boolean {
  const { ip } = caller;
  if (request.headers['x-forwarded-for'] !== undefined || request.headers['forwarded'] !== undefined) return false;
  return ip !== undefined && (ip === '::1' || ip.startsWith('127.'));
}
