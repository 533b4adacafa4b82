// The double as a whole: a log that outlives its server, a gRPC server, and the port before it.
import { createServer, type Server as HttpServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import gossip from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import features from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import streams, { type IStreamsServer } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { batchAppend, unaryAppend } from './append-routes.js';
import { clusterMembers, healthPage, supportedMethods } from './cluster-routes.js';
import { deleteStream, tombstoneStream } from './delete-routes.js';
import { event, EventLog } from './event-log.js';
import { FaultBoard } from './faults.js';
import { FrontDoor } from './front-door.js';
import type { Counters, DoubleOptions, EsdbDouble } from './interface.js';
import type { Node } from './node.js';
import { read } from './read-route.js';
import type { AllSubscription } from './subscription.js';
import { freePort } from '../support/free-port.js';

/** A client may send as much as a node takes; what is too large for an append is refused by the node, not the transport. */
const MESSAGE_BYTES_MAX = 20 * 1024 * 1024;

export async function startDouble(options: DoubleOptions = {}): Promise<EsdbDouble> {
  const double = new Double(options);
  await double.start();
  return double;
}

function noCounts(): Counters {
  return {
    ...{ connections: 0, openConnections: 0, appends: 0, batchStreams: 0, batchAppends: 0, reads: 0 },
    ...{ subscriptions: 0, deletes: 0, gossips: 0, featureProbes: 0, openReads: 0, openSubscriptions: 0 },
    ...{ appendsWritten: 0, appendsRepeated: 0, appendsRefused: 0, slowConsumersDropped: 0, checkpointsSent: 0 },
  };
}

class Double implements EsdbDouble {
  readonly counters: Counters = noCounts();
  readonly faults: FaultBoard;
  readonly #door = new FrontDoor(this.counters);
  readonly #subscriptions = new Set<AllSubscription>();
  readonly #pauses = new Map<NodeJS.Timeout, () => void>();
  readonly #node: Node;
  #server: Server | undefined;
  #pages: HttpServer | undefined;

  constructor(options: DoubleOptions) {
    this.faults = new FaultBoard({
      cut: () => this.#door.cut(),
      hold: (onHeld) => this.#door.hold(onHeld),
      release: () => this.#door.release(),
      drop: (how) => this.#drop(how),
    });
    this.#node = {
      log: newLog(),
      role: options.callerRole,
      faults: this.faults,
      counters: this.counters,
      options: {
        appendBytesMax: options.appendBytesMax ?? 1024 * 1024,
        subscriptionBuffer: options.subscriptionBuffer ?? 32,
        version: options.version ?? '23.10.7.0',
        batchAppend: options.batchAppend ?? true,
      },
      port: options.port ?? 0,
      cut: () => this.#door.cut(),
      pause: (ms) => this.#pause(ms),
    };
  }

  get port(): number {
    return this.#node.port;
  }

  get url(): string {
    return `esdb://127.0.0.1:${this.port}?tls=false`;
  }

  get discoverUrl(): string {
    return `esdb+discover://127.0.0.1:${this.port}?tls=false`;
  }

  get log() {
    return this.#node.log.events;
  }

  async start(): Promise<void> {
    if (this.#server) throw new Error('the double is running');
    // The same one whenever it comes back.
    this.#node.port ||= await freePort();
    const server = new Server({ 'grpc.max_receive_message_length': MESSAGE_BYTES_MAX });
    this.#server = server;
    this.#addServices(server);
    const grpcPort = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
        error ? reject(error) : resolve(port),
      );
    });
    this.#pages = createServer(healthPage).listen(0, '127.0.0.1');
    await once(this.#pages, 'listening');
    const { port: httpPort } = this.#pages.address() as AddressInfo;
    await this.#door.open(this.port, { grpcPort, httpPort });
    // Like a node, it says something of itself whenever it starts: system events stand among the others.
    this.#node.log.append(`$stats-127.0.0.1:${this.port}`, 'any', [event('$statsCollected', '{}')]);
  }

  #addServices(server: Server): void {
    const node = this.#node;
    const routes: IStreamsServer = {
      read: (call) => read(node, call, this.#subscriptions),
      append: (call, answer) => unaryAppend(node, call, answer),
      batchAppend: (call) => batchAppend(node, call),
      delete: (call, answer) => deleteStream(node, call.request, answer),
      tombstone: (call, answer) => tombstoneStream(node, call.request, answer),
    };
    server.addService(streams.StreamsService, routes);
    server.addService(features.ServerFeaturesService, {
      getSupportedMethods: supportedMethods.bind(undefined, node),
    });
    server.addService(gossip.GossipService, { read: clusterMembers.bind(undefined, node) });
  }

  async stop(): Promise<void> {
    const [server, pages] = [this.#server, this.#pages];
    this.#server = undefined;
    this.#pages = undefined;
    if (!server || !pages) return;
    await this.#door.close();
    for (const [timer, end] of this.#pauses) {
      clearTimeout(timer);
      end();
    }
    this.#pauses.clear();
    server.forceShutdown();
    pages.closeAllConnections();
    pages.close();
    await once(pages, 'close');
  }

  async restart({ keepLog = true }: { readonly keepLog?: boolean } = {}): Promise<void> {
    await this.stop();
    if (!keepLog) this.#node.log = newLog();
    await this.start();
  }

  actAs(role: string | undefined): void {
    this.#node.role = role;
  }

  async close(): Promise<void> {
    this.faults.clear();
    await this.stop();
  }

  #drop(how: 'slow' | 'gone' | 'ended'): number {
    const ends = { slow: { kind: 'tooSlow', state: 'live' }, gone: { kind: 'unavailable' }, ended: 'ended' } as const;
    const dropped = [...this.#subscriptions];
    for (const subscription of dropped) subscription.drop(ends[how]);
    return dropped.length;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#pauses.delete(timer);
        resolve();
      }, ms);
      this.#pauses.set(timer, resolve);
    });
  }
}

/** A log that holds what the log of a fresh node holds before anybody wrote to it. */
function newLog(): EventLog {
  const log = new EventLog();
  for (const user of ['admin', 'ops']) {
    log.append(`$user-${user}`, 'no_stream', [event('$UserCreated', JSON.stringify({ loginName: user }))]);
    const acl = { $acl: { $r: ['$admins'], $w: ['$admins'], $d: ['$admins'], $mr: ['$admins'], $mw: ['$admins'] } };
    log.append(`$$$user-${user}`, 'no_stream', [event('$metadata', JSON.stringify(acl))]);
  }
  return log;
}
