export type ActorType = 'user' | 'api_key' | 'system';

/** Who really acted. `anonymous` is what stands here when nobody had to say who he is. */
export interface Actor {
  readonly type: ActorType;
  readonly id: string;
  /** The name it had then. */
  readonly name: string;
  /** How it proved who it is: `api_key`, `none` for anonymous, `engine` for the system. */
  readonly via: string;
}

export const channels = ['rest', 'webhook', 'schedule', 'cli', 'engine'] as const;
export type Channel = (typeof channels)[number];

export const anonymousActor: Actor = { id: 'anonymous', name: 'anonymous', type: 'user', via: 'none' };

/** Only where nobody asked: a retry, a timer, start-up. */
export const engineActor: Actor = { id: 'engine', name: 'engine', type: 'system', via: 'engine' };

/** Who asks, from where, in which chain of causes. Made once per request, at the edge; passed along with the command. */
export interface RequestContext {
  readonly actor: Actor;
  readonly onBehalfOf?: Actor;
  readonly channel: Channel;
  readonly ip?: string;
  readonly userAgent?: string;
  readonly requestId?: string;
  readonly correlationId: string;
  readonly causationId?: string;
  readonly traceparent?: string;
  readonly reason?: string;
}
