// The one file that holds the client of EventStoreDB. Of the client it takes the finding of a node, TLS, credentials and the
// generated messages; appends, reads and subscriptions are calls of our own, for the client's have traps (docs/eventstoredb.md).
import { EventStoreDBClient } from '@eventstore/db-client';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import services from '@eventstore/db-client/generated/streams_grpc_pb.js';
import statuses from '@eventstore/db-client/generated/status_pb.js';
import messages from '@eventstore/db-client/generated/streams_pb.js';
import type { EsdbEndpoint, EsdbTarget } from './esdb-connection-string.js';
import type { EsdbFault, EsdbRefusal } from './esdb-fault.js';
import { faultOf, grpc, unavailable } from './esdb-fault.js';
import type { ServerFilter } from './esdb-filter.js';
import { FILTER_WINDOW } from './esdb-filter.js';
import type {
  AppendsCall,
  AppendsListener,
  EsdbAnswer,
  EsdbRead,
  LogStart,
  ReadCall,
  StreamStart,
} from './esdb-messages.js';
import { channelCredentials } from './esdb.certificates.js';
import { appendAnswer, appendMessage } from './esdb.append-wire.js';
import { readMessage } from './esdb.read-wire.js';

type Calls = InstanceType<typeof services.StreamsClient>;

let connections = 0;

class Client extends EventStoreDBClient {
  private stub: Promise<Calls> | undefined;

  /** Rejects when no member of a cluster could be found. */
  calls(): Promise<Calls> {
    this.stub ??= this.getChannel().then(
      (channelOverride) => new services.StreamsClient('', undefined as never, { channelOverride }),
    );
    return this.stub;
  }

  options(requiresLeader: boolean): ReturnType<EventStoreDBClient['callArguments']> {
    return this.callArguments({ requiresLeader }, { deadline: Infinity });
  }
}

/** One connection to one node. It is not repaired: after a failure of the transport there is a new one. */
export class EsdbConnection {
  private readonly client: Client;
  private closed = false;

  /** `leader`: the node to go to instead of looking for one. Throws InvalidArgument when a certificate cannot be read. */
  constructor(target: EsdbTarget, leader?: EsdbEndpoint) {
    connections += 1;
    this.client = clientFor(target, leader, connections);
  }

  /** Throws StoreUnavailable when no node was found: then nothing was sent. */
  async openAppends(listener: AppendsListener): Promise<AppendsCall> {
    const calls = await this.calls();
    const { path } = services.StreamsService.batchAppend;
    const call = calls.makeBidiStreamRequest(path, appendMessage, answerIn, ...this.client.options(false));
    let open = true;
    const end = (fault: EsdbFault): void => {
      if (!open) return;
      open = false;
      listener.ended(fault);
    };
    call.on('data', ({ correlationId, answer }: ReturnType<typeof answerIn>) => {
      if (open) listener.answered(correlationId, answer);
    });
    call.on('error', (error: unknown) => end(faultOf(error)));
    call.on('end', () => end({ code: grpc.ok, details: 'the node ended the call' }));
    return {
      send: (append) => void call.write(append),
      cancel: () => call.cancel(),
    };
  }

  /** Throws StoreUnavailable when no node was found. */
  async read(read: EsdbRead): Promise<ReadCall> {
    const calls = await this.calls();
    const { path, requestSerialize } = services.StreamsService.read;
    const [metadata, options] = this.client.options(read.requiresLeader);
    const call = calls.makeServerStreamRequest(
      path,
      requestSerialize,
      readMessage,
      readRequest(read),
      metadata,
      options,
    );
    let ended: EsdbFault | undefined;
    let listener = (): void => undefined;
    const end = (fault: EsdbFault): void => {
      ended ??= fault;
      listener();
    };
    call.on('error', (error: unknown) => end(faultOf(error)));
    call.on('status', ({ code, details }) => end({ code, details }));
    call.on('readable', () => listener());
    return {
      next() {
        return call.read() ?? undefined;
      },
      get ended() {
        return ended;
      },
      onNews: (given) => void (listener = given),
      cancel: () => call.cancel(),
    };
  }

  /** Calls that are open go on until they end or are cancelled. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    void this.client.calls().then(
      (calls) => calls.close(),
      () => undefined,
    );
  }

  private async calls(): Promise<Calls> {
    if (this.closed) throw unavailable('the connection is closed');
    return this.client.calls().catch((error: unknown) => {
      throw unavailable(`no node of the cluster was found (${faultOf(error).details})`);
    });
  }
}

function clientFor(target: EsdbTarget, leader: EsdbEndpoint | undefined, number: number): Client {
  const options = {
    keepAliveTimeout: target.keepAliveTimeoutMs,
    // Connections of equal options share one socket, a broken one too: an interval of its own gives each its own.
    keepAliveInterval: target.keepAliveIntervalMs + (number % 1_000),
    ...(target.connectionName !== undefined && { connectionName: target.connectionName }),
  };
  const endpoint = leader ?? (target.discover ? undefined : target.hosts[0]);
  const where = endpoint
    ? { endpoint }
    : {
        endpoints: [...target.hosts],
        nodePreference: target.nodePreference,
        maxDiscoverAttempts: 1,
        discoveryInterval: target.discoveryIntervalMs,
        gossipTimeout: target.gossipTimeoutSeconds,
      };
  return new Client({ ...where, ...options } as never, channelCredentials(target), target.credentials);
}

/** Throws for what is no answer: the call then ends as one that broke. */
function answerIn(bytes: Buffer): { readonly correlationId: string; readonly answer: EsdbAnswer } {
  const { correlationId, answer } = appendAnswer(bytes);
  if (answer.kind === 'appended') return { correlationId, answer };
  return { correlationId, answer: { kind: 'refused', refusal: refusalOf(answer.status) } };
}

function refusalOf(bytesOfStatus: Buffer): EsdbRefusal {
  const status = statuses.Status.deserializeBinary(bytesOfStatus);
  const details = status.getDetails();
  const type = details?.getTypeName().split('.').at(-1) ?? '';
  const bytes = details?.getValue_asU8() ?? new Uint8Array();
  const message = status.getMessage();
  switch (type) {
    case 'WrongExpectedVersion': {
      const wrong = shared.WrongExpectedVersion.deserializeBinary(bytes);
      const actual = wrong.hasCurrentStreamRevision() ? Number(wrong.getCurrentStreamRevision()) : -1;
      return { type, message, actual };
    }
    case 'MaximumAppendSizeExceeded': {
      const bytesMax = shared.MaximumAppendSizeExceeded.deserializeBinary(bytes).getMaxappendsize();
      return { type, message, bytesMax };
    }
    case 'BadRequest':
      return { type, message: shared.BadRequest.deserializeBinary(bytes).getMessage() };
    default:
      return { type, message };
  }
}

function readRequest({ of, direction, limit }: EsdbRead): messages.ReadReq {
  const directions = messages.ReadReq.Options.ReadDirection;
  const options = new messages.ReadReq.Options()
    .setReadDirection(direction === 'forward' ? directions.FORWARDS : directions.BACKWARDS)
    .setUuidOption(new messages.ReadReq.Options.UUIDOption().setString(new shared.Empty()));
  if (limit === undefined) options.setSubscription(new messages.ReadReq.Options.SubscriptionOptions());
  else options.setCount(String(limit));
  if ('stream' in of) options.setStream(streamOptions(of)).setNoFilter(new shared.Empty());
  else options.setAll(logOptions(of)).setFilter(filterOptions(of.filter));
  return new messages.ReadReq().setOptions(options);
}

function streamOptions({ stream, from }: StreamStart): messages.ReadReq.Options.StreamOptions {
  const options = new messages.ReadReq.Options.StreamOptions().setStreamIdentifier(streamIdentifier(stream));
  if (from === 'start') return options.setStart(new shared.Empty());
  return from === 'end' ? options.setEnd(new shared.Empty()) : options.setRevision(String(from));
}

function logOptions({ from }: LogStart): messages.ReadReq.Options.AllOptions {
  const options = new messages.ReadReq.Options.AllOptions();
  if (from === 'start') return options.setStart(new shared.Empty());
  if (from === 'end') return options.setEnd(new shared.Empty());
  const position = new messages.ReadReq.Options.Position();
  return options.setPosition(position.setCommitPosition(from.commit).setPreparePosition(from.prepare));
}

function filterOptions({ on, regex }: ServerFilter): messages.ReadReq.Options.FilterOptions {
  const expression = new messages.ReadReq.Options.FilterOptions.Expression().setRegex(regex);
  const options = new messages.ReadReq.Options.FilterOptions().setMax(FILTER_WINDOW).setCheckpointintervalmultiplier(1);
  return on === 'stream' ? options.setStreamIdentifier(expression) : options.setEventType(expression);
}

function streamIdentifier(stream: string): shared.StreamIdentifier {
  return new shared.StreamIdentifier().setStreamName(Buffer.from(stream));
}
