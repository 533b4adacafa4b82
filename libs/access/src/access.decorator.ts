import { SetMetadata } from '@nestjs/common';

export const ROUTE_ACCESS = 'routeAccess';

/**
 * `public`: everybody; `self`: the route itself finds out whether the caller may; `local`: everybody on this machine.
 * Every other route demands a key.
 */
export type RouteAccess = 'public' | 'self' | 'local';

/** Nobody needs to say who he is: probes and documentation. */
export const PublicRoute = (): ClassDecorator & MethodDecorator => SetMetadata(ROUTE_ACCESS, 'public');

/** Whoever asks from this machine directly; others need a key. */
export const LocalRoute = (): ClassDecorator & MethodDecorator => SetMetadata(ROUTE_ACCESS, 'local');

/**
 * The route demands its own proof (a webhook's token or signature). A key of ours that is presented all the
 * same names the actor, and a wrong one is refused; credentials of other kinds are left to the route. Without one the caller is anonymous, and the route must ask
 * `AccessPolicy.unidentified(context)` unless it had a proof of its own to check.
 */
export const SelfAuthenticated = (): ClassDecorator & MethodDecorator => SetMetadata(ROUTE_ACCESS, 'self');
