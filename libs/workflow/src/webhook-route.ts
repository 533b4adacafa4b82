// Which webhook routes a definition asks for. A route exists only while its workflow is active.
import type { Json, JsonObject } from '@app/kernel';
import type { WorkflowDefinition } from './definition.js';
import { secretIdOf } from './trigger-secret.js';

/** Scope of the reservation that makes a route unique; its value is `normalizeRoute(method, path)`. */
export const WEBHOOK_ROUTE_SCOPE = 'webhook.route';

export interface WebhookRoute {
  /** Upper case. */
  readonly method: string;
  /** With a leading and without a trailing slash, as in `/kyc/inbound`. */
  readonly path: string;
  /** `METHOD /path`: the reserved value. */
  readonly route: string;
  /** The trigger node that asks for it. */
  readonly nodeId: string;
  /** Position of that node in `nodes`. */
  readonly nodeIndex: number;
  /** Ids in the secret store. */
  readonly verifyTokenId?: string;
  readonly signingSecretId?: string;
}

/** Leading slash added, trailing slashes removed; the case of the path is kept, because matching is exact. */
export function normalizePath(path: string): string {
  const rooted = path.startsWith('/') ? path : `/${path}`;
  let end = rooted.length;
  while (end > 1 && rooted.charCodeAt(end - 1) === 47) end -= 1;
  return rooted.slice(0, end);
}

/** The text by which a route is reserved and found: `METHOD /path`. */
export function normalizeRoute(method: string, path: string): string {
  return `${method.toUpperCase()} ${normalizePath(path)}`;
}

/** The routes in the order of their nodes. Triggers without type `webhook`, path and method have none. */
export function webhookRoutesOf(definition: Pick<WorkflowDefinition, 'nodes'>): readonly WebhookRoute[] {
  return definition.nodes.flatMap((node, nodeIndex) => {
    const data: JsonObject = node.data ?? {};
    const { method, path } = data;
    if (node.type !== 'trigger' || data['triggerType'] !== 'webhook' || !isText(method) || !isText(path)) return [];
    const verifyTokenId = secretIdOf(data['verify_token']);
    const signingSecretId = secretIdOf(data['signing_secret']);
    return [
      {
        method: method.toUpperCase(),
        path: normalizePath(path),
        route: normalizeRoute(method, path),
        nodeId: node.id,
        nodeIndex,
        ...(verifyTokenId === undefined ? {} : { verifyTokenId }),
        ...(signingSecretId === undefined ? {} : { signingSecretId }),
      },
    ];
  });
}

function isText(value: Json | undefined): value is string {
  return typeof value === 'string' && value.trim() !== '';
}
