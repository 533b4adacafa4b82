// The read route: a stream or the whole log, either way, or a subscription to the log.
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { textOf } from './append-routes.js';
import type { Position } from './event-log.js';
import type { Call } from './faults.js';
import { filterOf } from './filter.js';
import type { StoredEvent } from './interface.js';
import { refusalOf, type Node } from './node.js';
import { Reader, type ReadCall } from './reader.js';
import { eventMessage, notFoundMessage } from './read-messages.js';
import type { Refusal } from './refusal.js';
import { AllSubscription } from './subscription.js';

type ReadOptions = streams.ReadReq.Options;

/** Of every reading call: counted as open until its end. */
export function read(node: Node, call: ReadCall, subscriptions: Set<AllSubscription>): void {
  const options = call.request.getOptions() ?? new streams.ReadReq.Options();
  const isSubscription = options.hasSubscription();
  const stream = options.hasAll() ? '$all' : textOf(options.getStream()?.getStreamIdentifier());
  const byAnyNode = call.metadata.get('requires-leader')[0] !== 'true';
  const asked: Call = { operation: isSubscription ? 'subscribe' : 'read', stream, byAnyNode };
  const { counters } = node;
  counters[isSubscription ? 'subscriptions' : 'reads'] += 1;
  counters.openReads += 1;
  if (isSubscription) counters.openSubscriptions += 1;
  const reader = new Reader(node, call, asked);
  void reader.ended.then(() => {
    counters.openReads -= 1;
    if (isSubscription) counters.openSubscriptions -= 1;
  });
  const refused = early(node, asked, options);
  if (refused) reader.fail(refused);
  else if (!isSubscription) void answer(node, reader, options, stream);
  else subscribe(node, reader, options, subscriptions);
}

function early(node: Node, asked: Call, options: ReadOptions): Refusal | undefined {
  const refused = refusalOf(node, asked, 'read');
  if (refused) return refused;
  if (node.faults.take('deadlineExceeded', asked)) return { kind: 'deadlineExceeded' };
  const beyondTheDouble: readonly (readonly [boolean, string])[] = [
    [options.hasSubscription() && !options.hasAll(), 'subscriptions to one stream'],
    [options.getResolveLinks(), 'links'],
  ];
  const [, what] = beyondTheDouble.find(([isAsked]) => isAsked) ?? [];
  return what === undefined ? undefined : { kind: 'unknown', details: `The test double knows no ${what}.` };
}

function subscribe(node: Node, reader: Reader, options: ReadOptions, subscriptions: Set<AllSubscription>): void {
  const all = options.getAll();
  const position = all?.getPosition();
  const from = all?.hasEnd() ? 'end' : position ? positionOf(position) : 'start';
  if (typeof from === 'object' && node.log.placeOf(from) === 'between') {
    reader.fail({ kind: 'unknown' });
    return;
  }
  const subscription = new AllSubscription(node, reader, from, options.getFilter());
  subscriptions.add(subscription);
  void reader.ended.then(() => subscriptions.delete(subscription));
  void subscription.run();
}

async function answer(node: Node, reader: Reader, options: ReadOptions, stream: string): Promise<void> {
  const found = options.hasAll() ? eventsOfAll(node, options) : eventsOfStream(node, options, stream);
  if ('kind' in found) {
    reader.fail(found);
    return;
  }
  if ('missing' in found) {
    await reader.send(notFoundMessage(stream));
    reader.end();
    return;
  }
  const countMax = BigInt(options.getCount());
  const allows = filterOf(options.getFilter());
  // A node asked for no events of the whole log reads empty pages for ever.
  if (countMax === 0n) return;
  let sent = 0n;
  for (const event of found) {
    if (sent >= countMax) break;
    if (!allows(event)) continue;
    if (!(await reader.send(eventMessage(event)))) return;
    sent += 1n;
  }
  reader.end();
}

function backwards(options: ReadOptions): boolean {
  return options.getReadDirection() === streams.ReadReq.Options.ReadDirection.BACKWARDS;
}

export function positionOf(position: streams.ReadReq.Options.Position): Position {
  return { commit: BigInt(position.getCommitPosition()), prepare: BigInt(position.getPreparePosition()) };
}

type Found = Iterable<StoredEvent> | Refusal | { readonly missing: true };

/** Forwards from a position is inclusive, backwards exclusive. */
function eventsOfAll(node: Node, options: ReadOptions): Found {
  const all = options.getAll();
  const position = all?.getPosition();
  const { log } = node;
  const place = position && log.placeOf(positionOf(position));
  if (place === 'between' || (place === 'beyond' && backwards(options))) return unexpected('ReadAllResult');
  const at = position ? log.indexAt(positionOf(position)) : all?.hasEnd() ? log.events.length : 0;
  if (backwards(options)) return log.events.slice(0, position || all?.hasEnd() ? at : 0).reverse();
  return onwards(log.events, at);
}

/** Sees what is appended while the reader is still reading, as a node does that reads page by page. */
function* onwards(events: readonly StoredEvent[], from: number): Iterable<StoredEvent> {
  for (let index = from; index < events.length; index += 1) yield events[index]!;
}

function unexpected(result: string): Refusal {
  return { kind: 'unknown', details: `Unexpected ${result}: Error` };
}

function eventsOfStream(node: Node, options: ReadOptions, stream: string): Found {
  if (stream === '') return { kind: 'unknown' };
  if (options.getCount() === '0') return unexpected('ReadStreamResult');
  const visible = node.log.readStream(stream);
  if (visible === 'tombstoned') return { kind: 'tombstoned', stream };
  if (visible === undefined) return { missing: true };
  const asked = options.getStream();
  const revision = asked?.hasRevision() ? BigInt(asked.getRevision()) : undefined;
  if (backwards(options)) {
    const from = revision ?? (asked?.hasEnd() ? BigInt(visible.length) + BigInt(visible[0]?.revision ?? 0) : 0n);
    return visible.filter((event) => BigInt(event.revision) <= from).reverse();
  }
  if (asked?.hasEnd()) return unexpected('ReadStreamResult');
  return visible.filter((event) => BigInt(event.revision) >= (revision ?? 0n));
}
