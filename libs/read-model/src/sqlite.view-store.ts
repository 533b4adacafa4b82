// The views in one SQLite file: folded in one thread, queried in another, so that the server's loop does neither.
import type { Worker } from 'node:worker_threads';
import type { GlobalPosition } from '@app/kernel';
import { StoreError } from '@app/event-store';
import { InProcessViews, type InProcessOptions } from './in-process.sqlite.view-store.js';
import { type ProjectorListener, ProjectorLink, stopThread, WAIT_MS } from './projector-link.worker.js';
import { RequestedViews } from './requested-views.js';
import { prepareViewsFile } from './sqlite.views-file.js';
import { startViewThread } from './start-view.thread.js';
import type { FromReader, LogPlace, ProjectorThreadStart, ToReader } from './view-messages.js';
import type { ReadRequest } from './view-request.js';
import type { ViewStatus } from './view-store.js';

export interface SqliteViewsOptions extends ProjectorListener {
  /** Where `views.db` lies. */
  readonly directory: string;
  /** Where the log lies; default: in the same directory. It must exist. */
  readonly logPlace?: LogPlace;
  /** The file that calls `runProjectorThread(projections, workerData)`. */
  readonly projectorThread: URL;
  /** One line for the operator: a damaged file was set aside. */
  readonly log?: (line: string) => void;
}

interface Asked {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

export class SqliteViews extends RequestedViews {
  private readonly asked = new Map<number, Asked>();
  private outbox: { id: number; request: ReadRequest }[] = [];
  private lastId = 0;
  private closing = false;

  private constructor(
    private readonly directory: string,
    private readonly projector: ProjectorLink,
    private reader: Worker | undefined,
  ) {
    super();
  }

  /** Resolves once queries are answered; views that have to be made anew are not waited for. */
  static async open(options: SqliteViewsOptions): Promise<SqliteViews> {
    const { directory, logPlace = { kind: 'sqlite', directory }, projectorThread, log } = options;
    const aside = prepareViewsFile(directory);
    if (aside !== undefined) log?.(`the views were damaged or of another format: set aside as ${aside}, folded anew`);
    const views = { kind: 'sqlite', directory, wasDamaged: aside !== undefined } as const;
    const thread = startViewThread(projectorThread, { log: logPlace, views } satisfies ProjectorThreadStart);
    const opened = new SqliteViews(directory, new ProjectorLink(thread, options), undefined);
    await opened.projector.opened;
    await opened.startReader();
    return opened;
  }

  /** The same views without threads: for tests and tools. */
  static openInProcess(options: InProcessOptions): Promise<InProcessViews> {
    return InProcessViews.open(options);
  }

  status(): ViewStatus {
    return this.projector.status;
  }

  position(): GlobalPosition | undefined {
    return this.projector.position;
  }

  waitFor(position: GlobalPosition | undefined, timeoutMs = WAIT_MS): Promise<boolean> {
    return this.projector.waitFor(position, timeoutMs);
  }

  async close(): Promise<void> {
    if (this.closing) return;
    this.closing = true;
    this.flush();
    await Promise.all([this.projector.close(), this.reader && stopThread(this.reader)]);
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

  private flush(): void {
    if (this.outbox.length === 0) return;
    const message: ToReader = this.outbox;
    this.outbox = [];
    this.reader?.postMessage(message);
  }

  private async startReader(): Promise<void> {
    const file = import.meta.url.endsWith('.ts') ? './view-reader.thread.ts' : './view-reader.thread.js';
    const reader = startViewThread(new URL(file, import.meta.url), { directory: this.directory });
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
      this.projector.fail(`the views cannot be read: ${text}`);
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
}
