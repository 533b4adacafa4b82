// A subscription to the whole log: pages of history, then live events through two short queues, as in a node.
import type { Position } from './event-log.js';
import { filterOf, type Filter } from './filter.js';
import type { StoredEvent } from './interface.js';
import type { Node } from './node.js';
import {
  caughtUpMessage,
  checkpointMessage,
  confirmationMessage,
  eventMessage,
  type ReadResponse,
} from './read-messages.js';
import type { Reader } from './reader.js';
import type { Refusal } from './refusal.js';

/** Events of a page of history, and the window of a filter that names none. */
const PAGE_EVENTS = 32;

type End = Refusal | 'ended';

export class AllSubscription {
  /** On its way to the reader. */
  readonly #outgoing: ReadResponse[] = [];
  /** Committed since it went live, and not yet on its way. */
  readonly #live: ReadResponse[] = [];
  readonly #allows: (event: StoredEvent) => boolean;
  readonly #window: number;
  /** Considered events between checkpoints; 0 for none. */
  readonly #interval: number;
  readonly #bufferMax: number;
  #considered = 0;
  #pumping = false;
  #end: End | undefined;
  #wake: () => void = () => undefined;
  #hasRoom: () => void = () => undefined;
  #unsubscribe: () => void = () => undefined;

  constructor(
    private readonly node: Node,
    private readonly reader: Reader,
    private readonly from: Position | 'start' | 'end',
    filter: Filter | undefined,
  ) {
    this.#allows = filterOf(filter);
    this.#window = filter?.hasMax() ? filter.getMax() : PAGE_EVENTS;
    this.#interval = filter ? filter.getCheckpointintervalmultiplier() * this.#window : 0;
    this.#bufferMax = node.options.subscriptionBuffer;
  }

  async run(): Promise<void> {
    const { log } = this.node;
    const writing = this.#write();
    void this.reader.ended.then(() => this.drop('ended'));
    await this.#put(confirmationMessage());
    // From a position means after the event that is found there, or else after the first one behind it.
    if (this.from !== 'end') await this.#catchUp(this.from === 'start' ? 0 : log.indexAt(this.from) + 1);
    this.#goLive();
    await this.#put(caughtUpMessage());
    this.#pumping = true;
    this.#pump();
    await writing;
  }

  /** What is already on its way still arrives, then the end. */
  drop(end: End): void {
    this.#unsubscribe();
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#wake();
    this.#hasRoom();
  }

  async #catchUp(from: number): Promise<void> {
    const { events } = this.node.log;
    for (let index = from; index < events.length && this.#end === undefined;) {
      const { page, next, last } = this.#pageAt(index);
      for (const event of page) await this.#put(eventMessage(event));
      this.#considered += next - index;
      index = next;
      if (this.#interval === 0 || this.#considered < this.#interval || index >= events.length) continue;
      this.#considered %= this.#interval;
      await this.#put(checkpointMessage(last));
    }
  }

  /** Until enough events were found or enough were looked at; `last` is what a node gives as the checkpoint. */
  #pageAt(index: number): { readonly page: StoredEvent[]; readonly next: number; readonly last: Position } {
    const { events } = this.node.log;
    const page: StoredEvent[] = [];
    let next = index;
    for (; next < events.length && page.length < PAGE_EVENTS && next - index < this.#window; next += 1) {
      const event = events[next]!;
      if (this.#allows(event)) page.push(event);
    }
    return { page, next, last: page.at(-1) ?? events[index]! };
  }

  #goLive(): void {
    if (this.#end !== undefined) return;
    this.#unsubscribe = this.node.log.onCommitted((event) => {
      if (this.#allows(event)) this.#offer(eventMessage(event));
      this.#considered += 1;
      if (this.#interval === 0 || this.#considered < this.#interval) return;
      this.#considered = 0;
      this.#offer(checkpointMessage(event));
    });
  }

  #offer(message: ReadResponse): void {
    if (this.#end !== undefined) return;
    if (this.#live.length >= this.#bufferMax) {
      this.node.counters.slowConsumersDropped += 1;
      // What waits to be put on its way is lost to this reader.
      this.#live.length = 0;
      return this.drop({ kind: 'tooSlow', state: this.#pumping ? 'live' : 'transitioning to live' });
    }
    this.#live.push(message);
    this.#pump();
  }

  #pump(): void {
    if (!this.#pumping || this.#end !== undefined) return;
    while (this.#live.length > 0 && this.#outgoing.length < this.#bufferMax) this.#outgoing.push(this.#live.shift()!);
    this.#wake();
  }

  async #put(message: ReadResponse): Promise<void> {
    while (this.#outgoing.length >= this.#bufferMax && this.#end === undefined) {
      await new Promise<void>((resolve) => (this.#hasRoom = resolve));
    }
    if (this.#end !== undefined) return;
    this.#outgoing.push(message);
    this.#wake();
  }

  async #write(): Promise<void> {
    const late: { readonly message: ReadResponse; eventsLeft: number }[] = [];
    while (this.reader.open) {
      const message = this.#outgoing.shift();
      if (message === undefined) {
        if (this.#end !== undefined) break;
        await new Promise<void>((resolve) => (this.#wake = resolve));
        continue;
      }
      this.#hasRoom();
      this.#pump();
      const fault = message.hasCheckpoint() ? this.node.faults.take('lateCheckpoints', subscribing) : undefined;
      // One that is not late itself stays behind those that are: checkpoints never overtake each other.
      if (fault || (message.hasCheckpoint() && late.length > 0)) late.push({ message, eventsLeft: fault?.events ?? 0 });
      else await this.#send(message);
      if (!message.hasEvent()) continue;
      for (const waiting of late) waiting.eventsLeft -= 1;
      while (late[0] && late[0].eventsLeft <= 0) await this.#send(late.shift()!.message);
    }
    if (this.#end === 'ended') this.reader.end();
    else if (this.#end) this.reader.fail(this.#end);
  }

  async #send(message: ReadResponse): Promise<void> {
    if (message.hasCheckpoint()) this.node.counters.checkpointsSent += 1;
    await this.reader.send(message);
  }
}

const subscribing = { operation: 'subscribe', stream: '$all' } as const;
