// The views in one SQLite file: folded in one thread, queried in another, so that the server's loop does neither.
import { Worker } from 'node:worker_threads';
import type { GlobalPosition } from '@app/kernel';
import { StoreError } from '@app/event-store';
import { InProcessViews, type InProcessOptions } from './in-process.sqlite.view-store.js';
import { PositionWaiters } from './position-waiters.worker.js';
import { RequestedViews } from './requested-views.js';
import type { FromProjector, FromReader, ProjectorThreadStart, ToProjector, ToReader } from './sqlite.view-messages.js';
import { prepareViewsFile } from './sqlite.views-file.js';
import type { ReadRequest } from './view-request.js';
import type { RebuiltView, ViewStatus } from './view-store.js';

export const WAIT_MS = 2_000;

export interface SqliteViewsOptions {
  /** Where the log lies; `views.db` lies beside it. The log must exist. */
  readonly directory: string;
  /** The file that calls `runProjectorThread(projections, workerData)`. */
  readonly projectorThread: URL;
  /** Called with the views that were made anew; the server records it. */
  readonly onRebuilt?: (views: readonly RebuiltView[]) => void;
  /** Called when folding stops or goes on, with the new status. */
  readonly onStatus?: (status: ViewStatus) => void;
  /** One line for the operator: a damaged file was set aside. */
  readonly log?: (line: string) => void;
}

interface Asked {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

export class SqliteViews extends RequestedViews {
  private readonly waiters = new PositionWaiters();
  private readonly asked = new Map<number, Asked>();
  private outbox: { id: number; request: ReadRequest }[] = [];
  private lastId = 0;
  private current: ViewStatus = { position: undefined, rebuilding: [] };
  private closing = false;
  private hurried = false;

  private constructor(
    private readonly options: SqliteViewsOptions,
    private readonly projector: Worker,
    private reader: Worker | undefined,
  ) {
    super();
  }

  /** Resolves once queries are answered; views that have to be made anew are not waited for. */
  static async open(options: SqliteViewsOptions): Promise<SqliteViews> {
    const { directory, projectorThread, log } = options;
    const aside = prepareViewsFile(directory);
    if (aside !== undefined) log?.(`the views were damaged or of another format: set aside as ${aside}, folded anew`);
    const data: ProjectorThreadStart = { directory, wasDamaged: aside !== undefined };
    const projector = startAt(projectorThread, data);
    const views = new SqliteViews(options, projector, undefined);
    await views.listenToProjector();
    await views.startReader();
    return views;
  }

  /** The same views without threads: for tests and tools. */
  static openInProcess(options: InProcessOptions): Promise<InProcessViews> {
    return InProcessViews.open(options);
  }

  status(): ViewStatus {
    return this.current;
  }

  position(): GlobalPosition | undefined {
    return this.waiters.position;
  }

  waitFor(position: GlobalPosition | undefined, timeoutMs = WAIT_MS): Promise<boolean> {
    if (position === undefined || this.waiters.hasPassed(position)) return Promise.resolve(true);
    this.hurry();
    return this.waiters.wait(position, timeoutMs);
  }

  async close(): Promise<void> {
    if (this.closing) return;
    this.closing = true;
    this.waiters.giveUp();
    this.flush();
    await Promise.all([this.projector, this.reader].map(async (thread) => thread && stop(thread)));
    this.refuseAll(new StoreError('Closed', 'the views are closed'));
  }

  protected ask(request: ReadRequest): Promise<unknown> {
    if (this.closing || !this.reader) return Promise.reject(new StoreError('Closed', 'the views are closed'));
    return new Promise((resolve, reject) => {
      this.lastId += 1;
      this.asked.set(this.lastId, { resolve, reject });
      this.outbox.push({ id: this.lastId, request });
      if (this.outbox.length === 1) queueMicrotask(() => this.flush());
    });
  }

  /** Once until the next progress: what is asked for meanwhile comes with it or asks again. */
  private hurry(): void {
    if (this.hurried || this.closing) return;
    this.hurried = true;
    this.projector.postMessage('hurry' satisfies ToProjector);
  }

  private flush(): void {
    if (this.outbox.length === 0) return;
    const message: ToReader = this.outbox;
    this.outbox = [];
    this.reader?.postMessage(message);
  }

  private listenToProjector(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.projector.on('message', (message: FromProjector) => {
        if (message.kind === 'rebuilt') this.options.onRebuilt?.(message.views);
        else this.take(message.status);
        if (message.kind === 'opened') resolve();
      });
      this.projector.on('error', (error) => {
        this.take({ ...this.current, failed: `the projector died: ${error.message}` });
        reject(error);
      });
      this.projector.on('exit', () => {
        if (!this.closing) this.take({ failed: 'the projector ended', ...this.current });
        reject(new Error('the projector ended before it was ready'));
      });
    });
  }

  private async startReader(): Promise<void> {
    const file = import.meta.url.endsWith('.ts') ? './view-reader.thread.ts' : './view-reader.thread.js';
    const reader = startAt(new URL(file, import.meta.url), { directory: this.options.directory });
    await new Promise<void>((resolve, reject) => {
      reader.on('message', (message: FromReader) => {
        if (message === 'ready') resolve();
        else for (const answer of message) this.settle(answer);
      });
      reader.on('error', (error) => {
        this.refuseAll(new StoreError('StoreUnavailable', 'the views cannot be read', { cause: error }));
        reject(error);
      });
      reader.on('exit', () => void this.restartReader());
    });
    this.reader = reader;
  }

  /** A reader that died answers nobody; the next one does. */
  private async restartReader(): Promise<void> {
    if (this.closing || !this.reader) return;
    this.reader = undefined;
    this.refuseAll(new StoreError('StoreUnavailable', 'the reader of the views ended'));
    await this.startReader().catch((error: unknown) => {
      const text = error instanceof Error ? error.message : String(error);
      this.take({ ...this.current, failed: `the views cannot be read: ${text}` });
    });
  }

  private settle(answer: Exclude<FromReader, string>[number]): void {
    const asked = this.asked.get(answer.id);
    this.asked.delete(answer.id);
    if ('error' in answer) {
      asked?.reject(answer.invalidPosition ? new StoreError('InvalidPosition', answer.error) : new Error(answer.error));
    } else asked?.resolve(answer.result);
  }

  private refuseAll(error: Error): void {
    for (const { reject } of this.asked.values()) reject(error);
    this.asked.clear();
    this.outbox = [];
  }

  private take(status: ViewStatus): void {
    const changed =
      status.failed !== this.current.failed || status.rebuilding.length !== this.current.rebuilding.length;
    this.current = status;
    this.waiters.reach(status.position);
    this.hurried = false;
    if (this.waiters.waiting > 0) this.hurry();
    if (changed) this.options.onStatus?.(status);
  }
}

/** A batch of events and its entries fit into the young generation: else half the time of folding goes into moving them. */
const resourceLimits = { maxYoungGenerationSizeMb: 48 };

function startAt(url: URL, workerData: unknown): Worker {
  const loader = new URL('../../../test/support/typescript.mjs', import.meta.url).href;
  const fromSource = url.pathname.endsWith('.ts');
  return new Worker(url, {
    workerData,
    resourceLimits,
    ...(fromSource ? { execArgv: ['--no-warnings', '--import', loader] } : {}),
  });
}

async function stop(thread: Worker): Promise<void> {
  if (thread.threadId === -1) return;
  const ended = new Promise((resolve) => thread.once('exit', resolve));
  thread.postMessage('stop');
  await ended;
}
