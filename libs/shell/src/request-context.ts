// Who asks, as far as the request itself says: pure, total, bounded.
import type { Channel, RequestContext } from '@app/kernel';
import { anonymousActor } from '@app/kernel';
import type { TrustedProxies } from './trusted-proxies.js';
import { clientAddress } from './trusted-proxies.js';

export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface Arrival {
  readonly headers: Headers;
  /** Address of the peer; undefined when the connection is already gone. */
  readonly peer: string | undefined;
  readonly requestId: string;
  readonly channel: Channel;
}

const USER_AGENT_MAX = 256;
const REASON_MAX = 500;
const idPattern = /^[A-Za-z0-9._:/+=@-]{1,128}$/;
const traceparentPattern = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The id that the caller chose for his request, if it may stand in logs and headers. */
export function acceptableId(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' && idPattern.test(header) ? header : undefined;
}

/** The actor is anonymous until the access guard knows better. */
export function requestContextOf(arrival: Arrival, trusts: TrustedProxies): RequestContext {
  const { headers, peer, requestId, channel } = arrival;
  const userAgent = visible(single(headers['user-agent']), USER_AGENT_MAX);
  const traceparent = single(headers['traceparent']);
  const reason = reasonIn(single(headers['x-audit-reason']));
  return {
    actor: anonymousActor,
    channel,
    ...(peer ? { ip: clientAddress(peer, single(headers['x-forwarded-for']), trusts) } : {}),
    ...(userAgent ? { userAgent } : {}),
    requestId,
    correlationId: acceptableId(headers['x-correlation-id']) ?? requestId,
    ...(traceparent && traceparentPattern.test(traceparent) ? { traceparent } : {}),
    ...(reason ? { reason } : {}),
  };
}

function single(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.join(', ');
}

const controls = /[\u0000-\u001f\u007f-\u009f]+/g;

function visible(text: string | undefined, max: number): string | undefined {
  return text?.replace(controls, ' ').trim().slice(0, max);
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Headers arrive as Latin-1; people write their reasons in UTF-8. */
function reasonIn(header: string | undefined): string | undefined {
  if (!header) return undefined;
  let text = header;
  try {
    text = utf8.decode(Uint8Array.from(header, (character) => character.charCodeAt(0)));
  } catch {
    // not UTF-8: then it was Latin-1 after all
  }
  const shown = text.replace(controls, ' ').trim();
  return shown.length <= REASON_MAX ? shown : `${[...shown].slice(0, REASON_MAX - 1).join('')}…`;
}
