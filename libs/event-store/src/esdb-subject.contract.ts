// What the suites need to test an adapter on a node that other tests have written to: a log that looks empty at first.
import { randomUUID } from 'node:crypto';
import type { GlobalPosition, NewEvent, RecordedEvent } from '@app/kernel';
import type {
  AppendOptions,
  AppendResult,
  ReadAllOptions,
  ReadStreamOptions,
  StoreHealth,
  SubscribeOptions,
  SubscriptionMessage,
} from './event-store.js';
import { EventStore } from './event-store.js';
import { isStoreError, StoreError } from './store-error.js';

/** Hides what was in the log before it was opened, and gives its streams names of their own. Needs the node to itself. */
export class LatePartOfLog extends EventStore {
  readonly singleWriter: boolean;
  private readonly ending = `~${randomUUID().slice(0, 8)}`;

  private constructor(
    private readonly store: EventStore,
    private readonly begin: GlobalPosition | undefined,
  ) {
    super();
    this.singleWriter = store.singleWriter;
  }

  static async of(store: EventStore): Promise<LatePartOfLog> {
    return new LatePartOfLog(store, await store.head());
  }

  get lastAppended(): GlobalPosition | undefined {
    return this.store.lastAppended;
  }

  async append(stream: string, events: readonly NewEvent[], options: AppendOptions): Promise<AppendResult> {
    return this.store.append(this.longName(stream), events, options).catch((error: unknown) => {
      throw this.inShort(error);
    });
  }

  async *readStream(stream: string, options?: ReadStreamOptions): AsyncGenerator<RecordedEvent, void, undefined> {
    for await (const event of this.store.readStream(this.longName(stream), options)) yield this.shortened(event);
  }

  async *readAll(options: ReadAllOptions = {}): AsyncGenerator<RecordedEvent, void, undefined> {
    const { after } = options;
    const bound = this.begin === undefined ? options : { ...options, after: after ?? this.begin };
    for await (const event of this.store.readAll(bound)) yield this.shortened(event);
  }

  async *subscribeToAll(options: SubscribeOptions): AsyncGenerator<SubscriptionMessage, void, undefined> {
    const after = options.after === 'start' ? (this.begin ?? 'start') : options.after;
    for await (const message of this.store.subscribeToAll({ ...options, after })) {
      yield message.kind === 'event' ? { kind: 'event', event: this.shortened(message.event) } : message;
    }
  }

  async head(): Promise<GlobalPosition | undefined> {
    const head = await this.store.head();
    return head === this.begin ? undefined : head;
  }

  health(timeoutMs?: number): Promise<StoreHealth> {
    return this.store.health(timeoutMs);
  }

  close(): Promise<void> {
    return this.store.close();
  }

  private longName(stream: string): string {
    return stream === '' ? stream : `${stream}${this.ending}`;
  }

  private shortened(event: RecordedEvent): RecordedEvent {
    return { ...event, stream: event.stream.replace(this.ending, '') };
  }

  private inShort(error: unknown): unknown {
    if (!isStoreError(error) || error.details.stream === undefined) return error;
    const stream = error.details.stream.replace(this.ending, '');
    return new StoreError(error.code, error.message, { ...error.details, stream });
  }
}
