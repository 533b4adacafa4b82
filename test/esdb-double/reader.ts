// The answering side of one reading call: it waits for the other side to have room, and knows when that is gone.
import type { ServerWritableStream } from '@grpc/grpc-js';
import type streams from '@eventstore/db-client/generated/streams_pb.js';
import type { Call } from './faults.js';
import type { Node } from './node.js';
import type { ReadResponse } from './read-messages.js';
import { toServiceError, type Refusal } from './refusal.js';

export type ReadCall = ServerWritableStream<streams.ReadReq, ReadResponse>;

export class Reader {
  readonly ended: Promise<void>;
  #open = true;

  constructor(
    private readonly node: Node,
    private readonly call: ReadCall,
    private readonly asked: Call,
  ) {
    this.ended = new Promise((resolve) => {
      const end = () => {
        this.#open = false;
        resolve();
      };
      call.once('cancelled', end).once('close', end).once('finish', end);
    });
  }

  get open(): boolean {
    return this.#open;
  }

  async send(message: ReadResponse): Promise<boolean> {
    const slow = this.node.faults.take('slowAnswers', this.asked);
    if (slow) await Promise.race([this.node.pause(slow.delayMs ?? 0), this.ended]);
    if (!this.#open) return false;
    await Promise.race([new Promise<void>((resolve) => this.call.write(message, () => resolve())), this.ended]);
    return this.#open;
  }

  end(): void {
    if (this.#open) this.call.end();
  }

  fail(refusal: Refusal): void {
    if (this.#open) this.call.emit('error', toServiceError(refusal));
  }
}
