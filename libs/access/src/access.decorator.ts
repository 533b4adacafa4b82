import { SetMetadata } from '@nestjs/common';

export const ROUTE_ACCESS = 'routeAccess';

/** `public`: everybody; `self`: the route itself finds out whether the caller may. */
export type RouteAccess = 'public' | 'self';

/** Nobody needs to say who he is: probes and documentation. */
export const PublicRoute = (): ClassDecorator & MethodDecorator => SetMetadata(ROUTE_ACCESS, 'public');

/**
 * The route demands its own proof (a webhook's token or signature). A key that is presented all the same names the
 * actor, and a wrong one is refused; without one the caller is anonymous and `requireCaller` is the route's to call.
 */
export const SelfAuthenticated = (): ClassDecorator & MethodDecorator => SetMetadata(ROUTE_ACCESS, 'self');
