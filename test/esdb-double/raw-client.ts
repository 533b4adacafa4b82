// Calls that the vendor's client cannot make, though the protocol has them.
import { credentials } from '@grpc/grpc-js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import routes from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';

/** Past the client, which writes nothing but JSON as JSON. */
export async function appendRaw(target: string, stream: string, data: Uint8Array): Promise<void> {
  const raw = new routes.StreamsClient(target, credentials.createInsecure());
  const identifier = new shared.StreamIdentifier().setStreamName(Buffer.from(stream));
  const options = new streams.AppendReq.Options().setStreamIdentifier(identifier).setAny(new shared.Empty());
  const message = new streams.AppendReq.ProposedMessage()
    .setId(new shared.UUID().setString(crypto.randomUUID()))
    .setData(data);
  message.getMetadataMap().set('type', 'raw').set('content-type', 'application/json');
  await new Promise<void>((resolve, reject) => {
    const call = raw.append((error) => (error ? reject(error) : resolve()));
    call.write(new streams.AppendReq().setOptions(options));
    call.write(new streams.AppendReq().setProposedMessage(message));
    call.end();
  });
  raw.close();
}

/** Ids of the events of the whole log whose stream's name begins with the prefix. */
export async function readFilteredRaw(
  target: string,
  prefix: string,
  direction: 'forwards' | 'backwards',
  count: number,
): Promise<string[]> {
  const { Options } = streams.ReadReq;
  const all = new Options.AllOptions();
  if (direction === 'forwards') all.setStart(new shared.Empty());
  else all.setEnd(new shared.Empty());
  const expression = new Options.FilterOptions.Expression().setPrefixList([prefix]);
  const options = new Options()
    .setAll(all)
    .setReadDirection(Options.ReadDirection[direction === 'forwards' ? 'FORWARDS' : 'BACKWARDS'])
    .setCount(String(count))
    .setUuidOption(new Options.UUIDOption().setString(new shared.Empty()))
    .setFilter(
      new Options.FilterOptions().setStreamIdentifier(expression).setMax(500).setCheckpointintervalmultiplier(1),
    );
  const raw = new routes.StreamsClient(target, credentials.createInsecure());
  try {
    const ids: string[] = [];
    for await (const message of raw.read(new streams.ReadReq().setOptions(options))) {
      const id = (message as streams.ReadResp).getEvent()?.getEvent()?.getId();
      if (id) ids.push(id.getString());
    }
    return ids;
  } finally {
    raw.close();
  }
}
