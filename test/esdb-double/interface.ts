// What a test sees of the double: where it listens, how it fails on purpose, and what it counted.

export interface DoubleOptions {
  /** Port to listen on, loopback only; a free one when absent. It stays the same over stop, start and restart. */
  readonly port?: number;
  /** An append whose events together are larger is refused, as a node does. 1 MiB when absent. */
  readonly appendBytesMax?: number;
  /** Events a live subscription may lag behind before the node drops it. 32 when absent, as in a node. */
  readonly subscriptionBuffer?: number;
  /** Version that the double claims. */
  readonly version?: string;
  /** False hides the batch route, as a node before 21.10 does: the client then appends by the unary one. */
  readonly batchAppend?: boolean;
  /**
   * As whom every call acts: a user's name, `$admins`, or `anonymous`; then the access lists count. When absent they do not,
   * as on a node started with `--insecure`. (Over an insecure connection the client sends no credentials.)
   */
  readonly callerRole?: string;
}

export interface EsdbDouble {
  /** `esdb://127.0.0.1:<port>?tls=false`. */
  readonly url: string;
  /** `esdb+discover://127.0.0.1:<port>?tls=false`: the client asks for the cluster's members first. */
  readonly discoverUrl: string;
  readonly port: number;
  readonly faults: Faults;
  readonly counters: Readonly<Counters>;
  /** Events in the log, system events too, so that a test can look past the client. */
  readonly log: readonly StoredEvent[];
  /** Listens again on the same port, with the log it had. */
  start(): Promise<void>;
  /** Ends every connection at once, as a kill does, and refuses new ones. The log stays. */
  stop(): Promise<void>;
  /** Stop and start. `keepLog: false` comes back with an empty log, as a node whose disk was lost. */
  restart(options?: { readonly keepLog?: boolean }): Promise<void>;
  /** As another caller from now on; see `callerRole`. */
  actAs(role: string | undefined): void;
  /** Stop for good; calling it again does nothing. */
  close(): Promise<void>;
}

export interface StoredEvent {
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
  readonly type: string;
  readonly contentType: string;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
  /** Hundreds of nanoseconds since 1970. */
  readonly createdTicks: bigint;
  readonly commit: bigint;
  readonly prepare: bigint;
}

export interface Counters {
  /** TCP connections ever accepted, and open now. */
  connections: number;
  openConnections: number;
  /** Calls of each route ever begun. */
  appends: number;
  batchStreams: number;
  batchAppends: number;
  reads: number;
  subscriptions: number;
  deletes: number;
  gossips: number;
  featureProbes: number;
  /** Reading calls (reads and subscriptions) that are open now: what a client leaks shows here. */
  openReads: number;
  openSubscriptions: number;
  /** Appends that wrote events, and those answered as an identical retry without writing. */
  appendsWritten: number;
  appendsRepeated: number;
  appendsRefused: number;
  /** Subscriptions dropped because the reader was too slow, on no fault's account. */
  slowConsumersDropped: number;
  checkpointsSent: number;
}

/** A fault in force. A test that does not look at `fired` has not shown anything. */
export interface ArmedFault {
  readonly name: FaultName;
  /** How often it has struck so far. */
  readonly fired: number;
  /** Resolves when it has struck that often. */
  struck(times?: number): Promise<void>;
  /** Ends it; what it has struck stays struck. */
  clear(): void;
}

export type FaultName =
  | 'loseReply'
  | 'blackHole'
  | 'slowAnswers'
  | 'lateCheckpoints'
  | 'wrongExpectedVersion'
  | 'deadlineExceeded'
  | 'notLeader'
  | 'notReady'
  | 'unavailable'
  | 'accessDenied'
  | 'dropSubscriptions'
  | 'cutConnections';

/** Which calls a fault strikes. */
export interface Aim {
  /** How often it strikes before it ends by itself; without end when absent. */
  readonly times?: number;
  /** Only appends to, and reads of, streams whose name begins so. */
  readonly streamPrefix?: string;
}

export type Operation = 'append' | 'read' | 'subscribe' | 'delete' | 'features' | 'gossip';

export interface AimOfCalls extends Aim {
  /** Which operations; `append` alone when absent. */
  readonly operations?: readonly Operation[];
}

export interface Faults {
  /**
   * The reply to an append never comes. `applied` says whether the events were written all the same; `then` whether the
   * connection stays silent (the caller's deadline has to end it) or is cut. Once when `times` is absent.
   */
  loseReply(options: Aim & { readonly applied: boolean; readonly then?: 'silence' | 'cut' }): ArmedFault;
  /** Every TCP connection is reset now; new ones are accepted. `fired` counts connections. */
  cutConnections(): ArmedFault;
  /**
   * Connections are accepted and kept, and not a byte passes either way, until cleared: then what was held back passes, so
   * that late replies arrive. `fired` counts connections and packets that were held.
   */
  blackHole(): ArmedFault;
  /** Every answer (each event of a read, too) comes so much later. */
  slowAnswers(options: AimOfCalls & { readonly delayMs: number }): ArmedFault;
  /** Checkpoints are held back until so many more events were sent, and thus lie behind what the reader has. */
  lateCheckpoints(options: Aim & { readonly events: number }): ArmedFault;
  /** Appends are refused with this actual revision (absent: no stream), whatever the log says. Nothing is written. */
  wrongExpectedVersion(options?: Aim & { readonly actual?: number }): ArmedFault;
  /** The node gives up: a `Timeout` of the batch route, DEADLINE_EXCEEDED elsewhere. `applied`: written all the same. */
  deadlineExceeded(options?: AimOfCalls & { readonly applied?: boolean }): ArmedFault;
  /** "Leader info available", with the leader's address in the metadata that the client understands. */
  notLeader(options: AimOfCalls & { readonly host: string; readonly port: number }): ArmedFault;
  /** "Server Is Not Ready", as just after a restart: the client makes it `type: "unknown"`. */
  notReady(options?: AimOfCalls): ArmedFault;
  /** UNAVAILABLE, as from a node that is shutting down. */
  unavailable(options?: AimOfCalls): ArmedFault;
  accessDenied(options?: AimOfCalls): ArmedFault;
  /** Open subscriptions end now: `slow` is ABORTED "Consumer too slow", `gone` UNAVAILABLE, `ended` a normal end. */
  dropSubscriptions(how?: 'slow' | 'gone' | 'ended'): ArmedFault;
  /** Strikes of every fault of that name so far, cleared ones too. */
  firedOf(name: FaultName): number;
  /** Ends all of them. */
  clear(): void;
}

export type StartDouble = (options?: DoubleOptions) => Promise<EsdbDouble>;
