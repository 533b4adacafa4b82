// Refusals go to the log like everything else: to `access-<yyyymmdd>`, those that arrive together in one append.
// While the log is away they are kept, so that whoever is turned away then is recorded too, once it is back.
import type { Clock, IdSource, RequestContext } from '@app/kernel';
import type { EventStore } from '@app/event-store';
import type { FaultLog, NextTick, RefusalEntry, Ticking } from '@app/shell';
import { RefusalLog } from '@app/shell';
import type { AccessEvent } from './access-events.js';
import { DayStream } from './day-stream.js';
import { DenialFlood } from './denial-flood.js';

const TEXT_MAX = 512;

interface Refused {
  readonly entry: RefusalEntry;
  readonly context: RequestContext;
}

export class EventLogRefusalLog extends RefusalLog implements Ticking {
  readonly name = 'access-log';
  private readonly flood = new DenialFlood<Refused>();
  private readonly stream: DayStream;
  private wake: () => void = () => undefined;

  constructor(
    events: EventStore,
    ids: IdSource,
    private readonly clock: Clock,
    private readonly log: FaultLog,
  ) {
    super();
    this.stream = new DayStream('access', events, ids, clock);
  }

  async record(entry: RefusalEntry, context: RequestContext): Promise<void> {
    if (entry.kind === 'unauthenticated') {
      const admitted = this.flood.admits(context.ip, { entry, context }, this.clock.nowMs());
      if (!admitted) {
        this.wake();
        return;
      }
    }
    await this.keep(eventOf(entry), context);
  }

  wakeBy(wake: () => void): void {
    this.wake = wake;
  }

  /** Writes down what was kept while the log was away, and the floods whose minute is over. */
  async tick(): Promise<NextTick> {
    await this.stream.retry();
    await this.recordFloods(false);
    return { againInMs: this.stream.behind > 0 ? 0 : (this.flood.endsInMs(this.clock.nowMs()) ?? 'idle') };
  }

  async drain(): Promise<void> {
    await this.recordFloods(true);
    await this.stream.settled();
    try {
      await this.stream.retry();
    } catch (error) {
      this.log.error('the log did not take refusals before the stop', { count: this.stream.behind, error });
    }
  }

  /** A flood whose minute ends while the log is away lasts until it is back: the counts go on, nothing piles up. */
  private async recordFloods(all: boolean): Promise<void> {
    const floods = this.flood.due(this.clock.nowMs(), all);
    await Promise.all(
      floods.map(({ sample, count }) => this.keep(withCount(eventOf(sample.entry), count), sample.context)),
    );
  }

  /** The line in the server's own log is all that is left should the server die before the event log is back. */
  private async keep(event: AccessEvent, context: RequestContext): Promise<void> {
    if ((await this.stream.keep(event, context)) === 'recorded') return;
    const { actor, ip, requestId } = context;
    this.log.error('a refusal waits for the log', { ...event.data, actor: actor.id, ip, requestId });
    this.wake();
  }

  /** Other events of the day's stream, never kept. Resolves once the event is as durable as any. */
  enqueue(event: AccessEvent, context: RequestContext): Promise<void> {
    return this.stream.record(event, context);
  }
}

function eventOf(entry: RefusalEntry): AccessEvent {
  const { kind, status, code } = entry;
  const about = { method: short(entry.method), path: short(entry.path), status, code: short(code) };
  if (kind === 'unauthenticated' || kind === 'forbidden') {
    const message = entry.detail === undefined ? entry.message : `${entry.message}: ${entry.detail}`;
    return { type: 'AccessDenied', data: { ...about, message: short(message) } };
  }
  const { resourceType, resourceId } = entry;
  return {
    type: 'CommandRefused',
    data: {
      ...about,
      message: short(entry.message),
      ...(resourceType === undefined ? {} : { resourceType: short(resourceType) }),
      ...(resourceId === undefined ? {} : { resourceId: short(resourceId) }),
    },
  };
}

function withCount(event: AccessEvent, count: number): AccessEvent {
  return event.type === 'AccessDenied' ? { type: event.type, data: { ...event.data, count } } : event;
}

/** Bounded, without cutting a character in two. */
function short(text: string): string {
  return text.length <= TEXT_MAX ? text : [...text].slice(0, TEXT_MAX).join('');
}
