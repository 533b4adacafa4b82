import shared from '@eventstore/db-client/generated/shared_pb.js';
import statuses from '@eventstore/db-client/generated/status_pb.js';
import messages from '@eventstore/db-client/generated/streams_pb.js';
import fc from 'fast-check';
import type { EsdbAppend } from './esdb-messages.js';
import { appendAnswer, appendMessage } from './esdb.append-wire.js';

const { BatchAppendReq, BatchAppendResp } = messages;
type Response = InstanceType<typeof BatchAppendResp>;

const ascii = fc.stringMatching(/^[\x21-\x7e]{1,250}$/);
const text = fc.string({ unit: 'grapheme', maxLength: 300 });
const append: fc.Arbitrary<EsdbAppend> = fc.record({
  correlationId: fc.uuid(),
  stream: ascii,
  expected: fc.oneof(
    fc.nat({ max: Number.MAX_SAFE_INTEGER }),
    fc.constantFrom('no_stream' as const, 'any' as const, 'stream_exists' as const),
  ),
  events: fc.array(fc.record({ id: fc.uuid(), type: ascii, data: text, metadata: text }), {
    minLength: 1,
    maxLength: 5,
  }),
});

/** What the generated classes read of it. */
function understood(bytes: Buffer): EsdbAppend & { readonly isFinal: boolean; readonly about: unknown[] } {
  const request = BatchAppendReq.deserializeBinary(bytes);
  const options = request.getOptions();
  const events = request.getProposedMessagesList();
  return {
    correlationId: request.getCorrelationId()?.getString() ?? '',
    stream: Buffer.from(options?.getStreamIdentifier()?.getStreamName_asU8() ?? []).toString(),
    expected: expectedIn(options),
    events: events.map((event) => ({
      id: event.getId()?.getString() ?? '',
      type: event.getMetadataMap().get('type') ?? '',
      data: Buffer.from(event.getData_asU8()).toString(),
      metadata: Buffer.from(event.getCustomMetadata_asU8()).toString(),
    })),
    isFinal: request.getIsFinal(),
    about: events.map((event) => [event.getMetadataMap().getLength(), event.getMetadataMap().get('content-type')]),
  };
}

function expectedIn(options: ReturnType<InstanceType<typeof BatchAppendReq>['getOptions']>): EsdbAppend['expected'] {
  if (options?.hasNoStream()) return 'no_stream';
  if (options?.hasAny()) return 'any';
  if (options?.hasStreamExists()) return 'stream_exists';
  return options?.hasStreamPosition() ? Number(options.getStreamPosition()) : -1;
}

describe('an append', () => {
  it('is written as the generated classes read it', () => {
    fc.assert(
      fc.property(append, (given) => {
        const about = given.events.map(() => [2, 'application/json']);
        expect(understood(appendMessage(given))).toEqual({ ...given, isFinal: true, about });
      }),
      { numRuns: 500 },
    );
  });

  it('may hold events of any size', () => {
    const events = [0, 127, 128, 16_383, 16_384, 900_000].map((length) => ({
      id: '3f2b8a52-5b1a-4d5e-9a53-0a8f6f1c2d3e',
      type: 'T',
      data: 'x'.repeat(length),
      metadata: 'é'.repeat(length),
    }));
    const given = { correlationId: '0e0b8a52-5b1a-4d5e-9a53-0a8f6f1c2d3e', stream: 's', expected: 0, events };
    expect(understood(appendMessage(given))).toMatchObject(given);
  });
});

describe('the answer to an append', () => {
  const answered = (response: Response): ReturnType<typeof appendAnswer> =>
    appendAnswer(Buffer.from(response.setCorrelationId(new shared.UUID().setString('c-1')).serializeBinary()));
  const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String);

  it('tells where the events lie', () => {
    fc.assert(
      fc.property(fc.nat({ max: Number.MAX_SAFE_INTEGER }), uint64, uint64, (lastRevision, commit, prepare) => {
        const position = new shared.AllStreamPosition().setCommitPosition(commit).setPreparePosition(prepare);
        const success = new BatchAppendResp.Success().setCurrentRevision(String(lastRevision)).setPosition(position);
        const response = new BatchAppendResp()
          .setSuccess(success)
          .setStreamIdentifier(new shared.StreamIdentifier().setStreamName(Buffer.from('s')))
          .setStreamPosition('3');
        expect(answered(response)).toEqual({
          correlationId: 'c-1',
          answer: { kind: 'appended', lastRevision, position: { commit, prepare } },
        });
      }),
    );
  });

  it('may leave the position out', () => {
    const success = new BatchAppendResp.Success().setCurrentRevision('7').setNoPosition(new shared.Empty());
    expect(answered(new BatchAppendResp().setSuccess(success)).answer).toEqual({ kind: 'appended', lastRevision: 7 });
  });

  it('gives a refusal as the node sent it', () => {
    const { answer } = answered(new BatchAppendResp().setError(new statuses.Status().setMessage('no: é')));
    if (answer.kind !== 'refused') throw new Error('it was taken for a success');
    expect(statuses.Status.deserializeBinary(answer.status).getMessage()).toBe('no: é');
  });

  it('that is broken is refused', () => {
    expect(() => appendAnswer(Buffer.from([0x0a]))).toThrow('ends in the middle');
    const whole = Buffer.from(new BatchAppendResp().setError(new statuses.Status().setMessage('no')).serializeBinary());
    expect(appendAnswer(whole).answer.kind).toBe('refused');
    expect(() => appendAnswer(whole.subarray(0, -1))).toThrow('ends in the middle');
  });
});
