import shared from '@eventstore/db-client/generated/shared_pb.js';
import messages from '@eventstore/db-client/generated/streams_pb.js';
import fc from 'fast-check';
import { readMessage } from './esdb.read-wire.js';

const { ReadResp } = messages;
type Response = InstanceType<typeof ReadResp>;

const read = (response: Response): unknown => readMessage(Buffer.from(response.serializeBinary()));
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String);
const text = fc.string({ unit: 'grapheme' });

describe('the answers of a node', () => {
  it('are read as the generated classes wrote them', () => {
    const event = fc.record({
      id: fc.uuid(),
      type: text,
      stream: text,
      revision: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
      commit: uint64,
      prepare: uint64,
      createdMs: fc.nat({ max: 4_000_000_000_000 }),
      isJson: fc.boolean(),
      data: text,
      metadata: text,
    });
    fc.assert(
      fc.property(event, (record) => {
        const recorded = new ReadResp.ReadEvent.RecordedEvent()
          .setId(new shared.UUID().setString(record.id))
          .setStreamIdentifier(new shared.StreamIdentifier().setStreamName(Buffer.from(record.stream)))
          .setStreamRevision(String(record.revision))
          .setCommitPosition(record.commit)
          .setPreparePosition(record.prepare)
          .setData(Buffer.from(record.data))
          .setCustomMetadata(Buffer.from(record.metadata));
        recorded
          .getMetadataMap()
          .set('type', record.type)
          .set('created', `${record.createdMs}1234`)
          .set('unknown', 'x')
          .set('content-type', record.isJson ? 'application/json' : 'application/octet-stream');
        const response = new ReadResp().setEvent(
          new ReadResp.ReadEvent().setEvent(recorded).setLink(recorded).setCommitPosition(record.commit),
        );
        expect(read(response)).toEqual({ kind: 'event', record });
      }),
      { numRuns: 500 },
    );
  });

  it('are told apart', () => {
    const position = new ReadResp.Checkpoint().setCommitPosition('12').setPreparePosition('9007199254740993');
    expect(read(new ReadResp().setCheckpoint(position))).toEqual({
      kind: 'checkpoint',
      position: { commit: '12', prepare: '9007199254740993' },
    });
    expect(
      read(new ReadResp().setConfirmation(new ReadResp.SubscriptionConfirmation().setSubscriptionId('x'))),
    ).toEqual({
      kind: 'confirmed',
    });
    expect(read(new ReadResp().setCaughtUp(new ReadResp.CaughtUp()))).toEqual({ kind: 'caughtUp' });
    expect(read(new ReadResp().setStreamNotFound(new ReadResp.StreamNotFound()))).toEqual({ kind: 'streamNotFound' });
    for (const other of [new ReadResp(), new ReadResp().setFellBehind(new ReadResp.FellBehind())]) {
      expect(read(other)).toEqual({ kind: 'other' });
    }
    expect(read(new ReadResp().setLastStreamPosition('3').setEvent(new ReadResp.ReadEvent()))).toEqual({
      kind: 'other',
    });
  });

  it('may hold what nobody knows yet', () => {
    // A varint, eight bytes, three bytes with a length, four bytes: fields 100 to 103, before a `caughtUp`.
    const unknown = [0xa0, 6, 0x96, 1, 0xa9, 6, 1, 2, 3, 4, 5, 6, 7, 8, 0xb2, 6, 3, 1, 2, 3, 0xbd, 6, 1, 2, 3, 4];
    expect(readMessage(Buffer.from([...unknown, 0x42, 0]))).toEqual({ kind: 'caughtUp' });
  });

  it('that are broken are refused', () => {
    expect(() => readMessage(Buffer.from([0x0a]))).toThrow('ends in the middle');
    expect(() => readMessage(Buffer.from([0x42, 3, 0]))).toThrow('ends in the middle');
    expect(() => readMessage(Buffer.from([0xa3, 6]))).toThrow('not understood');
  });
});
