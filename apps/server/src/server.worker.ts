// One running server: opens its parts in order, and closes them in the reverse one.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { AddressInfo } from 'node:net';
import type { RequestContext } from '@app/kernel';
import { engineActor } from '@app/kernel';
import { RandomIdSource, SystemClock } from '@app/kernel/nest';
import type { EventStore } from '@app/event-store';
import { AggregateStore, Reservations } from '@app/event-store';
import { RefusalLog } from '@app/shell';
import { Edge, Heartbeat, PinoLogger, within } from '@app/shell/nest';
import type { RebuiltView, ViewStore } from '@app/read-model';
import type { OpenedEvidence } from '@app/evidence/nest';
import { ApiKeyOffice, DayStream, proveKey } from '@app/access';
import type { SystemEvent } from '@app/access';
import { EventLogRefusalLog, NodeKeySecrets } from '@app/access/nest';
import type { Runner } from '@app/execution/nest';
import type * as app from './app.module.js';
import { isFirstKeyDue, issueFirstKey } from './first-key.js';
import type { Platform } from './platform.module.js';
import type { Condition } from './readiness.js';
import { dressResponses } from './response-headers.module.js';
import type { Vitals } from './server-condition.js';
import { vitalsOf } from './vitals.js';
import { ServerCondition } from './server-condition.js';
import type { Settings } from './settings.js';
import { awaitStores } from './stores.worker.js';
import { productVersion } from './version.worker.js';
import { WaitingRoom } from './waiting-room.worker.js';

/** From the signal to the end. */
export const STOP_LIMIT_MS = 9_500;
const REQUESTS_DRAIN_MS = 3_000;
const WORKERS_DRAIN_MS = 5_000;
const VIEWS_GRACE_MS = 250;

export interface ServerOptions {
  /** Shows the first administrator's key; default: standard output. */
  readonly showFirstKey?: (key: string) => void;
}

export interface RunningServer {
  readonly url: string;
  readonly port: number;
  readonly app: NestFastifyApplication;
  /** Drains and closes everything; resolves within ten seconds. Idempotent. */
  close(signal?: string): Promise<void>;
}

/** Resolves once it listens. Throws in plain words when it cannot: DataDirectoryLocked, StoreError, Error. */
export async function startServer(settings: Settings, options: ServerOptions = {}): Promise<RunningServer> {
  const server = new Server(settings, options);
  try {
    await server.start();
  } catch (error) {
    await server.close();
    throw error;
  }
  return server;
}

class Server extends ServerCondition implements RunningServer {
  readonly version = productVersion();
  readonly startedAtMs: number;
  private readonly clock = new SystemClock();
  private readonly ids = new RandomIdSource();
  private readonly serverId = this.ids.next();
  private readonly log: PinoLogger;
  private readonly heartbeat: Heartbeat;
  private readonly edge: Edge;
  private readonly closers: (() => Promise<unknown>)[] = [];
  private phase: Condition['phase'] = 'starting';
  private closing: Promise<void> | undefined;
  private readonly waitingRoom = new WaitingRoom();
  private events!: EventStore;
  private views!: ViewStore;
  private evidence!: OpenedEvidence;
  private system: DayStream | undefined;
  /** Told before there was anything to record it in. */
  private readonly rebuiltEarly: RebuiltView[] = [];
  /** Nothing is recorded after its stop. */
  private hasLastWord = false;
  private runner: Pick<Runner, 'liveRuns' | 'stepsUnderWay' | 'tally'> | undefined;
  app!: NestFastifyApplication;
  url = '';
  port = 0;

  constructor(
    private readonly settings: Settings,
    private readonly options: ServerOptions,
  ) {
    super();
    const { logLevel, trusts, bodyLimitBytes: bodyLimit, requestTimeoutMs } = settings;
    this.startedAtMs = this.clock.nowMs();
    this.log = new PinoLogger(logLevel);
    this.heartbeat = new Heartbeat(this.log, false);
    this.edge = new Edge({ ids: this.ids, trusts, bodyLimit, requestTimeoutMs });
  }

  async start(): Promise<void> {
    // The capabilities are loaded while the threads of the stores start.
    const loading = import('./app.module.js');
    loading.catch(() => undefined);
    const platform = await this.openPlatform();
    const parts = await loading;
    await this.openApplication(parts, platform);
    await this.showFirstKey();
    await this.listen();
    this.startWorkers(parts);
    const { host, auth } = this.settings;
    await this.record({
      type: 'ServerStarted',
      data: { serverId: this.serverId, version: this.version, host, port: this.port, auth },
    });
    this.phase = 'serving';
    this.log.log('serving', { url: this.url, version: this.version, auth });
  }

  close(signal?: string): Promise<void> {
    this.closing ??= this.closeInOrder(signal);
    return this.closing;
  }

  async now(): Promise<Condition> {
    const [store, head] = await Promise.all([this.events.health(), this.headOrNothing()]);
    const views = this.views.status();
    return {
      phase: this.phase,
      store,
      views: { ...views, caughtUp: await this.views.waitFor(head, VIEWS_GRACE_MS) },
      evidence: this.evidence.keeper.status(),
      workers: this.heartbeat.status(),
    };
  }

  async vitals(): Promise<Vitals> {
    return vitalsOf({
      runner: this.runner,
      requestsUnderWay: this.edge.requestsUnderWay,
      logHead: await this.headOrNothing(),
      viewHead: this.views.position(),
      evidence: this.evidence.keeper.status(),
      nowMs: this.clock.nowMs(),
    });
  }

  private async openPlatform(): Promise<Platform> {
    const { clock, ids, log, heartbeat, settings, waitingRoom } = this;
    const users = { clock, log, onRebuilt: (views: readonly RebuiltView[]) => this.recordRebuilt(views) };
    this.closers.push(() => waitingRoom.close());
    const stores = await awaitStores(settings, users, this.closers, waitingRoom);
    const { events, views, blobs, evidence, shared } = stores;
    Object.assign(this, { events, views, evidence });
    this.system = new DayStream('system', events, ids, clock);
    this.recordRebuilt(this.rebuiltEarly.splice(0));
    const aggregates = new AggregateStore(events, ids, clock);
    const reservations = new Reservations(aggregates, clock);
    return {
      clock,
      ids,
      events,
      aggregates,
      reservations,
      blobs,
      views,
      log,
      heartbeat,
      evidence,
      ...(shared ? { shared } : {}),
    };
  }

  private async openApplication(parts: typeof app, platform: Platform): Promise<void> {
    const { settings, edge, log } = this;
    const keySecrets = NodeKeySecrets.open(settings.dataDirectory, settings.apiKeyPepper);
    if (platform.shared) await proveKey(keySecrets, platform.shared.keyChecks);
    const ownership = await parts.openOwnership(platform);
    this.closers.push(() => ownership.close());
    const module = parts.AppModule.register({ settings, platform, ownership, keySecrets, condition: this });
    this.app = await NestFactory.create<NestFastifyApplication>(module, edge.adapter, {
      bodyParser: false,
      logger: quiet(log),
      abortOnError: false,
    });
    this.closers.push(() => this.app.close());
    edge.equip(this.app, this.app.get(RefusalLog), log);
    dressResponses(this.app, settings.corsAllowedOrigins);
    parts.watchAndDescribe(this.app, edge.adapter.getInstance(), this.version);
    await this.app.init();
  }

  private async showFirstKey(): Promise<void> {
    if (this.settings.auth !== 'keys') return;
    const office = this.app.get(ApiKeyOffice);
    const show = this.options.showFirstKey ?? printFirstKey;
    if (await isFirstKeyDue(this.events)) await issueFirstKey(office, show, this.ids, this.clock);
    else if (!(await office.anotherIsUsable(undefined))) {
      this.log.warn('no usable API key exists: start with AUTH=off on a loopback address and create one');
    }
  }

  private async listen(): Promise<void> {
    const { host } = this.settings;
    const port = this.waitingRoom.port ?? this.settings.port;
    await this.waitingRoom.close();
    // Not through the framework, which would log the error that the caller is going to tell in plain words.
    await this.edge.adapter.getInstance().listen({ port, host });
    this.port = (this.app.getHttpServer().address() as AddressInfo).port;
    this.url = `http://${host.includes(':') ? `[${host}]` : host}:${this.port}`;
  }

  private startWorkers(parts: typeof app): void {
    const { runner, news, recovery } = parts.runnersOf(this.app);
    this.runner = runner;
    for (const worker of [this.app.get(EventLogRefusalLog), runner, news, recovery]) this.heartbeat.start(worker);
    this.heartbeat.begin();
  }

  private async closeInOrder(signal?: string): Promise<void> {
    const hasServed = this.phase === 'serving';
    this.phase = 'draining';
    if (hasServed) this.log.log('stopping', { signal });
    await this.edge.drain(REQUESTS_DRAIN_MS);
    const unfinished = await this.heartbeat.stop(WORKERS_DRAIN_MS);
    if (unfinished.length > 0) this.log.warn('left to recovery', { workers: unfinished });
    this.hasLastWord = true;
    if (hasServed) {
      const data = { serverId: this.serverId, ...(signal === undefined ? {} : { signal }) };
      await this.record({ type: 'ServerStopped', data }).catch((error: unknown) =>
        this.log.error('the stop could not be recorded', { error }),
      );
    }
    for (const close of this.closers.reverse()) {
      await close().catch((error: unknown) => this.log.error('a part did not close', { error }));
    }
    if (hasServed) this.log.log('stopped', {});
  }

  private recordRebuilt(views: readonly RebuiltView[]): void {
    if (!this.system) {
      this.rebuiltEarly.push(...views);
      return;
    }
    // The first start makes every view, out of nothing: no news.
    const again = views.filter(({ reason }) => reason !== 'new');
    if (again.length === 0 || this.hasLastWord) return;
    this.log.log('views were made anew from the log', Object.fromEntries(again.map((one) => [one.view, one.reason])));
    this.record({ type: 'ViewsRebuilt', data: { views: again.map(({ view }) => view) } }).catch((error: unknown) =>
      this.log.error('the rebuilding of views could not be recorded', { error }),
    );
  }

  private record(event: SystemEvent): Promise<void> {
    const context: RequestContext = { actor: engineActor, channel: 'engine', correlationId: this.serverId };
    if (!this.system) throw new Error('nothing can be recorded before the log is open');
    return this.system.record(event, context);
  }

  private async headOrNothing(): Promise<string | undefined> {
    let head: string | undefined;
    const asked = this.events.head().then(
      (position) => (head = position),
      () => undefined,
    );
    await within(2_000, asked);
    return head;
  }
}

/** The framework tells what went wrong, not which modules it has found. */
function quiet(log: PinoLogger): PinoLogger {
  return Object.assign(Object.create(log) as PinoLogger, { log: () => undefined });
}

function printFirstKey(key: string): void {
  process.stdout.write(
    `\nThis is the first administrator's API key. It is shown once and stored nowhere:\n\n  ${key}\n\n` +
      'Send it as X-API-Key, or as Authorization: Bearer.\n\n',
  );
}
