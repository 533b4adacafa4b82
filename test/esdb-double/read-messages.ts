// What the read route says: events, confirmations, checkpoints, as messages of the protocol.
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { Position } from './event-log.js';
import type { StoredEvent } from './interface.js';

export type ReadResponse = streams.ReadResp;

export function eventMessage(stored: StoredEvent): ReadResponse {
  const recorded = new streams.ReadResp.ReadEvent.RecordedEvent()
    .setId(new shared.UUID().setString(stored.id))
    .setStreamIdentifier(new shared.StreamIdentifier().setStreamName(Buffer.from(stored.stream, 'utf8')))
    .setStreamRevision(String(stored.revision))
    .setCommitPosition(String(stored.commit))
    .setPreparePosition(String(stored.prepare))
    .setData(stored.data)
    .setCustomMetadata(stored.metadata);
  recorded
    .getMetadataMap()
    .set('type', stored.type)
    .set('created', String(stored.createdTicks))
    .set('content-type', stored.contentType);
  const read = new streams.ReadResp.ReadEvent().setEvent(recorded).setCommitPosition(String(stored.commit));
  return new streams.ReadResp().setEvent(read);
}

export function notFoundMessage(stream: string): ReadResponse {
  const identifier = new shared.StreamIdentifier().setStreamName(Buffer.from(stream, 'utf8'));
  return new streams.ReadResp().setStreamNotFound(
    new streams.ReadResp.StreamNotFound().setStreamIdentifier(identifier),
  );
}

export function confirmationMessage(): ReadResponse {
  return new streams.ReadResp().setConfirmation(
    new streams.ReadResp.SubscriptionConfirmation().setSubscriptionId(crypto.randomUUID()),
  );
}

export function caughtUpMessage(): ReadResponse {
  return new streams.ReadResp().setCaughtUp(new streams.ReadResp.CaughtUp());
}

export function checkpointMessage({ commit, prepare }: Position): ReadResponse {
  return new streams.ReadResp().setCheckpoint(
    new streams.ReadResp.Checkpoint().setCommitPosition(String(commit)).setPreparePosition(String(prepare)),
  );
}
