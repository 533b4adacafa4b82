// Unique names and webhook routes: claimed before the append that uses them, given back when it was refused.
import type { AggregateStore, Reservations } from '@app/event-store';
import type { RequestContext } from '@app/kernel';
import { keyOf, refuse, RefusalError, streamName } from '@app/kernel';
import type { WebhookRoute } from './webhook-route.js';
import { WEBHOOK_ROUTE_SCOPE, webhookRoutesOf } from './webhook-route.js';
import type { WorkflowState } from './workflow.js';
import { activeVersionOf, isLiving, routeTaken, workflow, WORKFLOW_NAME_SCOPE } from './workflow.js';

export function holdsName(state: WorkflowState, name: string): boolean {
  return isLiving(state) && state.content.name === name;
}

export function holdsRoute(state: WorkflowState, route: string): boolean {
  const active = activeVersionOf(state);
  return active !== undefined && webhookRoutesOf(active.definition).some((held) => held.route === route);
}

/**
 * A server that dies between claim and append leaves a claim that its workflow does not show; whoever claims next, after a
 * grace, takes it over. One that dies between an append and the release likewise.
 */
export class WorkflowClaims {
  constructor(
    private readonly aggregates: AggregateStore,
    private readonly reservations: Reservations,
  ) {}

  /** Throws RefusalError FLK-0101 when another workflow has the name. */
  async claimName(id: string, name: string, context: RequestContext): Promise<void> {
    const claim = { scope: WORKFLOW_NAME_SCOPE, value: name, ownerStream: streamName('workflow', id) };
    const refused = await this.reservations.claim(claim, context, (owner) =>
      this.isTrueOf(keyOf(owner), (state) => holdsName(state, name)),
    );
    if (!refused) return;
    const message = `a workflow named "${name}" exists already`;
    throw new RefusalError(refuse('conflict', 'FLK-0101', message, [{ field: 'name', message: 'is already taken' }]));
  }

  /** Gives the name back, unless the workflow bears it. */
  async releaseName(id: string, name: string, context: RequestContext): Promise<void> {
    if (await this.isTrueOf(id, (state) => holdsName(state, name))) return;
    const ownerStream = streamName('workflow', id);
    await this.reservations.release({ scope: WORKFLOW_NAME_SCOPE, value: name, ownerStream }, context);
  }

  /** All or none. Throws RefusalError FLK-0360 naming the route that another workflow has. */
  async claimRoutes(id: string, routes: readonly WebhookRoute[], context: RequestContext): Promise<void> {
    const ownerStream = streamName('workflow', id);
    for (const [index, { route, nodeIndex }] of routes.entries()) {
      const claim = { scope: WEBHOOK_ROUTE_SCOPE, value: route, ownerStream };
      const refused = await this.reservations.claim(claim, context, (owner) =>
        this.isTrueOf(keyOf(owner), (state) => holdsRoute(state, route)),
      );
      if (!refused) continue;
      await this.releaseRoutes(id, routes.slice(0, index), context);
      throw new RefusalError(routeTaken(route, nodeIndex));
    }
  }

  /** Gives the routes back, but for those that the workflow serves. */
  async releaseRoutes(id: string, routes: readonly WebhookRoute[], context: RequestContext): Promise<void> {
    const ownerStream = streamName('workflow', id);
    for (const { route } of routes) {
      if (await this.isTrueOf(id, (state) => holdsRoute(state, route))) continue;
      await this.reservations.release({ scope: WEBHOOK_ROUTE_SCOPE, value: route, ownerStream }, context);
    }
  }

  private async isTrueOf(id: string, claim: (state: WorkflowState) => boolean): Promise<boolean> {
    const { state } = await this.aggregates.load(workflow, id);
    return claim(state);
  }
}
