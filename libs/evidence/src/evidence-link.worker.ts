// The server's end of the evidence's thread: how it stands, and who waits for news of it.
import type { Worker } from 'node:worker_threads';
import { StoreError } from '@app/event-store';
import { startThread } from '@app/event-store/nest';
import { within } from '@app/shell/nest';
import { EvidenceKeeper } from './evidence-keeper.js';
import type { EvidenceThreadStart, FromEvidence, ToEvidence } from './evidence-messages.js';
import type { EvidenceStatus } from './evidence-status.js';

export interface EvidenceListener {
  /** Called when it fails, stops, waits or works again, with the new status. */
  readonly onState?: (status: EvidenceStatus) => void;
  /** One line for the operator. */
  readonly log?: (line: string) => void;
}

/** Larger ones make it hardly faster, and are never given back. */
const resourceLimits = { maxYoungGenerationSizeMb: 8 };

/** The evidence cannot be made with these settings. The message says what to do. */
export class EvidenceRefused extends Error {
  override readonly name = 'EvidenceRefused';
}

export class EvidenceLink extends EvidenceKeeper {
  private waiting: (() => void)[] = [];
  private closing = false;

  private constructor(
    private readonly thread: Worker,
    private readonly listener: EvidenceListener,
    private current: EvidenceStatus,
  ) {
    super();
  }

  /**
   * Resolves once it works, or once it is known why it does not. Throws EvidenceRefused: settings, key or name do not fit the
   * log; StoreError StoreUnavailable: try again.
   */
  static async open(start: EvidenceThreadStart, listener: EvidenceListener = {}): Promise<EvidenceLink> {
    const thread = startThread(import.meta.url, './evidence.thread', start, resourceLimits);
    const opened = await firstWord(thread);
    if (opened.kind === 'opened') {
      const link = new EvidenceLink(thread, listener, opened.status);
      link.listen();
      if (opened.status.state !== 'working') listener.onState?.(opened.status);
      return link;
    }
    if (opened.mayPass) throw new StoreError('StoreUnavailable', opened.message);
    throw new EvidenceRefused(opened.message);
  }

  status(): EvidenceStatus {
    return this.current;
  }

  async waitUntil(isSo: () => Promise<boolean>, timeoutMs: number): Promise<boolean> {
    const end = performance.now() + timeoutMs;
    for (;;) {
      const news = new Promise<void>((tell) => this.waiting.push(tell));
      if (await isSo()) return true;
      const leftMs = end - performance.now();
      if (leftMs <= 0 || this.closing || !(await within(leftMs, news))) return false;
    }
  }

  suspect(index: number): void {
    this.tell({ suspect: index });
  }

  /** What was recorded until now is signed first. Idempotent. */
  async close(): Promise<void> {
    if (this.closing) return;
    this.closing = true;
    this.announce();
    if (this.thread.threadId === -1) return;
    const ended = new Promise((resolve) => this.thread.once('exit', resolve));
    this.tell('stop');
    await ended;
  }

  private tell(message: ToEvidence): void {
    this.thread.postMessage(message);
  }

  private listen(): void {
    this.thread.on('message', (message: FromEvidence) => {
      if (message.kind === 'progressed') this.take(message.status);
      else if (message.kind === 'told') this.listener.log?.(message.line);
    });
    this.thread.on('error', (error) => this.stopped(`the sequencer died: ${error.message}`));
    this.thread.on('exit', () => this.stopped('the sequencer ended'));
  }

  private stopped(reason: string): void {
    if (!this.closing && this.current.state !== 'stopped') this.take({ ...this.current, state: 'stopped', reason });
  }

  private take(status: EvidenceStatus): void {
    const { state, reason } = this.current;
    this.current = status;
    if (status.state !== state || status.reason !== reason) this.listener.onState?.(status);
    this.announce();
  }

  private announce(): void {
    for (const tell of this.waiting.splice(0)) tell();
  }
}

type FirstWord = Extract<FromEvidence, { kind: 'opened' | 'refused' }>;

function firstWord(thread: Worker): Promise<FirstWord> {
  return new Promise((resolve, reject) => {
    const forget = (): void => {
      thread.off('message', onMessage);
      thread.off('error', reject);
      thread.off('exit', onExit);
    };
    const onMessage = (message: FromEvidence): void => {
      if (message.kind !== 'opened' && message.kind !== 'refused') return;
      forget();
      resolve(message);
    };
    const onExit = (): void => reject(new Error('the sequencer ended before it was ready'));
    thread.on('message', onMessage);
    thread.on('error', reject);
    thread.on('exit', onExit);
  });
}
