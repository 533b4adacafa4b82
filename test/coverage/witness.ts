// Sends what an outcome sends, and reads from the audit trail by exactly which entries it grew.
import type { Outcome } from './outcome.js';
import { byEngine, pathOf } from './outcome.js';
import type { Answer, World } from './world.js';
import { until } from './world.js';

export interface Entry {
  readonly eventId: string;
  readonly eventType: string;
  readonly category: string;
  readonly channel: string;
  readonly requestId?: string;
  readonly correlationId: string;
  readonly metadata: Readonly<Record<string, string | number>>;
  readonly occurredAt?: string;
  readonly timestamp: string;
  readonly actor: Actor;
  readonly onBehalfOf?: Actor;
}

interface Actor {
  readonly type: string;
  readonly id: string;
  readonly name: string;
  readonly via: string;
  readonly ipAddress?: string;
}

export interface Seen {
  readonly method: string;
  readonly answer: Answer;
  /** All by which the trail grew, whoever did it, oldest first. */
  readonly entries: readonly Entry[];
  readonly requestId: string;
  /** The actor of the caller's own entries. */
  readonly actor: Actor;
}

const PAGE = 100;

export class Witness {
  private serial = 0;

  constructor(private readonly world: World) {}

  /** Oldest first. */
  async wholeTrail(query = ''): Promise<Entry[]> {
    const entries: Entry[] = [];
    let cursor = '';
    do {
      const path = `/v1/audit-events?sortOrder=ASC&limit=${PAGE}&cursor=${cursor}&${query}`;
      const { items, nextCursor } = await this.world.arrange('GET', path);
      entries.push(...(items as Entry[]));
      cursor = String(nextCursor);
    } while (cursor !== '');
    return entries;
  }

  /** The outcome, once the trail has grown by as much as it must; more is seen as well, less after a while. */
  async of(route: string, outcome: Outcome): Promise<Seen> {
    const { by, entries } = outcome;
    const sent = await outcome.send(this.world);
    const last = await this.lastEntryId();
    this.serial += 1;
    const requestId = `checked-${this.serial}`;
    const { ip, headers } = callerOf(requestId, this.serial);
    const key = by === 'anonymous' ? {} : { 'x-api-key': this.world.admin.key };
    const method = route.slice(0, route.indexOf(' '));
    const call = { ...sent, headers: { ...sent.headers, ...headers, ...key } };
    const answer = await this.world.send(method, pathOf(route, sent), call);
    let grown: Entry[] = [];
    await until(async () => (grown = await this.entriesAfter(last)).length >= entries.length);
    return { method, answer, entries: grown, requestId, actor: this.actorOf(by, ip) };
  }

  private actorOf(by: Outcome['by'], ipAddress: string): Actor {
    if (by === 'anonymous') return { type: 'user', id: 'anonymous', name: 'anonymous', via: 'none', ipAddress };
    const { id, name } = this.world.admin;
    return { type: 'api_key', id, name, via: 'api_key', ipAddress };
  }

  async lastEntryId(): Promise<string> {
    const { items } = await this.world.arrange('GET', '/v1/audit-events?limit=1');
    return (items as Entry[])[0]?.eventId ?? '';
  }

  private async entriesAfter(id: string): Promise<Entry[]> {
    const { items } = await this.world.arrange('GET', `/v1/audit-events?limit=${PAGE}`);
    const newest = (items as Entry[]).findIndex(({ eventId }) => eventId === id);
    if (newest === -1) throw new Error(`the trail grew by more than ${PAGE} entries`);
    return (items as Entry[]).slice(0, newest).reverse();
  }
}

/** A caller nobody else is: so that an entry can only be about this request. */
export function callerOf(requestId: string, serial: number): { ip: string; headers: Record<string, string> } {
  const ip = `198.51.${Math.floor(serial / 250)}.${(serial % 250) + 1}`;
  return { ip, headers: { 'x-request-id': requestId, 'x-forwarded-for': ip } };
}

/** That the answer and the growth of the trail are those of the table, to the entry. */
export function expectOutcome({ method, answer, entries, requestId, actor }: Seen, outcome: Outcome): void {
  const { status, code, channel = 'rest' } = outcome;
  // An answer to HEAD has no body, and so no code.
  expect({ status: answer.status, code: answer.body['code'] }).toEqual({
    status,
    code: method === 'HEAD' ? undefined : code,
  });
  expect(entries.map(wordsOf)).toEqual(outcome.entries);
  for (const entry of entries) {
    if (entry.channel === 'engine') expect(entry).toMatchObject({ actor: engine, onBehalfOf: { id: actor.id } });
    else expect(entry).toMatchObject({ actor, channel, requestId });
  }
  const refusals = entries.filter(({ eventType }) => eventType === 'ACCESS_DENIED' || eventType === 'COMMAND_REFUSED');
  for (const { metadata } of refusals)
    expect(metadata).toMatchObject({ 'error.code': code, 'response.status': status });
}

const engine = { type: 'system', id: 'engine', name: 'engine', via: 'engine' };

function wordsOf({ eventType, channel }: Entry): string {
  return channel === 'engine' ? byEngine(eventType) : eventType;
}
