// Keeps the views up with the log: one bounded piece of work a tick, as soon as there is any.
import type { GlobalPosition, RecordedEvent } from '@app/kernel';
import type { EventStore, SubscriptionMessage } from '@app/event-store';
import { isStoreError } from '@app/event-store';
import type { Cohort, Projector } from './projector.js';
import type { RebuiltView, ViewStatus } from './view-store.js';

/** Under load a batch grows to this; without load it is what is there. */
export const BATCH_MAX = 1_000;

export interface ProjectorListener {
  /** After each batch, and whenever something stopped. */
  progressed(status: ViewStatus): void;
  rebuilt(views: readonly RebuiltView[]): void;
}

/** Waits until the work is done, but for a moment only. */
export type Moment = (work: Promise<void>) => Promise<void>;

/** How the log is read. */
export interface Reading {
  /** A log that is elsewhere hands over a backlog in pieces: whether the next one is waited for. Default: not at all. */
  readonly moment?: Moment;
  /**
   * Whether what comes next is read while the store writes what came before. Where both happen in this thread nothing
   * would be gained, and the events would only grow old in memory. Default true.
   */
  readonly ahead?: boolean;
}

const noMoment: Moment = () => Promise.resolve();

/** Events that follow one another, and whether nothing is known to follow them. */
interface Batch {
  readonly events: readonly RecordedEvent[];
  readonly caughtUp: boolean;
}

export class ProjectorWorker {
  private live: Arrivals | undefined;
  /** What comes next from the live log, and from behind: taken in while the store writes what came before. */
  private nextLive: Promise<Batch> | undefined;
  private nextBehind:
    { readonly after: GlobalPosition; readonly events: Promise<readonly RecordedEvent[]> } | undefined;

  constructor(
    private readonly projector: Projector,
    private readonly events: EventStore,
    private readonly listener: ProjectorListener,
    private readonly batchMax = BATCH_MAX,
    private readonly reading: Reading = {},
  ) {}

  /** Opens the views, also once more, and begins anew when they tell about a log that is not this one. */
  async open(): Promise<void> {
    await this.begin();
    await this.projector.open();
    if (!(await this.isSameLog())) await this.projector.reset();
    this.listener.progressed(this.projector.status());
  }

  /**
   * One bounded piece of work: a batch of what is new, or else a batch for views that are behind. With neither it waits
   * for the log, without cost. Ends when the signal aborts. After an error the same tick may be tried again.
   * @returns how many new events it folded, and whether it stopped at the batch's limit
   */
  async tick(signal: AbortSignal): Promise<{ readonly folded: number; readonly full: boolean }> {
    const front = this.projector.front();
    const laggards = this.projector.laggards();
    let folded = 0;
    if (front.length === 0) {
      await stopped(signal);
      return { folded, full: false };
    }
    try {
      this.live ??= this.follow(this.projector.position(), signal);
      const arrived =
        this.nextLive !== undefined || (laggards.length === 0 ? await this.live.any() : await this.live.soon());
      if (arrived) folded = await this.foldArrived(front, this.live);
      else if (laggards.length > 0 && !signal.aborted) await this.foldBehind(laggards, signal);
    } catch (error) {
      await this.begin();
      throw error;
    }
    return { folded, full: folded >= this.batchMax };
  }

  /** Folds until every view has seen the whole log as it is now. For one thread; a running loop does this by itself. */
  async catchUp(): Promise<void> {
    for (;;) {
      const laggards = this.projector.laggards();
      const front = this.projector.front();
      if (laggards.length > 0) await this.foldBehind(laggards);
      else if (front.length === 0 || !(await this.foldNext(front))) return;
    }
  }

  async close(): Promise<void> {
    await this.begin();
  }

  /** What was taken in from the log is taken in anew. */
  private async begin(): Promise<void> {
    this.nextLive = undefined;
    this.nextBehind = undefined;
    await this.live?.end();
    this.live = undefined;
  }

  private get readsAhead(): boolean {
    return this.reading.ahead ?? true;
  }

  private async foldArrived(front: Cohort, live: Arrivals): Promise<number> {
    const { events, caughtUp } = await (this.nextLive ?? this.gather(live));
    this.nextLive = this.readsAhead && events.length >= this.batchMax ? handled(this.gather(live)) : undefined;
    await this.advance(front, events, caughtUp);
    return events.length;
  }

  /** What is there, up to the limit; until the log says that this was all, a moment is given to what is on its way. */
  private async gather(live: Arrivals): Promise<Batch> {
    const events: RecordedEvent[] = [];
    let caughtUp = false;
    while (
      events.length < this.batchMax &&
      ((await live.soon()) || (!caughtUp && (await live.within(this.reading.moment ?? noMoment))))
    ) {
      const message = live.take();
      if (message?.kind === 'event') events.push(message.event);
      caughtUp = message?.kind === 'caughtUp';
    }
    return { events, caughtUp };
  }

  /** Up to the front and never beyond: then they are one cohort. */
  private async foldBehind(laggards: Cohort, signal?: AbortSignal): Promise<void> {
    const front = this.projector.position();
    const read = await this.read(laggards[0]?.position, signal);
    const events = front === undefined ? read : read.filter(({ position }) => position <= front);
    if (events.length === 0) throw new Error(`the log has no event between ${laggards[0]?.position} and ${front}`);
    await this.advance(laggards, events, false);
  }

  private async foldNext(front: Cohort): Promise<boolean> {
    const events = await this.read(this.projector.position());
    await this.advance(front, events, events.length < this.batchMax);
    return events.length > 0;
  }

  private async advance(cohort: Cohort, events: readonly RecordedEvent[], caughtUp: boolean): Promise<void> {
    if (events.length === 0 && !(caughtUp && cohort.some((view) => view.rebuild || !view.answering))) return;
    const rebuilt = await this.projector.advance(cohort, events, caughtUp);
    // First: who waits for the views may stop this server once they are there.
    if (rebuilt.length > 0) this.listener.rebuilt(rebuilt);
    this.listener.progressed(this.projector.status());
  }

  /** The next batch after a position. */
  private async read(after: GlobalPosition | undefined, signal?: AbortSignal): Promise<readonly RecordedEvent[]> {
    const next = this.nextBehind;
    this.nextBehind = undefined;
    const events = await (next && next.after === after ? next.events : this.readAfter(after, signal));
    const last = events.at(-1);
    if (this.readsAhead && last && events.length >= this.batchMax) {
      this.nextBehind = { after: last.position, events: handled(this.readAfter(last.position, signal)) };
    }
    return events;
  }

  private async readAfter(after: GlobalPosition | undefined, signal?: AbortSignal): Promise<readonly RecordedEvent[]> {
    const events: RecordedEvent[] = [];
    const from = after === undefined ? {} : { after };
    const until = signal ? { signal } : {};
    for await (const event of this.events.readAll({ ...from, ...until, limit: this.batchMax })) events.push(event);
    return events;
  }

  private follow(after: GlobalPosition | undefined, signal: AbortSignal): Arrivals {
    return new Arrivals((left) => {
      const until = AbortSignal.any([signal, left]);
      return this.events.subscribeToAll({ after: after ?? 'start', signal: until })[Symbol.asyncIterator]();
    });
  }

  private async isSameLog(): Promise<boolean> {
    const mark = await this.projector.mark();
    if (!mark) return this.projector.position() === undefined;
    try {
      const after = mark.previous === undefined ? {} : { after: mark.previous };
      for await (const event of this.events.readAll({ ...after, limit: 1 })) {
        return event.position === mark.position && event.id === mark.eventId;
      }
      return false;
    } catch (error) {
      if (isStoreError(error, 'InvalidPosition')) return false;
      throw error;
    }
  }
}

/** Lets a reader look whether the next message is there yet, without losing it when it is not. */
class Arrivals {
  private pending: Promise<void> | undefined;
  private arrived: SubscriptionMessage | undefined;
  private ended = false;
  private readonly left = new AbortController();
  private readonly messages: AsyncIterator<SubscriptionMessage>;

  /** @param subscribe until the signal aborts */
  constructor(subscribe: (left: AbortSignal) => AsyncIterator<SubscriptionMessage>) {
    this.messages = subscribe(this.left.signal);
  }

  /** Waits for a message; false when there will be none any more. Throws what the subscription throws. */
  async any(): Promise<boolean> {
    if (!this.arrived && !this.ended) await this.pull();
    return this.arrived !== undefined;
  }

  /** Whether a message is there before the rest of the program had its turn. */
  async soon(): Promise<boolean> {
    if (!this.arrived && !this.ended) await Promise.race([this.pull(), nextTurn()]);
    return this.arrived !== undefined;
  }

  /** Whether a message is there within a moment. */
  async within(moment: Moment): Promise<boolean> {
    if (!this.arrived && !this.ended) await moment(this.pull());
    return this.arrived !== undefined;
  }

  take(): SubscriptionMessage | undefined {
    const message = this.arrived;
    this.arrived = undefined;
    return message;
  }

  async end(): Promise<void> {
    this.ended = true;
    this.left.abort();
    // A pull that is under way may bring one more message instead of the end; whoever closes does not wait for it.
    if (!this.pending) await this.messages.return?.();
    else this.pending.then(() => this.messages.return?.()).catch(() => undefined);
  }

  private pull(): Promise<void> {
    this.pending ??= this.messages.next().then(
      (result) => {
        this.pending = undefined;
        if (result.done) this.ended = true;
        else this.arrived = result.value;
      },
      (error: unknown) => {
        this.pending = undefined;
        this.ended = true;
        throw error;
      },
    );
    return this.pending;
  }
}

/** Its error is met when it is awaited, which may be later. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function stopped(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
