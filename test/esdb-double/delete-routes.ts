// Deleting a stream so that it may be written again, and for ever. The engine never does; the access lists forbid it.
import type { sendUnaryData } from '@grpc/grpc-js';
import type shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { textOf } from './append-routes.js';
import type { Expected, Position } from './event-log.js';
import { refusalOf, type Node } from './node.js';
import { toServiceError, type Refusal } from './refusal.js';

interface DeleteOptions {
  getStreamIdentifier(): shared.StreamIdentifier | undefined;
  hasRevision(): boolean;
  getRevision(): string;
  hasNoStream(): boolean;
  hasStreamExists(): boolean;
}

export function deleteStream(node: Node, request: streams.DeleteReq, answer: sendUnaryData<streams.DeleteResp>): void {
  const done = remove(node, request.getOptions() ?? new streams.DeleteReq.Options(), false);
  if ('kind' in done) return answer(toServiceError(done));
  const position = new streams.DeleteResp.Position();
  answer(null, new streams.DeleteResp().setPosition(at(position, done)));
}

export function tombstoneStream(
  node: Node,
  request: streams.TombstoneReq,
  answer: sendUnaryData<streams.TombstoneResp>,
): void {
  const done = remove(node, request.getOptions() ?? new streams.TombstoneReq.Options(), true);
  if ('kind' in done) return answer(toServiceError(done));
  const position = new streams.TombstoneResp.Position();
  answer(null, new streams.TombstoneResp().setPosition(at(position, done)));
}

function at<P extends streams.DeleteResp.Position | streams.TombstoneResp.Position>(message: P, done: Position): P {
  message.setCommitPosition(String(done.commit));
  message.setPreparePosition(String(done.prepare));
  return message;
}

function remove(node: Node, options: DeleteOptions, forever: boolean): Position | Refusal {
  node.counters.deletes += 1;
  const stream = textOf(options.getStreamIdentifier());
  const refused = refusalOf(node, { operation: 'delete', stream }, 'delete');
  if (refused) return refused;
  const expected = expectedOf(options);
  const outcome = node.log.delete(stream, expected, forever);
  if (outcome.kind === 'tombstoned') return { kind: 'tombstoned', stream };
  return outcome.kind === 'wrongRevision' ? { ...outcome, stream, expected } : outcome.position;
}

function expectedOf(options: DeleteOptions): Expected {
  if (options.hasNoStream()) return 'no_stream';
  if (options.hasStreamExists()) return 'stream_exists';
  return options.hasRevision() ? BigInt(options.getRevision()) : 'any';
}
