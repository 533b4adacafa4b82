// How appends travel to the writing thread: one flat array of strings and numbers, the cheapest message there is.
import type { EncodedEvent } from './event-batch.js';
import type { ExpectedRevision } from './event-store.js';

/** [now in ms, then for each append: stream, expected, count, and for each event: id, type, data, metadata]. */
export type AppendWire = (string | number)[];

export interface WireAppend {
  readonly stream: string;
  readonly expected: ExpectedRevision;
  readonly events: readonly EncodedEvent[];
}

const words: readonly ExpectedRevision[] = ['no_stream', 'stream_exists', 'any'];
/** Stands for the metadata of the event before: the events of one decision share theirs. */
const SAME = '';

export function putAppend(wire: AppendWire, { stream, expected, events }: WireAppend): void {
  wire.push(stream, typeof expected === 'number' ? expected : -1 - words.indexOf(expected), events.length);
  let before = SAME;
  for (const { id, type, data, metadata } of events) {
    wire.push(id, type, data, metadata === before ? SAME : metadata);
    before = metadata;
  }
}

export function takeAppends(wire: AppendWire, into: WireAppend[]): void {
  let at = 1;
  while (at < wire.length) {
    const stream = wire[at] as string;
    const code = wire[at + 1] as number;
    const count = wire[at + 2] as number;
    at += 3;
    const events: EncodedEvent[] = [];
    let metadata = SAME;
    for (let index = 0; index < count; index += 1, at += 4) {
      metadata = (wire[at + 3] as string) || metadata;
      events.push({ id: wire[at] as string, type: wire[at + 1] as string, data: wire[at + 2] as string, metadata });
    }
    into.push({ stream, expected: code >= 0 ? code : (words[-1 - code] as ExpectedRevision), events });
  }
}
