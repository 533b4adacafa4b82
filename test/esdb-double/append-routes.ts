// The two routes of appends: one call for each, and one long call for many.
import type { ServerDuplexStream, ServerReadableStream, sendUnaryData } from '@grpc/grpc-js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { Expected, ProposedEvent } from './event-log.js';
import { append, type AppendAnswer, type Node } from './node.js';
import { isRefusal, toBatchError, toServiceError, type Refusal } from './refusal.js';

type UnaryCall = ServerReadableStream<streams.AppendReq, streams.AppendResp>;
type BatchCall = ServerDuplexStream<streams.BatchAppendReq, streams.BatchAppendResp>;
type Written = Exclude<AppendAnswer['outcome'], Refusal>;
type Proposed = streams.AppendReq.ProposedMessage | streams.BatchAppendReq.ProposedMessage;

export function textOf(identifier: shared.StreamIdentifier | undefined): string {
  return Buffer.from(identifier?.getStreamName_asU8() ?? []).toString('utf8');
}

function proposed(message: Proposed): ProposedEvent {
  const id = message.getId();
  return {
    id: (id?.hasString() ? id.getString() : '').toLowerCase(),
    type: message.getMetadataMap().get('type') ?? '',
    contentType: message.getMetadataMap().get('content-type') ?? '',
    data: message.getData_asU8(),
    metadata: message.getCustomMetadata_asU8(),
  };
}

/** Sends an answer now, or as late as a fault says, or never. */
async function deliver(node: Node, stream: string, { lost }: AppendAnswer, send: () => void): Promise<void> {
  if (lost === 'cut') node.cut();
  if (lost) return;
  const slow = node.faults.take('slowAnswers', { operation: 'append', stream });
  if (slow) await node.pause(slow.delayMs ?? 0);
  send();
}

export function unaryAppend(node: Node, call: UnaryCall, answer: sendUnaryData<streams.AppendResp>): void {
  node.counters.appends += 1;
  let options: streams.AppendReq.Options | undefined;
  const events: ProposedEvent[] = [];
  call.on('data', (request: streams.AppendReq) => {
    options ??= request.getOptions();
    const message = request.getProposedMessage();
    if (message) events.push(proposed(message));
  });
  call.on('error', () => undefined);
  call.on('end', () => {
    if (call.cancelled) return;
    const stream = textOf(options?.getStreamIdentifier());
    const expected = unaryExpected(options);
    const answered = append(node, { stream, expected, events });
    const { outcome } = answered;
    void deliver(node, stream, answered, () => {
      if (!isRefusal(outcome)) answer(null, new streams.AppendResp().setSuccess(unarySuccess(outcome)));
      else if (outcome.kind === 'wrongRevision') {
        const refused = unaryWrongRevision(expected, outcome.actual);
        answer(null, new streams.AppendResp().setWrongExpectedVersion(refused));
      } else answer(toServiceError(outcome));
    });
  });
}

function unaryExpected(options: streams.AppendReq.Options | undefined): Expected {
  if (options?.hasNoStream()) return 'no_stream';
  if (options?.hasStreamExists()) return 'stream_exists';
  return options?.hasRevision() ? BigInt(options.getRevision()) : 'any';
}

function unarySuccess({ revision, position }: Written): streams.AppendResp.Success {
  const success = new streams.AppendResp.Success();
  if (revision === undefined) success.setNoStream(new shared.Empty());
  else success.setCurrentRevision(String(revision));
  return success.setPosition(
    new streams.AppendResp.Position()
      .setCommitPosition(String(position.commit))
      .setPreparePosition(String(position.prepare)),
  );
}

function unaryWrongRevision(expected: Expected, actual: number | undefined): streams.AppendResp.WrongExpectedVersion {
  const refused = new streams.AppendResp.WrongExpectedVersion();
  if (actual === undefined) refused.setCurrentNoStream(new shared.Empty());
  else refused.setCurrentRevision(String(actual));
  if (expected === 'any') refused.setExpectedAny(new shared.Empty());
  else if (expected === 'no_stream') refused.setExpectedNoStream(new shared.Empty());
  else if (expected === 'stream_exists') refused.setExpectedStreamExists(new shared.Empty());
  else refused.setExpectedRevision(String(expected));
  return refused;
}

/** An append whose parts are still coming. */
interface Pending {
  readonly stream: string;
  readonly expected: Expected;
  readonly deadlineMs: number;
  readonly events: ProposedEvent[];
}

export function batchAppend(node: Node, call: BatchCall): void {
  node.counters.batchStreams += 1;
  const pending = new Map<string, Pending>();
  call.on('data', (request: streams.BatchAppendReq) => {
    const options = request.getOptions();
    const key = keyOf(request.getCorrelationId());
    if (options && !pending.has(key)) pending.set(key, begin(options));
    const appending = pending.get(key);
    if (!appending) return;
    appending.events.push(...request.getProposedMessagesList().map(proposed));
    if (!request.getIsFinal()) return;
    pending.delete(key);
    finish(node, call, request, appending);
  });
  call.on('error', () => undefined);
  call.on('end', () => call.end());
}

function keyOf(id: shared.UUID | undefined): string {
  const parts = id?.getStructured();
  return parts ? `${parts.getMostSignificantBits()}:${parts.getLeastSignificantBits()}` : (id?.getString() ?? '');
}

function begin(options: streams.BatchAppendReq.Options): Pending {
  const deadline = options.getDeadline();
  return {
    stream: textOf(options.getStreamIdentifier()),
    expected: batchExpected(options),
    deadlineMs: deadline ? deadline.getSeconds() * 1000 + deadline.getNanos() / 1e6 : Infinity,
    events: [],
  };
}

function batchExpected(options: streams.BatchAppendReq.Options): Expected {
  if (options.hasNoStream()) return 'no_stream';
  if (options.hasStreamExists()) return 'stream_exists';
  return options.hasStreamPosition() ? BigInt(options.getStreamPosition()) : 'any';
}

function finish(node: Node, call: BatchCall, request: streams.BatchAppendReq, appending: Pending): void {
  node.counters.batchAppends += 1;
  const expired = appending.deadlineMs <= Date.now();
  const answered: AppendAnswer = expired
    ? { outcome: { kind: 'deadlineExceeded' }, lost: undefined }
    : append(node, appending);
  void deliver(node, appending.stream, answered, () => {
    if (call.cancelled) return;
    const { outcome } = answered;
    const response = new streams.BatchAppendResp().setCorrelationId(request.getCorrelationId());
    response.setStreamIdentifier(new shared.StreamIdentifier().setStreamName(Buffer.from(appending.stream, 'utf8')));
    if (!isRefusal(outcome)) return void call.write(response.setSuccess(batchSuccess(outcome)));
    const error = toBatchError(outcome);
    if (error) call.write(response.setError(error));
    else call.emit('error', toServiceError(outcome));
  });
}

function batchSuccess({ revision, position }: Written): streams.BatchAppendResp.Success {
  const success = new streams.BatchAppendResp.Success();
  if (revision !== undefined) success.setCurrentRevision(String(revision));
  return success.setPosition(
    new shared.AllStreamPosition()
      .setCommitPosition(String(position.commit))
      .setPreparePosition(String(position.prepare)),
  );
}
